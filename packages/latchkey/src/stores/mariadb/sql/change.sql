-- Writes a whole record if nobody changed it since it was read. A row that another worker has locked is not waited
-- for: whoever takes a record over must not stand behind a transaction that is at work on it.
--
-- in:  seq and revision as they were read, and every column
-- out: affected rows: 1, or 0 if it was changed; error 1205 if the row is locked
SET STATEMENT innodb_lock_wait_timeout = 0 FOR
UPDATE {records} SET {assignments}
WHERE seq = :seq AND revision = :revision
