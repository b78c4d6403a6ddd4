-- Checks that the server answers and that the table can be read.
-- Out: no row.
SELECT FROM {records} LIMIT 0
