-- An operator makes a lapsed record open.
-- In:  $1 id, $2 token that the operator saw, $3 retention in ms.
-- Out: one row if it was lapsed and its token the same.
-- Races: as in resolve-respond.sql.
WITH clock AS MATERIALIZED (
  SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now
)
UPDATE {records} AS r
SET state = 'open', lease_end = NULL, abandoned = false, took_over = false, changed = clock.now,
  expires = clock.now + $3::bigint
FROM clock
WHERE r.id = $1::bytea AND r.token = $2::bytea AND r.state = 'held' AND (r.abandoned OR r.lease_end <= clock.now)
  AND r.expires > clock.now AND r.format IN (1, 2)
RETURNING true AS done
