-- A page of the records in one state, ordered by expiry.
--
-- in:  state; lapsed (1 or 0: only records whose lease is over, or only those whose lease holds; -1: all);
--      after_expires, after_seq (the last row of the page before); most_rows
-- out: a row for each record
SELECT {columns}, {now} AS now FROM {records}
WHERE state = :state AND expires > {now} AND expires >= :after_expires
  AND (expires > :after_expires OR seq > :after_seq)
  AND (:lapsed < 0 OR (flags & 4 <> 0 OR lease_end <= {now}) = :lapsed)
ORDER BY expires, seq LIMIT :most_rows
