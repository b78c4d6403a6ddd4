-- The owner makes the record lapsed at once.
-- In:  $1 id, $2 token, $3 unresolved retention in ms, $4 1 if nothing was run under the claim.
-- Out: one row if this statement changed it; none if it was already abandoned, or is not the owner's.
-- Races: as in renew.sql.
WITH clock AS MATERIALIZED (
  SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now
)
UPDATE {records} AS r
SET abandoned = true, lease_end = least(r.lease_end, clock.now), changed = clock.now,
  expires = least(r.lease_end, clock.now) + $3::bigint, attempt = r.attempt - $4::integer
FROM clock
WHERE r.id = $1::bytea AND r.token = $2::bytea AND r.state = 'held' AND NOT r.abandoned
  AND r.expires > clock.now AND r.format IN (1, 2)
RETURNING true AS done
