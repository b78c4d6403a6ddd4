-- A page of the records in one state, ordered by expiry and id.
-- In:  $1 state as stored, $2 true for lapsed, false for running, NULL for other states, $3 and $4 expiry and id of
--      the last record of the page before, $5 limit.
-- Out: now and the record, one row each.
WITH clock AS MATERIALIZED (
  SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now
)
SELECT (SELECT now FROM clock) AS now,
  format, id, principal, operation, operation_id AS operationid, policy, created, fingerprint, token, attempt,
  state, abandoned, took_over AS tookover, lease_end AS leaseend, expires, changed, steps, kind, result
FROM {records}
WHERE state = $1::text AND expires > (SELECT now FROM clock) AND (expires, id) > ($3::bigint, $4::bytea)
  AND ($2::boolean IS NULL OR (abandoned OR lease_end <= (SELECT now FROM clock)) = $2::boolean)
ORDER BY expires, id
LIMIT $5::integer
