-- Latchkey: tables of version 2. Code of version 1 goes on working with them.

-- Records with a request have format 2: code of version 1 refuses them and leaves them alone.
ALTER TABLE {records} ADD COLUMN request bytea;

-- Messages; without a time when it is due, one is dead. Ids, operation ids and tokens are packed, names are UTF-8.
CREATE TABLE {outbox} (
  created bigint NOT NULL,
  due bigint,
  attempts integer NOT NULL DEFAULT 0,
  id bytea PRIMARY KEY,
  token bytea,
  operation_id bytea NOT NULL,
  name bytea NOT NULL,
  operation text NOT NULL,
  payload bytea NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.05);

-- For finding what is due, and what is dead.
CREATE INDEX {outbox_by_due} ON {outbox} (due);

INSERT INTO {schema_versions} (version, readable_by) VALUES (2, 1);
