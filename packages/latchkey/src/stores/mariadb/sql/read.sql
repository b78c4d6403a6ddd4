-- Reads a record without a lock.
--
-- in:  id
-- out: one row, or none
SELECT {columns}, request, {now} AS now FROM {records} WHERE id = :id
