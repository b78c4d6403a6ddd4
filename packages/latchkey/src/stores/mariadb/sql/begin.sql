-- Begins a transaction with the record locked. The savepoint is gone if the user's function ends the transaction,
-- even if it begins another one. A worker that sends nothing for as long as its lease loses its connection and the lock:
-- a frozen or disconnected worker must not hold the record forever.
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
