-- Claims a record, or returns why it cannot. A claim that finds nothing or a completed record needs no script: see row.ts.
--
-- ARGV[1]   lease in ms                   ARGV[2]  how long a lapsed record is kept, in ms
-- ARGV[3]   takeover: 0 none, 1 only of a record that may be rerun, 2 any
-- ARGV[4]   most attempts                 ARGV[5]  flags of a new record: 0, or 1 for "may be rerun"; and 16 if
--                                                  ARGV[11] is the request
-- ARGV[6]   token                         ARGV[7]  operation id of a new record
-- ARGV[8]   principal                     ARGV[9]  operation
-- ARGV[10]  fingerprint                   ARGV[11] or [12] and on: other acceptable fingerprints
--
-- Returns 0 if it was created; the record itself if it is completed; -1 if it is unreadable; else
-- { outcome, now, record as it was found, without its request }. Outcomes: 1 claimed, 2 taken over, 3 already claimed by
-- this token, 4 running, 5 lapsed, 6 open with steps of another payload, 7 superseded.

local CLAIMED, TOOK, AGAIN, RUNNING, LAPSED, OTHER_PAYLOAD, SUPERSEDED = 1, 2, 3, 4, 5, 6, 7

-- The caller checks that the record is complete.
if phase == COMPLETED and magic == PLAIN then
  return value
end

local now = server_time()
local ends = now + ARGV[1]
local expires = ends + ARGV[2]
local token = ARGV[6]
local asked = tonumber(ARGV[5]) >= 16 and ARGV[11]
local asked_magic = asked and WITH_REQUEST or PLAIN
local asked_field = asked and struct.pack('>I4', #asked) .. asked or ''

if not value then
  local at = time(now)
  local head = asked_magic .. string.char(HELD, ARGV[5] % 16) .. at .. at .. time(ends) .. struct.pack('>I4I4', 1, 0)
  local names = field(token) .. field(ARGV[10]) .. field(ARGV[7]) .. field(ARGV[8]) .. field(ARGV[9])
  redis.call('SET', KEYS[1], head .. names .. asked_field, 'PXAT', expires)
  return 0
end

if not is_readable() then
  return UNREADABLE
end

local print_at = behind(FIELDS)
local rest_at = behind(print_at)
local attempt, steps_length = struct.unpack('>I4I4', value, 24)

local function is_acceptable()
  local stored = string.sub(value, print_at + 2, rest_at - 1)
  for index = asked and 12 or 11, #ARGV do
    if ARGV[index] == stored then
      return true
    end
  end
  return ARGV[10] == stored
end

local function found(outcome)
  return { outcome, now, bare() }
end

-- `rest` is what follows the fingerprint.
local function take(outcome, version, fingerprint, rest)
  local took_over = outcome == TOOK and TOOK_OVER or 0
  local head = version .. string.char(HELD, policy() + took_over) .. time(now) .. string.sub(value, 12, 17) .. time(ends)
  local counts = struct.pack('>I4I4', attempt + 1, steps_length)
  redis.call('SET', KEYS[1], head .. counts .. field(token) .. fingerprint .. rest, 'PXAT', expires)
  return found(outcome)
end

local function take_same(outcome)
  return take(outcome, magic, string.sub(value, print_at, rest_at - 1), string.sub(value, rest_at))
end

-- Nothing was done under the old payload.
local function take_again()
  local names = string.sub(value, rest_at, request_at() - 1)
  return take(CLAIMED, asked_magic, field(ARGV[10]), names .. asked_field)
end

local function claim_open()
  if has_token(token) then
    return found(SUPERSEDED)
  end
  if steps_length == 0 then
    return take_again()
  end
  if not is_acceptable() then
    return found(OTHER_PAYLOAD)
  end
  return take_same(CLAIMED)
end

local function claim_again()
  if has(ABANDONED) then
    return found(SUPERSEDED)
  end
  redis.call('SETRANGE', KEYS[1], 3, string.sub(value, 4, 17) .. time(ends))
  redis.call('PEXPIREAT', KEYS[1], expires)
  return found(AGAIN)
end

local function may_take_over()
  local allowed = ARGV[3] == '2' or (ARGV[3] == '1' and has(RERUN))
  return allowed and attempt < tonumber(ARGV[4]) and is_acceptable()
end

if phase == OPEN then
  return claim_open()
end
if has_token(token) then
  return claim_again()
end
if not is_lapsed(now) then
  return found(RUNNING)
end
if may_take_over() then
  return take_same(TOOK)
end
return found(LAPSED)
