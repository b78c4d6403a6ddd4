-- Adds a message in the user's own transaction. Lengths are checked before, so IGNORE passes over nothing else.
--
-- in:  id, operation_id, name, operation, payload
-- out: affected rows: 1, or 0 if the message is there
INSERT IGNORE INTO {outbox} (id, due, attempts, created, operation_id, name, operation, payload)
VALUES (:id, {now}, 0, {now}, :operation_id, :name, :operation, :payload)
