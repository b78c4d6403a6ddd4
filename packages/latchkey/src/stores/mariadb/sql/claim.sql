-- Creates a record, or returns the existing one. An existing record is read without a lock, so that replays wait for
-- nothing and write nothing. (IF EXISTS (SELECT ...) would lock the rows that it reads.)
--
-- in:  id, token, principal, operation, operation_id, fingerprint, flags, lease_ms, kept_ms (lease and the time
--      that an unfinished record is kept after it), request (or NULL), format (2 with a request, else 1)
-- out: one row, the record as it is now, in one result or, after an empty one, in another; error 1205 if another
--      worker's claim of the same id takes over a second: try again
--
-- The two statements of the block are two transactions. The second is atomic by itself: if another worker was
-- first, it changes nothing and returns that worker's row.
BEGIN NOT ATOMIC
  SELECT {columns}, {now} AS now FROM {records} WHERE id = :id;
  IF FOUND_ROWS() = 0 THEN
    SET STATEMENT innodb_lock_wait_timeout = 1 FOR
    INSERT INTO {records} (
      id, format, state, flags, revision, attempt, created, changed, lease_end, expires,
      token, operation_id, fingerprint, principal, operation, request
    ) VALUES (
      :id, :format, 0, :flags, 0, 1, {now}, {now}, {now} + :lease_ms, {now} + :kept_ms,
      :token, :operation_id, :fingerprint, :principal, :operation, :request
    )
    ON DUPLICATE KEY UPDATE revision = revision
    RETURNING {columns}, {now} AS now;
  END IF;
END
