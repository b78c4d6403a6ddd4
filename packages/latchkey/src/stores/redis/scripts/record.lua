-- Every script starts with this: the layout of a record, and how to read it.
--
-- KEYS[1]  the record's key; it is also the channel that announces changes
--
-- A record is one string. Positions count from 1; numbers are binary, the highest byte first; times are milliseconds
-- since the epoch. Its expiry is that of the key.
--
--    1  3  "LK" and the version of this layout: 1, or 2 if the record has a request
--    4  1  phase: 0 held (running or lapsed, depending on the clock), 1 open, 2 completed
--    5  1  flags: 1 may be rerun, 2 was taken over, 4 abandoned by its owner, 8 result is a tombstone, 16 by SET
--    6  6  when the state last changed
--   12  6  when the record was created
--   18  6  the end of the lease
--   24  4  attempt
--   28  4  length of the steps
--   32     token, fingerprint, operation id, principal, operation: for each two bytes of length and its text
--          request, in version 2 alone: four bytes of length and the request
--          steps: for each four bytes of length and the name, four bytes of length and the value
--          result, once completed
--
-- The client itself writes a new record (SET NX GET PX), and does not know the server's time. Such a record is marked "by
-- SET": the first two times are replaced by the retention of a lapsed record and the length of the lease, in the low seven
-- bits of each byte; the times follow from the key's expiry. The third is replaced by four bytes 127, and the record's
-- length in the low seven bits of two bytes, or 127 twice if complete-first.lua must not handle the record.

local HELD, OPEN, COMPLETED = 0, 1, 2
local RERUN, TOOK_OVER, ABANDONED, TOMBSTONE, BY_SET = 1, 2, 4, 8, 16
local PLAIN, WITH_REQUEST = 'LK\1', 'LK\2'
local FIELDS = 32
local UNREADABLE = -1

local value = redis.call('GET', KEYS[1])
local magic = value and string.sub(value, 1, 3)
local phase = value and string.byte(value, 4)
local flags = value and string.byte(value, 5)

local function server_time()
  local clock = redis.call('TIME')
  return clock[1] * 1000 + math.floor(clock[2] / 1000)
end

local function time(ms)
  return struct.pack('>I6', ms)
end

local function field(text)
  return struct.pack('>I2', #text) .. text
end

local function duration(at)
  local a, b, c, d, e, f = string.byte(value, at, at + 5)
  return ((((a * 128 + b) * 128 + c) * 128 + d) * 128 + e) * 128 + f
end

-- Computes the times of a record by SET from its expiry. From here on it looks as if a script had written it.
if phase == HELD and #value >= FIELDS and (magic == PLAIN or magic == WITH_REQUEST) and flags >= BY_SET then
  local ends = math.max(redis.call('PEXPIRETIME', KEYS[1]) - duration(6), 0)
  local created = time(math.max(ends - duration(12), 0))
  flags = flags - BY_SET
  value = magic .. string.char(phase, flags) .. created .. created .. time(ends) .. string.sub(value, 24)
end

-- The position after the text at `at`, whose length takes two bytes; nil if the record is cut short there.
local function behind(at)
  if at == nil or at + 2 > #value + 1 then
    return nil
  end
  local high, low = string.byte(value, at, at + 1)
  local after = at + 2 + high * 256 + low
  return after <= #value + 1 and after or nil
end

-- The same for a text whose length takes four bytes.
local function behind_long(at)
  if at == nil or at + 4 > #value + 1 then
    return nil
  end
  local after = at + 4 + struct.unpack('>I4', value, at)
  return after <= #value + 1 and after or nil
end

-- The position of the request, or of the steps if no request is saved; nil if the record is cut short.
local function request_at()
  local at = FIELDS
  for _ = 1, 5 do
    at = behind(at)
  end
  return at
end

local function steps_at()
  if magic == PLAIN then
    return request_at()
  end
  return behind_long(request_at())
end

-- The record without its request, in the layout without one.
local function bare()
  if magic == PLAIN then
    return value
  end
  return PLAIN .. string.sub(value, 4, request_at() - 1) .. string.sub(value, steps_at())
end

-- Whether this version wrote the record. A value of another kind fails the GET above.
local function is_readable()
  if #value < FIELDS or (magic ~= PLAIN and magic ~= WITH_REQUEST) or phase > COMPLETED then
    return false
  end
  if magic == WITH_REQUEST and phase == COMPLETED then
    return false
  end
  local at = steps_at()
  local steps_end = at and at + struct.unpack('>I4', value, 28)
  return steps_end == #value + 1 or (steps_end ~= nil and steps_end <= #value and phase == COMPLETED)
end

local function has(flag)
  return flags % (flag * 2) >= flag
end

local function lease_end()
  return (struct.unpack('>I6', value, 18))
end

local function is_lapsed(now)
  return phase == HELD and (has(ABANDONED) or lease_end() <= now)
end

local function has_token(token)
  return string.sub(value, FIELDS, FIELDS + 1 + #token) == field(token)
end

-- A claim that was given back unused does not count as an attempt.
local function take_back_attempt()
  redis.call('SETRANGE', KEYS[1], 23, struct.pack('>I4', struct.unpack('>I4', value, 24) - 1))
end

-- The flags of a settled record: only the policy is kept.
local function policy()
  return flags % 2
end
