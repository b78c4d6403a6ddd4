-- A page of the waiting or of the dead messages, the oldest first.
-- In:  $1 whether they are dead, $2 and $3 time of creation and id of the last message of the page before, $4 limit.
-- Out: the message without its payload, one row each.
SELECT id, operation_id AS operationid, name, operation, created, attempts, due FROM {outbox}
WHERE (due IS NULL AND $1::boolean OR due IS NOT NULL AND NOT $1::boolean) AND (created, id) > ($2::bigint, $3::bytea)
ORDER BY created, id
LIMIT $4::integer
