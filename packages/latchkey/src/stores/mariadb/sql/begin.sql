-- Begins a transaction with the record locked. The savepoint is gone if the transaction is ended by anybody else,
-- even if another is begun after it.
--
-- in:  id
-- out: one row, or none
BEGIN NOT ATOMIC
  START TRANSACTION;
  SELECT {columns}, {now} AS now FROM {records} WHERE id = :id FOR UPDATE;
  SAVEPOINT latchkey_transaction;
END
