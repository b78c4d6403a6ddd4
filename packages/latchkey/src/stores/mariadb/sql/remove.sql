-- Removes a record if nobody changed it since it was read, nor has it locked.
--
-- in:  seq and revision as they were read
-- out: affected rows: 1, or 0 if it was changed; error 1205 if the row is locked
SET STATEMENT innodb_lock_wait_timeout = 0 FOR
DELETE FROM {records} WHERE seq = :seq AND revision = :revision
