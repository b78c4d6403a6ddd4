-- Moves the end of the owner's lease.
--
-- ARGV[1]  token    ARGV[2]  lease in ms    ARGV[3]  how long a lapsed record is kept, in ms
--
-- Returns 1; 0 if the record is not the owner's to renew; -1 if it is unreadable.

if not value then
  return 0
end
if not is_readable() then
  return UNREADABLE
end
if phase ~= HELD or has(ABANDONED) or not has_token(ARGV[1]) then
  return 0
end
local ends = server_time() + ARGV[2]
redis.call('SETRANGE', KEYS[1], 3, string.sub(value, 4, 17) .. time(ends))
redis.call('PEXPIREAT', KEYS[1], ends + ARGV[3])
return 1
