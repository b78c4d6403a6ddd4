-- The first statement of a transaction: proves ownership, locks the record, extends its lease, and marks it so that a
-- commit before the last statement is refused by the database.
-- In:  $1 id, $2 token, $3 lease in ms, $4 unresolved retention in ms, $5 after how many ms without a statement the
--      server ends the session of a worker that is frozen or gone.
-- Out: the transaction's id, in one row; none if the record is not the owner's.
-- Races: as in renew.sql. What it writes is seen by others at the commit, the lock at once: claims skip it.
WITH clock AS MATERIALIZED (
  SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now
)
UPDATE {records} AS r
SET lease_end = clock.now + $3::bigint, expires = clock.now + $3::bigint + $4::bigint, unfinished = 1
FROM clock
WHERE r.id = $1::bytea AND r.token = $2::bytea AND r.state = 'held' AND NOT r.abandoned
  AND r.expires > clock.now AND r.format IN (1, 2)
RETURNING pg_current_xact_id()::text AS transaction,
  set_config('idle_in_transaction_session_timeout', $5::bigint::text, true) AS timeout
