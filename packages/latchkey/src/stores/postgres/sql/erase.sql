-- Removes some of a principal's records, whatever their state.
-- In:  $1 principal, $2 limit.
-- Out: id and whether it had not expired, one row for each that was removed.
-- Races: rows are locked in the order of their ids, so concurrent erasures do not deadlock. It waits for an
--      owner's open transaction.
WITH clock AS MATERIALIZED (
  SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now
), doomed AS MATERIALIZED (
  SELECT id FROM {records} WHERE principal = $1::bytea ORDER BY id LIMIT $2::integer FOR UPDATE
)
DELETE FROM {records} AS r
USING doomed
WHERE r.id = doomed.id
RETURNING r.id, r.expires > (SELECT now FROM clock) AS live
