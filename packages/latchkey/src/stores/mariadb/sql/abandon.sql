-- Makes the owner's record lapsed at once.
--
-- in:  id, token, kept_ms (the time that an unfinished record is kept after its lease),
--      unused (1 if nothing was run under the claim, else 0)
-- out: affected rows: 1, or 0 if the record is not held with this token, or was abandoned before
UPDATE {records}
SET expires = LEAST(lease_end, {now}) + :kept_ms, lease_end = LEAST(lease_end, {now}), flags = flags | 4,
  attempt = attempt - :unused, changed = {now}, revision = revision + 1
WHERE id = :id AND token = :token AND format IN (1, 2) AND state = 0 AND flags & 4 = 0 AND expires > {now}
