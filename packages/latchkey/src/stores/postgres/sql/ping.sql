-- Checks that the server answers and that the table can be read.
-- Out: the time of the server, one row.
SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now, EXISTS (SELECT FROM {records} LIMIT 0) AS found
