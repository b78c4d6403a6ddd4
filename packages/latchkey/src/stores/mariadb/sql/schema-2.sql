-- Additions to version 1 of the schema; code of version 1 goes on working with it. Every statement may be repeated.
--
-- Records with a request have format 2: code of version 1 refuses them and leaves them alone. "version" stays what that
-- code asks for, and "additions" counts what came since.
ALTER TABLE {records} ADD COLUMN IF NOT EXISTS request LONGBLOB NULL;

ALTER TABLE {schema} ADD COLUMN IF NOT EXISTS additions INT UNSIGNED NOT NULL DEFAULT 0;

UPDATE {schema} SET additions = GREATEST(additions, 1) WHERE version = 1;
