-- Replaces an expired record with a new one.
-- In:  $1 to $10 as in claim.sql, $11 token seen.
-- Out: one row if it was replaced; none if the record changed, is gone, or is locked.
-- Races: as in take.sql; "expired" is compared again on the newest version, so one that was replaced or renewed in
--      between is left alone.
WITH clock AS MATERIALIZED (
  SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now
), free AS MATERIALIZED (
  SELECT id FROM {records}
  WHERE id = $1::bytea AND token = $11::bytea AND expires <= (SELECT now FROM clock) AND format IN (1, 2)
  FOR UPDATE SKIP LOCKED
)
UPDATE {records} AS r
SET principal = $2::bytea, operation = $3::text, operation_id = $4::bytea, policy = $5::text, fingerprint = $6::text,
  token = $7::bytea, created = clock.now, changed = clock.now, lease_end = clock.now + $8::bigint,
  expires = clock.now + $8::bigint + $9::bigint, state = 'held', attempt = 1, abandoned = false, took_over = false,
  steps = NULL, step_names = NULL, kind = NULL, result = NULL,
  request = $10::bytea, format = CASE WHEN $10::bytea IS NULL THEN 1 ELSE 2 END
FROM free, clock
WHERE r.id = free.id
RETURNING true AS replaced
