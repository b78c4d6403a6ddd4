-- Leases due messages. A message with too many attempts becomes dead instead. Messages locked by others are skipped.
--
-- in:  most_rows, lease_ms, token, most_attempts
-- out: a row for each that was leased or died, after what may be an empty result
--
-- A dead message keeps the token, by which it is found here; the token is unique.
--
-- With STRAIGHT_JOIN the due messages are found first; otherwise every row of the table would be locked.
BEGIN NOT ATOMIC
  UPDATE (
    SELECT seq FROM {outbox} WHERE due <= {now} ORDER BY due LIMIT :most_rows FOR UPDATE SKIP LOCKED
  ) AS found STRAIGHT_JOIN {outbox} AS m ON m.seq = found.seq
  SET m.token = :token,
    m.due = IF(m.attempts < :most_attempts, {now} + :lease_ms, NULL),
    m.attempts = IF(m.attempts < :most_attempts, m.attempts + 1, m.attempts);
  SELECT {message_columns}, payload FROM {outbox} WHERE token = :token;
END
