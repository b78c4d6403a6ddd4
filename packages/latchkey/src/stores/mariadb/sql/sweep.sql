-- Removes a few expired records. Rows that anybody has locked are left for the next time, as are those that a newer
-- version wrote: what their columns mean is not known here.
--
-- in:  most_rows
-- out: affected rows: how many were removed
--
-- By default a search also locks the gaps beside the rows that it passes, one of which is where new claims go: they
-- would wait for the whole sweep. The statement is the transaction that the level is for. Where the binary log is
-- kept by statements the server refuses that level.
-- STRAIGHT_JOIN has the expired rows found first; the other way round every row of the table would be locked.
BEGIN NOT ATOMIC
  IF @@log_bin = 0 OR @@binlog_format <> 'STATEMENT' THEN
    SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
  END IF;
  DELETE {records} FROM (
    SELECT seq FROM {records}
    WHERE state IN (0, 1, 2) AND expires <= {now} AND format IN (1, 2)
    LIMIT :most_rows FOR UPDATE SKIP LOCKED
  ) AS expired STRAIGHT_JOIN {records} ON {records}.seq = expired.seq;
END
