-- Removes a message that was delivered.
--
-- in:  id, token
-- out: affected rows: 1, or 0 if it was not leased with this token
DELETE FROM {outbox} WHERE id = :id AND token = :token
