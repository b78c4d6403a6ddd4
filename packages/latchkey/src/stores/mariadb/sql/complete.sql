-- Replaces the owner's lease with the result.
--
-- in:  id, token, tombstone (8 if the result is a tombstone, else 0), result, kept_ms (retention)
-- out: affected rows: 1, or 0 if the record is not held with this token
UPDATE {records}
SET state = 2, flags = flags & 1 | :tombstone, lease_end = 0, expires = {now} + :kept_ms, changed = {now},
  result = :result, request = NULL, format = 1, revision = revision + 1
WHERE id = :id AND token = :token AND format IN (1, 2) AND state = 0 AND expires > {now}
