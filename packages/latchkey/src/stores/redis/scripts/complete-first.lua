-- Replaces the owner's lease with the result.
--
-- ARGV[1]  token     ARGV[2]  retention in ms    ARGV[3]  0, or 8 if the result is a tombstone
-- ARGV[4]  result    ARGV[5]  anything if a request may be waiting for the record
--
-- Returns 1 if the record holds a full result, 2 if it holds a tombstone; 0 if it is not the owner's; -1 if it is
-- unreadable.
--
-- Most completions find the record as SET wrote it, with the same token, and need only this. The head and the length of
-- the record show it. See record.lua for the layout.

local record = redis.call('GET', KEYS[1])
if record and string.sub(record, 34, 33 + #ARGV[1]) == ARGV[1] and #record > 33 then
  local head, flags, a, b, c, d, e, f, g, h, i, j, k, l, high, low, token_length =
    struct.unpack('>c4BBBBBBBBBBBBBxxxxBBxxxxxxxxI2', record)
  local goes = redis.call('PEXPIRETIME', KEYS[1])
  if head == 'LK\1\0' and flags >= 16 and high * 128 + low == #record and token_length == #ARGV[1] and goes > 0 then
    local now = goes - redis.call('PTTL', KEYS[1])
    local created = goes - ((((((a + g) * 128 + b + h) * 128 + c + i) * 128 + d + j) * 128 + e + k) * 128 + f + l)
    local times = struct.pack('>c4BI6I6I6', 'LK\1\2', flags - 16 + ARGV[3], now, created, now)
    redis.call('SET', KEYS[1], times .. string.sub(record, 24) .. ARGV[4], 'PX', ARGV[2])
    if ARGV[5] then
      redis.call('PUBLISH', KEYS[1], '')
    end
    return ARGV[3] == '0' and 1 or 2
  end
end
