-- Completes a record in any other form; complete-first.lua runs before it.

if not value then
  return 0
end
if not is_readable() then
  return UNREADABLE
end
if phase == OPEN or not has_token(ARGV[1]) then
  return 0
end
if phase == COMPLETED then
  -- Nothing changes, but a write is what WAIT waits for, should the first reply have been lost.
  redis.call('SETRANGE', KEYS[1], 3, string.char(phase))
  return has(TOMBSTONE) and 2 or 1
end
local now = server_time()
local head = PLAIN .. string.char(COMPLETED, policy() + ARGV[3]) .. time(now) .. string.sub(value, 12, 17) .. time(now)
redis.call('SET', KEYS[1], head .. string.sub(bare(), 24) .. ARGV[4], 'PXAT', now + ARGV[2])
if ARGV[5] then
  redis.call('PUBLISH', KEYS[1], '')
end
return ARGV[3] == '0' and 1 or 2
