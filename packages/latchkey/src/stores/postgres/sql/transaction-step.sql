-- The last statement of a transaction that saves a step: lifts the mark and saves it, in the very transaction that
-- locked the record.
-- In:  $1 id, $2 token, $3 name in UTF-8, $4 the step as a blob of one, $5 the transaction's id.
-- Out: one row; none if that transaction is over.
UPDATE {records} AS r
SET steps = CASE WHEN $3::bytea = ANY (r.step_names) THEN r.steps ELSE coalesce(r.steps, '') || $4::bytea END,
  step_names = CASE WHEN $3::bytea = ANY (r.step_names) THEN r.step_names ELSE array_append(r.step_names, $3::bytea) END,
  unfinished = NULL
WHERE r.id = $1::bytea AND r.token = $2::bytea AND r.unfinished = 1
  AND pg_current_xact_id_if_assigned()::text = $5::text
RETURNING true AS done
