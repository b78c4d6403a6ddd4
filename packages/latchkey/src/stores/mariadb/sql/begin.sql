-- Begins a transaction with the record locked. The savepoint is gone if anybody else ends the transaction, even if
-- another is begun after it. A worker that falls silent for as long as its lease loses its connection, and with it
-- the lock: a frozen or cut off worker must not hold the record for ever.
--
-- in:  id, idle_seconds
-- out: one row, or none; error 1205 if the record stays locked
BEGIN NOT ATOMIC
  START TRANSACTION;
  SELECT {columns}, {now} AS now FROM {records} WHERE id = :id FOR UPDATE;
  SET @latchkey_idle = @@SESSION.idle_transaction_timeout;
  SET SESSION idle_transaction_timeout = CAST(:idle_seconds AS UNSIGNED);
  SAVEPOINT latchkey_transaction;
END
