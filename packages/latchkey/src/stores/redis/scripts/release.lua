-- Makes the owner's record open.
--
-- ARGV[1]  token    ARGV[2]  retention in ms    ARGV[3]  1 if a request may be waiting for the record
-- ARGV[4]  1 if nothing was run under the claim
--
-- Returns 1; 0 if the record is not the owner's; -1 if it is unreadable.

if not value then
  return 0
end
if not is_readable() then
  return UNREADABLE
end
if phase == COMPLETED or not has_token(ARGV[1]) then
  return 0
end
if phase == OPEN then
  return 1
end
local now = server_time()
redis.call('SETRANGE', KEYS[1], 3, string.char(OPEN, policy()) .. time(now) .. string.sub(value, 12, 17))
if ARGV[4] == '1' then
  take_back_attempt()
end
redis.call('PEXPIREAT', KEYS[1], now + ARGV[2])
if ARGV[3] == '1' then
  redis.call('PUBLISH', KEYS[1], '')
end
return 1
