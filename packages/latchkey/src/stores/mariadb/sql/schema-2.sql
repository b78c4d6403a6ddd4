-- Additions to version 1 of the schema; code of version 1 goes on working with it. Every statement may be repeated.
--
-- Records with a request have format 2: code of version 1 refuses them and leaves them alone. "version" stays what that
-- code asks for, and "additions" counts what came since.
ALTER TABLE {records} ADD COLUMN IF NOT EXISTS request LONGBLOB NULL;

CREATE TABLE IF NOT EXISTS {outbox} (
  seq BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  id VARBINARY(255) NOT NULL,
  due BIGINT NULL COMMENT 'NULL if dead',
  attempts INT UNSIGNED NOT NULL,
  created BIGINT NOT NULL,
  token VARBINARY(255) NULL,
  operation_id VARBINARY(255) NOT NULL,
  name BLOB NOT NULL,
  operation BLOB NOT NULL,
  payload LONGBLOB NOT NULL,
  UNIQUE KEY by_id (id),
  KEY by_due (due),
  KEY by_token (token)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC;

ALTER TABLE {schema} ADD COLUMN IF NOT EXISTS additions INT UNSIGNED NOT NULL DEFAULT 0;

UPDATE {schema} SET additions = GREATEST(additions, 1) WHERE version = 1;
