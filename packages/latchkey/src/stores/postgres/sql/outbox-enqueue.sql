-- Adds a message in the user's own transaction.
-- In:  $1 id, $2 operation id, $3 name in UTF-8, $4 operation, $5 payload.
-- Out: one row if it was added; none if the message exists.
-- Races: it waits for another transaction that adds the same message.
WITH clock AS MATERIALIZED (
  SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now
)
INSERT INTO {outbox} (id, operation_id, name, operation, payload, created, due)
SELECT $1::bytea, $2::bytea, $3::bytea, $4::text, $5::bytea, now, now FROM clock
ON CONFLICT (id) DO NOTHING
RETURNING true AS added
