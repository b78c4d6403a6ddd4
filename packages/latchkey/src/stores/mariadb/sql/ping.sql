-- Checks that the records can be read.
SELECT 1 FROM {records} LIMIT 1
