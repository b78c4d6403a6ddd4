-- Finds out whether the server answers and may be asked about the table.
-- Out: no row.
SELECT FROM {records} LIMIT 0
