-- Version 1 of the schema. Every statement may be repeated.
--
-- Names and ids are bytes, so that no collation makes two of them one. Rows are appended in the order of seq, which
-- keeps new ones on few pages; only the index by id is written all over. Times are milliseconds since 1970 by the
-- server's clock, whatever its time zone.
CREATE TABLE IF NOT EXISTS {schema} (
  version INT UNSIGNED NOT NULL PRIMARY KEY,
  applied TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
) ENGINE = InnoDB;

CREATE TABLE IF NOT EXISTS {records} (
  seq BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  id VARBINARY(255) NOT NULL,
  format TINYINT UNSIGNED NOT NULL COMMENT 'version of what the row holds',
  state TINYINT UNSIGNED NOT NULL COMMENT '0 held, 1 open, 2 completed',
  flags TINYINT UNSIGNED NOT NULL COMMENT '1 rerun, 2 taken over, 4 abandoned, 8 tombstone',
  revision INT UNSIGNED NOT NULL COMMENT 'one more with every change',
  attempt INT UNSIGNED NOT NULL,
  created BIGINT NOT NULL,
  changed BIGINT NOT NULL,
  lease_end BIGINT NOT NULL COMMENT '0 unless held',
  expires BIGINT NOT NULL,
  token VARBINARY(255) NOT NULL,
  operation_id VARBINARY(255) NOT NULL,
  fingerprint VARBINARY(255) NOT NULL,
  principal VARBINARY(255) NOT NULL,
  operation BLOB NOT NULL,
  steps LONGBLOB NULL,
  result LONGBLOB NULL,
  UNIQUE KEY by_id (id),
  KEY by_state (state, expires),
  KEY by_principal (principal)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC;

INSERT IGNORE INTO {schema} (version) VALUES (1);
