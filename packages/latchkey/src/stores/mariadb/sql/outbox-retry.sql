-- Makes a dead message due now, with all its attempts before it.
--
-- in:  id
-- out: affected rows: 1, or 0 if it was not dead
UPDATE {outbox} SET due = {now}, attempts = 0 WHERE id = :id AND due IS NULL
