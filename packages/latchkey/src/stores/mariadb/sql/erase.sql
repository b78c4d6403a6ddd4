-- Removes some of a principal's records, whatever their state and format.
--
-- in:  principal, most_rows
-- out: for each removed record one row: live (1, or 0 if it had expired)
DELETE FROM {records} WHERE principal = :principal LIMIT :most_rows
RETURNING expires > {now} AS live
