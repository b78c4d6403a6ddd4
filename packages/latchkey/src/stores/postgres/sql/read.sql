-- Reads a record without changing it.
-- In:  $1 id.
-- Out: now and the record; no row if the record does not exist.
SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now,
  format, id, principal, operation, operation_id AS operationid, policy, created, fingerprint, token, attempt,
  state, abandoned, took_over AS tookover, lease_end AS leaseend, expires, changed, steps, kind, result,
  request
FROM {records} WHERE id = $1::bytea
