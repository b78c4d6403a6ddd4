-- Removes some of a principal's records, whatever their state.
-- In:  $1 principal, $2 limit.
-- Out: id and whether it had not expired, one row for each that was removed.
-- Races: rows are locked in the order of their ids, so two erasures at once don't wait for each other in a ring; an
--      owner whose transaction is open is waited for.
WITH clock AS MATERIALIZED (
  SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now
), doomed AS MATERIALIZED (
  SELECT id FROM {records} WHERE principal = $1::bytea ORDER BY id LIMIT $2::integer FOR UPDATE
)
DELETE FROM {records} AS r
USING doomed
WHERE r.id = doomed.id
RETURNING r.id, r.expires > (SELECT now FROM clock) AS live
