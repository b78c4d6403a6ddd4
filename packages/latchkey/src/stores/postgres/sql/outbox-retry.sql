-- Makes a dead message due now, and resets its attempts.
-- In:  $1 id.
-- Out: one row if it was dead.
WITH clock AS MATERIALIZED (
  SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now
)
UPDATE {outbox} AS m SET due = clock.now, attempts = 0
FROM clock
WHERE m.id = $1::bytea AND m.due IS NULL
RETURNING true AS done
