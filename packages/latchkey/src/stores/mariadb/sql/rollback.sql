-- Undoes a transaction, and gives the connection its own setting back if `begin` came as far as changing it.
BEGIN NOT ATOMIC
  ROLLBACK;
  SET SESSION idle_transaction_timeout = COALESCE(@latchkey_idle, @@SESSION.idle_transaction_timeout);
  SET @latchkey_idle = NULL;
END
