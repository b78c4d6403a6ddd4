-- Reads a record without changing it.
--
-- ARGV[1]  empty, or the only requested state: running, lapsed, open or completed; then without the request
--
-- Returns { now, expiry, record }; nothing if it is absent or in another state; -1 if it is unreadable.

if not value then
  return nil
end
if not is_readable() then
  return UNREADABLE
end
local now = server_time()
local state = phase == COMPLETED and 'completed' or phase == OPEN and 'open' or is_lapsed(now) and 'lapsed' or 'running'
if ARGV[1] ~= '' and ARGV[1] ~= state then
  return nil
end
return { now, redis.call('PEXPIRETIME', KEYS[1]), ARGV[1] == '' and value or bare() }
