-- The version of the tables, and the oldest code that may work with them.
-- Out: one row, or none where no migration has been recorded.
SELECT version, readable_by AS readableby FROM {schema_versions} ORDER BY version DESC LIMIT 1
