-- Swaps the owner's lease for the result.
--
-- ARGV[1]  token     ARGV[2]  retention in ms
-- ARGV[3]  0, or 8 if the result is a tombstone; and 16 more if somebody may be waiting for the record
-- ARGV[4]  result
--
-- Returns 1 if the record holds a full result, 2 if it holds a tombstone; 0 if it is not the owner's; -1 if it is
-- unreadable.

local kind = ARGV[3] % 16

-- `created` is a time; `rest` is what follows the lease.
local function complete(created, rest)
  local now = server_time()
  local head = PLAIN .. string.char(COMPLETED, flags % 2 + kind) .. time(now) .. created .. time(now)
  redis.call('SET', KEYS[1], head .. rest .. ARGV[4], 'PXAT', now + ARGV[2])
  if tonumber(ARGV[3]) >= 16 then
    redis.call('PUBLISH', KEYS[1], '')
  end
  return kind == 0 and 1 or 2
end

-- Most completions find what their claim wrote, and cost no more than this.
if by_set and magic == PLAIN then
  local is_whole, token, _, _, _, _, after = pcall(struct.unpack, '>I2c0I2c0I2c0I2c0I2c0', value, FIELDS)
  if is_whole and token == ARGV[1] and after + struct.unpack('>I4', value, 28) == #value + 1 then
    return complete(time((times_by_set())), string.sub(value, 24))
  end
end
