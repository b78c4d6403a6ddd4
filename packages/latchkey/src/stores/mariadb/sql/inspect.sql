-- Reads what the store needs to know before its first call.
--
-- out: one row: newest (the highest version of the schema), additions (to it), server (its version), autocommit,
--      packet_bytes
SELECT found.newest, found.additions, VERSION() AS server, @@autocommit AS autocommit, @@max_allowed_packet AS packet_bytes
FROM (SELECT MAX(version) AS newest, MAX(additions) AS additions FROM {schema}) AS found
