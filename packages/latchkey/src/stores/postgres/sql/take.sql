-- Claims an existing record: an open or lapsed one for a new token, a held one again for its own token. It applies only
-- to the version that was read: token, state and end of lease are compared.
-- In:  $1 id, $2 token seen, $3 state seen, $4 lease end seen (NULL if open), $5 new token, $6 attempt, $7 took over,
--      $8 fingerprint, $9 lease in ms, $10 unresolved retention in ms, $11 format, $12 whether the request stays as it
--      is, $13 else the new one, or NULL.
-- Out: the steps as they are now, in one row; no row if the record changed or is locked.
-- Races: a locked row is skipped, so that no claim waits behind an owner's open transaction. FOR UPDATE follows a row
--      that changed after the snapshot to its newest version and compares again there; from then on the lock keeps
--      it, and the UPDATE reaches that newest version through the same recheck.
WITH clock AS MATERIALIZED (
  SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now
), free AS MATERIALIZED (
  SELECT id FROM {records}
  WHERE id = $1::bytea AND token = $2::bytea AND state = $3::text AND lease_end IS NOT DISTINCT FROM $4::bigint
    AND format IN (1, 2)
  FOR UPDATE SKIP LOCKED
)
UPDATE {records} AS r
SET state = 'held', token = $5::bytea, attempt = $6::integer, took_over = $7::boolean, fingerprint = $8::text,
  format = $11::smallint, request = CASE WHEN $12::boolean THEN r.request ELSE $13::bytea END,
  abandoned = false, lease_end = clock.now + $9::bigint, expires = clock.now + $9::bigint + $10::bigint,
  changed = CASE WHEN r.token = $5::bytea THEN r.changed ELSE clock.now END
FROM free, clock
WHERE r.id = free.id
RETURNING r.steps
