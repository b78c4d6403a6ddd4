-- All that the application's role needs at run time; it can't change or drop the tables.
GRANT USAGE ON SCHEMA {schema} TO {role};
GRANT SELECT ON {schema_versions} TO {role};
GRANT SELECT, INSERT, UPDATE, DELETE ON {records} TO {role};
GRANT SELECT, INSERT, UPDATE, DELETE ON {outbox} TO {role};
