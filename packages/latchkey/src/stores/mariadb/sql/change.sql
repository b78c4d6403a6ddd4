-- Writes a whole record if it has not changed since it was read. It does not wait for a locked row: a takeover must not
-- wait for a transaction of the former owner.
--
-- in:  seq and revision as they were read, and every column
-- out: affected rows: 1, or 0 if it was changed; error 1205 if the row is locked
SET STATEMENT innodb_lock_wait_timeout = 0 FOR
UPDATE {records} SET {assignments}
WHERE seq = :seq AND revision = :revision
