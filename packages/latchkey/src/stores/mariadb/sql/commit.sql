-- Saves the record and commits, if it is still the transaction that began with it.
--
-- in:  seq and revision as they were read, and every column
-- out: one row: committed (1, or 0 if the record was changed, and then all was rolled back); error 1305 if the
--      transaction was ended before
BEGIN NOT ATOMIC
  RELEASE SAVEPOINT latchkey_transaction;
  UPDATE {records} SET {assignments} WHERE seq = :seq AND revision = :revision;
  IF ROW_COUNT() = 1 THEN
    COMMIT;
    SELECT 1 AS committed;
  ELSE
    ROLLBACK;
    SELECT 0 AS committed;
  END IF;
END
