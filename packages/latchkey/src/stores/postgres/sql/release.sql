-- The owner makes the record open; steps, operation id and token stay.
-- In:  $1 id, $2 token, $3 retention in ms, $4 whether to notify, $5 channel, $6 1 if nothing was run under the claim.
-- Out: one row if the record was held by the token; none if not, for example because it was already released.
-- Races: as in renew.sql.
WITH clock AS MATERIALIZED (
  SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now
), done AS (
  UPDATE {records} AS r
  SET state = 'open', lease_end = NULL, abandoned = false, took_over = false, changed = clock.now,
    expires = clock.now + $3::bigint, attempt = r.attempt - $6::integer
  FROM clock
  WHERE r.id = $1::bytea AND r.token = $2::bytea AND r.state = 'held' AND r.expires > clock.now AND r.format IN (1, 2)
  RETURNING r.id
)
SELECT CASE WHEN $4::boolean THEN pg_notify($5::text, left(encode(id, 'hex'), 7000))::text END AS told FROM done
