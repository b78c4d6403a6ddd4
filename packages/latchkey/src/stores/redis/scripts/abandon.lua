-- Makes the owner's record lapsed at once.
--
-- ARGV[1]  token    ARGV[2]  how long a lapsed record is kept, in ms    ARGV[3]  1 if nothing was run under the claim
--
-- Returns 1; 0 if the record is not the owner's; -1 if it is unreadable.

if not value then
  return 0
end
if not is_readable() then
  return UNREADABLE
end
if phase ~= HELD or not has_token(ARGV[1]) then
  return 0
end
if has(ABANDONED) then
  return 1
end
local now = server_time()
local ended = math.min(lease_end(), now)
local head = string.char(HELD, flags + ABANDONED) .. time(now) .. string.sub(value, 12, 17) .. time(ended)
redis.call('SETRANGE', KEYS[1], 3, head)
if ARGV[3] == '1' then
  take_back_attempt()
end
redis.call('PEXPIREAT', KEYS[1], ended + ARGV[2])
redis.call('PUBLISH', KEYS[1], '')
return 1
