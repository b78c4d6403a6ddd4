-- The owner moves the end of its lease.
-- In:  $1 id, $2 token, $3 lease in ms, $4 unresolved retention in ms.
-- Out: one row if the record was the owner's to renew.
-- Races: waits for a statement that holds the row, then compares everything again on the newest version.
WITH clock AS MATERIALIZED (
  SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now
)
UPDATE {records} AS r
SET lease_end = clock.now + $3::bigint, expires = clock.now + $3::bigint + $4::bigint
FROM clock
WHERE r.id = $1::bytea AND r.token = $2::bytea AND r.state = 'held' AND NOT r.abandoned
  AND r.expires > clock.now AND r.format IN (1, 2)
RETURNING true AS done
