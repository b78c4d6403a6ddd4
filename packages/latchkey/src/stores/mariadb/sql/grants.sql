-- What the store's user needs, and no more.
GRANT SELECT ON {schema} TO {user};
GRANT SELECT, INSERT, UPDATE, DELETE ON {records} TO {user};
GRANT SELECT, INSERT, UPDATE, DELETE ON {outbox} TO {user};
