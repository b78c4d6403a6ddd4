-- What every script starts with: the record as it is stored.
--
-- KEYS[1]  the record's key; it is also the channel on which changes are told
--
-- A record is one string. Positions count from 1; numbers are binary, the highest byte first; times are milliseconds
-- since the epoch. Its expiry is that of the key.
--
--    1  3  "LK" and the version of this layout: 1, or 2 if the record has a request
--    4  1  phase: 0 held (running or lapsed: the clock tells), 1 open, 2 completed
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
-- The client itself writes a new record (SET NX GET PX), and can't know the server's time. Such a record is marked "by
-- SET": in place of the first two times stand, in the low seven bits of each byte, how long a lapsed record is kept and
-- how long the lease is; the times follow from the key's expiry.

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

-- Whether the client wrote the record, and nobody since.
local by_set = phase == HELD and #value >= FIELDS and (magic == PLAIN or magic == WITH_REQUEST) and flags >= BY_SET

local function duration(at)
  local a, b, c, d, e, f = string.byte(value, at, at + 5)
  return ((((a * 128 + b) * 128 + c) * 128 + d) * 128 + e) * 128 + f
end

-- Of such a record: when it was created, and when its lease ends.
local function times_by_set()
  local ends = math.max(redis.call('PEXPIRETIME', KEYS[1]) - duration(6), 0)
  return math.max(ends - duration(12), 0), ends
end
