-- Rolls a transaction back, and restores the connection's own setting if `begin` changed it.
BEGIN NOT ATOMIC
  ROLLBACK;
  SET SESSION idle_transaction_timeout = COALESCE(@latchkey_idle, @@SESSION.idle_transaction_timeout);
  SET @latchkey_idle = NULL;
END
