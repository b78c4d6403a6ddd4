-- Latchkey: tables of version 1.

-- Which migrations were applied, and the oldest version of the code that may work with the result.
CREATE TABLE {schema_versions} (
  version integer PRIMARY KEY,
  readable_by integer NOT NULL,
  applied_at timestamptz NOT NULL DEFAULT now()
);

-- Stays empty: a record that points to it can't be committed.
CREATE TABLE {never_committed} (
  id smallint PRIMARY KEY
);

-- Times are milliseconds since 1970 by the server's clock. Ids, principals and tokens are packed digests and UUIDs.
CREATE TABLE {records} (
  created bigint NOT NULL,
  changed bigint NOT NULL,
  expires bigint NOT NULL,
  lease_end bigint,
  attempt integer NOT NULL DEFAULT 1,
  format smallint NOT NULL DEFAULT 1,
  unfinished smallint CONSTRAINT {commit_guard} REFERENCES {never_committed} (id) DEFERRABLE INITIALLY DEFERRED,
  abandoned boolean NOT NULL DEFAULT false,
  took_over boolean NOT NULL DEFAULT false,
  state text NOT NULL DEFAULT 'held',
  policy text NOT NULL,
  kind text,
  id bytea PRIMARY KEY,
  principal bytea NOT NULL,
  token bytea NOT NULL,
  operation_id bytea NOT NULL,
  fingerprint text NOT NULL,
  operation text NOT NULL,
  step_names bytea[],
  steps bytea,
  result bytea
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.05);

-- For sweeping and for lists.
CREATE INDEX {index_by_expiry} ON {records} (state, expires);

-- For erasing all that is kept of a principal.
CREATE INDEX {index_by_principal} ON {records} (principal);

INSERT INTO {schema_versions} (version, readable_by) VALUES (1, 1);
