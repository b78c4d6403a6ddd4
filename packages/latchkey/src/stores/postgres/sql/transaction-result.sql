-- The last statement of a transaction that saves the final result: lifts the mark and completes the record, in the
-- very transaction that locked it.
-- In:  $1 id, $2 token, $3 kind, $4 result, $5 retention in ms, $6 whether to notify, $7 channel, $8 the transaction's
--      id.
-- Out: one row; none if that transaction is over.
WITH clock AS MATERIALIZED (
  SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now
), done AS (
  UPDATE {records} AS r
  SET state = 'completed', kind = $3::text, result = $4::bytea, lease_end = NULL, abandoned = false,
    took_over = false, changed = clock.now, expires = clock.now + $5::bigint, unfinished = NULL, request = NULL,
    format = 1
  FROM clock
  WHERE r.id = $1::bytea AND r.token = $2::bytea AND r.unfinished = 1
    AND pg_current_xact_id_if_assigned()::text = $8::text
  RETURNING r.id
)
SELECT CASE WHEN $6::boolean THEN pg_notify($7::text, left(encode(id, 'hex'), 7000))::text END AS told FROM done
