-- Adds a message in the user's own transaction. Lengths are checked before, so IGNORE only ignores duplicates.
--
-- in:  id, operation_id, name, operation, payload
-- out: affected rows: 1, or 0 if the message exists
INSERT IGNORE INTO {outbox} (id, due, attempts, created, operation_id, name, operation, payload)
VALUES (:id, {now}, 0, {now}, :operation_id, :name, :operation, :payload)
