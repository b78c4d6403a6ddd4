-- Removes a few expired records. Locked rows are left for the next sweep, and rows of newer versions are not removed,
-- since the meaning of their columns is unknown.
--
-- in:  most_rows
-- out: affected rows: how many were removed
--
-- By default a search also locks the gaps beside the rows that it passes, including the gap for new claims, which would
-- wait for the whole sweep. The isolation level applies to this statement only. A server with a statement-based binary
-- log refuses that level.
-- With STRAIGHT_JOIN the expired rows are found first; otherwise every row of the table would be locked.
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
