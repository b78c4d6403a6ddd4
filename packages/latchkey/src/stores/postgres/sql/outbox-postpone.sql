-- Ends the lease of a message, and makes it due later.
-- In:  $1 id, $2 token, $3 delay in ms, or NULL to make it dead.
-- Out: one row if it was leased with the token.
WITH clock AS MATERIALIZED (
  SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now
)
UPDATE {outbox} AS m SET due = clock.now + $3::bigint, token = NULL
FROM clock
WHERE m.id = $1::bytea AND m.token = $2::bytea
RETURNING true AS done
