-- Checks that the records can be read.
--
-- out: the time of the server, one row
SELECT {now} AS now, EXISTS (SELECT 1 FROM {records}) AS found
