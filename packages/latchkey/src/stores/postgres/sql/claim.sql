-- Reads a record and creates it if it does not exist. An existing record is read without a write.
-- In:  $1 id, $2 principal, $3 operation, $4 operation id, $5 policy, $6 fingerprint, $7 token, $8 lease in ms,
--      $9 unresolved retention in ms, $10 request or NULL.
-- Out: one row: now, inserted, and the record as it was before (all NULL if it did not exist).
--      "inserted" false and no record: another claim created it after this statement's snapshot; try again.
-- Races: of two inserts one wins by the primary key; the other waits for that single statement to commit, then does
--      nothing. A row that is locked but committed conflicts without waiting.
WITH clock AS MATERIALIZED (
  SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now
), found AS MATERIALIZED (
  SELECT format, id, principal, operation, operation_id AS operationid, policy, created, fingerprint, token, attempt,
    state, abandoned, took_over AS tookover, lease_end AS leaseend, expires, changed, steps, kind, result
  FROM {records} WHERE id = $1::bytea
), inserted AS (
  INSERT INTO {records} (id, principal, operation, operation_id, policy, fingerprint, token, created, changed, lease_end, expires,
    request, format)
  SELECT $1::bytea, $2::bytea, $3::text, $4::bytea, $5::text, $6::text, $7::bytea,
    now, now, now + $8::bigint, now + $8::bigint + $9::bigint,
    $10::bytea, CASE WHEN $10::bytea IS NULL THEN 1 ELSE 2 END
  FROM clock WHERE NOT EXISTS (SELECT FROM found)
  ON CONFLICT (id) DO NOTHING
  RETURNING id
)
SELECT clock.now, EXISTS (SELECT FROM inserted) AS inserted, found.* FROM clock LEFT JOIN found ON true
