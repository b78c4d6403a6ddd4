-- Ends the lease of a message, and makes it due later.
--
-- in:  id, token, delay_ms (NULL to make it dead)
-- out: affected rows: 1, or 0 if it was not leased with this token
UPDATE {outbox} SET due = {now} + :delay_ms, token = NULL WHERE id = :id AND token = :token
