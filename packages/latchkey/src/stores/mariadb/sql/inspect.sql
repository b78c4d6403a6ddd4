-- What the store must know before its first call.
--
-- out: one row: newest (the highest version of the schema), version (of the server), autocommit, packet_bytes
SELECT MAX(version) AS newest, VERSION() AS server, @@autocommit AS autocommit, @@max_allowed_packet AS packet_bytes
FROM {schema}
