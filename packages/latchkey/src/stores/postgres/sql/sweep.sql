-- Removes some of the expired records in one state, the oldest first.
-- In:  $1 state as stored, $2 limit.
-- Out: one row for each that was removed.
-- Races: locked rows are left for the next sweep; "expired" is compared again on the newest version
--      of a row that changed, and the lock keeps that until it is removed.
WITH clock AS MATERIALIZED (
  SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now
), doomed AS MATERIALIZED (
  SELECT id FROM {records}
  WHERE state = $1::text AND expires <= (SELECT now FROM clock) AND format IN (1, 2)
  ORDER BY expires LIMIT $2::integer
  FOR UPDATE SKIP LOCKED
)
DELETE FROM {records} AS r
USING doomed
WHERE r.id = doomed.id
RETURNING true AS swept
