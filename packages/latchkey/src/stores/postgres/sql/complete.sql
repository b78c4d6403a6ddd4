-- Replaces the owner's lease with the result, also in a lapsed record that still has the owner's token.
-- In:  $1 id, $2 token, $3 kind, $4 result, $5 retention in ms, $6 whether to notify, $7 channel.
-- Out: one row if the record was held by the token; none if not, for example because it was already completed.
-- Races: as in renew.sql. NOTIFY is sent at the commit, and only if $6 is true, since it serialises commits.
WITH clock AS MATERIALIZED (
  SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now
), done AS (
  UPDATE {records} AS r
  SET state = 'completed', kind = $3::text, result = $4::bytea, lease_end = NULL, abandoned = false,
    took_over = false, changed = clock.now, expires = clock.now + $5::bigint, request = NULL, format = 1
  FROM clock
  WHERE r.id = $1::bytea AND r.token = $2::bytea AND r.state = 'held' AND r.expires > clock.now AND r.format IN (1, 2)
  RETURNING r.id
)
SELECT CASE WHEN $6::boolean THEN pg_notify($7::text, left(encode(id, 'hex'), 7000))::text END AS told FROM done
