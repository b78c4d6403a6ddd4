-- Saves the record and commits, if it is still the transaction that began with it; restores the
-- connection's own setting.
--
-- in:  seq and revision as they were read, and every column
-- out: one row: committed (1, or 0 if the record was changed, and then all was rolled back); error 1305 if the
--      transaction was ended before
BEGIN NOT ATOMIC
  DECLARE committed INT DEFAULT 0;
  RELEASE SAVEPOINT latchkey_transaction;
  UPDATE {records} SET {assignments} WHERE seq = :seq AND revision = :revision;
  IF ROW_COUNT() = 1 THEN
    COMMIT;
    SET committed = 1;
  ELSE
    ROLLBACK;
  END IF;
  SET SESSION idle_transaction_timeout = @latchkey_idle;
  SET @latchkey_idle = NULL;
  SELECT committed;
END
