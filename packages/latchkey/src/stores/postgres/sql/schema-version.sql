-- The version of the tables, and the oldest code that may work with them.
-- In: the text 'text'. As a parameter it makes clients use the protocol, and the format, of all other statements.
-- Out: one row, or none where no migration has been recorded; beside it one value of each type that rows have, which
-- shows whether the client's settings leave them readable.
SELECT version, readable_by AS readableby,
  9007199254740991::bigint AS wide, true AS flag, $1::text AS words, '\x00ff'::bytea AS bytes, NULL::bytea AS nothing
FROM {schema_versions} ORDER BY version DESC LIMIT 1
