-- Leases due messages. A message with too many attempts becomes dead instead.
-- In:  $1 limit, $2 lease in ms, $3 token, $4 most attempts.
-- Out: one row for each: the message, and whether it died.
-- Races: messages locked by others are skipped; "due" is compared again on the newest version.
WITH clock AS MATERIALIZED (
  SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now
), found AS MATERIALIZED (
  SELECT id FROM {outbox} WHERE due <= (SELECT now FROM clock) ORDER BY due LIMIT $1::integer FOR UPDATE SKIP LOCKED
)
UPDATE {outbox} AS m
SET due = CASE WHEN m.attempts < $4::integer THEN clock.now + $2::bigint END,
  token = CASE WHEN m.attempts < $4::integer THEN $3::bytea END,
  attempts = m.attempts + CASE WHEN m.attempts < $4::integer THEN 1 ELSE 0 END
FROM found, clock
WHERE m.id = found.id
RETURNING m.id, m.operation_id AS operationid, m.name, m.operation, m.created, m.attempts, m.payload, m.due
