-- An operator completes a lapsed record.
-- In:  $1 id, $2 token that the operator saw, $3 kind, $4 result, $5 retention in ms, $6 token that no worker has.
-- Out: one row if it was lapsed and its token the same.
-- Races: as in renew.sql; it waits for an owner's open transaction.
WITH clock AS MATERIALIZED (
  SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now
)
UPDATE {records} AS r
SET state = 'completed', kind = $3::text, result = $4::bytea, token = $6::bytea, lease_end = NULL, abandoned = false,
  took_over = false, changed = clock.now, expires = clock.now + $5::bigint, request = NULL, format = 1
FROM clock
WHERE r.id = $1::bytea AND r.token = $2::bytea AND r.state = 'held' AND (r.abandoned OR r.lease_end <= clock.now)
  AND r.expires > clock.now AND r.format IN (1, 2)
RETURNING true AS done
