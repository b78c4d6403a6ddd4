-- A page of the waiting or of the dead messages, the oldest first.
--
-- in:  dead (1 or 0), after_seq (the last row of the page before), most_rows
-- out: a row for each message
SELECT {message_columns} FROM {outbox}
WHERE (due IS NULL) = :dead AND seq > :after_seq
ORDER BY seq LIMIT :most_rows
