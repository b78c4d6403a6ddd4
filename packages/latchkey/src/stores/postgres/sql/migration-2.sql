-- Latchkey: tables of version 2. Code of version 1 goes on working with them.

-- Records with a request have format 2: code of version 1 refuses them and leaves them alone.
ALTER TABLE {records} ADD COLUMN request bytea;

INSERT INTO {schema_versions} (version, readable_by) VALUES (2, 1);
