-- The outcome of a transaction whose commit got no answer.
-- In:  $1 the transaction's id.
-- Out: "committed", "aborted", "in progress", or NULL if it is too long ago to know.
SELECT pg_xact_status($1::text::xid8) AS fate
