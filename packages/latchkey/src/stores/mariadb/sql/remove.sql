-- Removes a record if it has not changed since it was read and is not locked.
--
-- in:  seq and revision as they were read
-- out: affected rows: 1, or 0 if it was changed; error 1205 if the row is locked
SET STATEMENT innodb_lock_wait_timeout = 0 FOR
DELETE FROM {records} WHERE seq = :seq AND revision = :revision
