-- Removes a message that was delivered.
-- In:  $1 id, $2 token.
-- Out: one row if it was leased with the token.
DELETE FROM {outbox} WHERE id = $1::bytea AND token = $2::bytea
RETURNING true AS done
