-- Moves the end of the owner's lease.
--
-- in:  id, token, lease_ms, kept_ms (lease and the time that an unfinished record is kept after it)
-- out: affected rows: 1, or 0 if the record is not the owner's to renew. The revision makes every update a change,
--      so that the count is the same whether the client counts found or changed rows.
UPDATE {records}
SET lease_end = {now} + :lease_ms, expires = {now} + :kept_ms, revision = revision + 1
WHERE id = :id AND token = :token AND format IN (1, 2) AND state = 0 AND flags & 4 = 0 AND expires > {now}
