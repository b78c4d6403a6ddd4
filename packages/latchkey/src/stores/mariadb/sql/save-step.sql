-- Appends a step to the owner's record. Readers use the first of two steps with one name, so a repeated call is
-- harmless.
--
-- in:  id, token, step (its encoded form), step_bytes (its length), most_bytes (of all steps together: CONCAT makes
--      NULL of anything longer than max_allowed_packet)
-- out: affected rows: 1, or 0 if the record is not held with this token, or the steps are too long
UPDATE {records}
SET steps = CONCAT(COALESCE(steps, ''), :step), revision = revision + 1
WHERE id = :id AND token = :token AND format IN (1, 2) AND state = 0 AND expires > {now}
  AND LENGTH(COALESCE(steps, '')) + :step_bytes <= :most_bytes
