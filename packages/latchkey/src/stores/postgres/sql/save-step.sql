-- The owner saves a named result; a name that is already saved keeps its first value.
-- In:  $1 id, $2 token, $3 name in UTF-8, $4 the step as a blob of one.
-- Out: one row if the record was held by the token.
-- Races: as in renew.sql; SET is computed from the newest version, so concurrent steps are both kept.
WITH clock AS MATERIALIZED (
  SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now
)
UPDATE {records} AS r
SET steps = CASE WHEN $3::bytea = ANY (r.step_names) THEN r.steps ELSE coalesce(r.steps, '') || $4::bytea END,
  step_names = CASE WHEN $3::bytea = ANY (r.step_names) THEN r.step_names ELSE array_append(r.step_names, $3::bytea) END
FROM clock
WHERE r.id = $1::bytea AND r.token = $2::bytea AND r.state = 'held' AND r.expires > clock.now AND r.format IN (1, 2)
RETURNING true AS done
