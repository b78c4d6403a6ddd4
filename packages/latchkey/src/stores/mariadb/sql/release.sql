-- Makes the owner's record open; everything else is kept.
--
-- in:  id, token, kept_ms (retention), unused (1 if nothing was run under the claim, else 0)
-- out: affected rows: 1, or 0 if the record is not held with this token
UPDATE {records}
SET state = 1, attempt = attempt - :unused, flags = flags & 1, lease_end = 0, expires = {now} + :kept_ms, changed = {now}, revision = revision + 1
WHERE id = :id AND token = :token AND format IN (1, 2) AND state = 0 AND expires > {now}
