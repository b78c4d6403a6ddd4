-- Swaps the owner's lease for the result.
--
-- ARGV[1]  token     ARGV[2]  retention in ms    ARGV[3]  0, or 8 if the result is a tombstone
-- ARGV[4]  result    ARGV[5]  1 if somebody may be waiting for the record
--
-- Returns 1 if the record holds a full result, 2 if it holds a tombstone; 0 if it is not the owner's; -1 if it is
-- unreadable.

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
local head = PLAIN .. string.char(COMPLETED, policy() + ARGV[3]) .. time(now)
redis.call('SET', KEYS[1], head .. string.sub(bare(), 12) .. ARGV[4], 'PXAT', now + ARGV[2])
if ARGV[5] == '1' then
  redis.call('PUBLISH', KEYS[1], '')
end
return ARGV[3] == '0' and 1 or 2
