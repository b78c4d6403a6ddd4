-- Applies an operator's decision to a lapsed record.
--
-- ARGV[1]  token that the operator saw    ARGV[2]  respond, rerun or forget
-- ARGV[3]  retention in ms                ARGV[4]  0, or 8 if the result is a tombstone
-- ARGV[5]  result                         ARGV[6]  replaces the token after "respond"
--
-- Returns 1; 0 if the record is not lapsed or its token changed; -1 if it is unreadable.

if not value then
  return 0
end
if not is_readable() then
  return UNREADABLE
end
local now = server_time()
if not is_lapsed(now) or not has_token(ARGV[1]) then
  return 0
end
if ARGV[2] == 'forget' then
  redis.call('DEL', KEYS[1])
elseif ARGV[2] == 'rerun' then
  redis.call('SETRANGE', KEYS[1], 3, string.char(OPEN, policy()) .. time(now) .. string.sub(value, 12, 17))
  redis.call('PEXPIREAT', KEYS[1], now + ARGV[3])
else
  local head = PLAIN .. string.char(COMPLETED, policy() + ARGV[4]) .. time(now) .. string.sub(value, 12, FIELDS - 1)
  local rest = field(ARGV[6]) .. string.sub(bare(), behind(FIELDS)) .. ARGV[5]
  redis.call('SET', KEYS[1], head .. rest, 'PXAT', now + ARGV[3])
end
redis.call('PUBLISH', KEYS[1], '')
return 1
