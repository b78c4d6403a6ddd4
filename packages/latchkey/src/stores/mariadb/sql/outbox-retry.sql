-- Makes a dead message due now, and resets its attempts.
--
-- in:  id
-- out: affected rows: 1, or 0 if it was not dead
UPDATE {outbox} SET due = {now}, attempts = 0 WHERE id = :id AND due IS NULL
