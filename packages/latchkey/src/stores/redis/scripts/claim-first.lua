-- Takes a record, or says why not.
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
-- { outcome, now, record as it was found, without its request }. Outcomes: 1 claimed, 2 taken over, 3 claimed before by this token,
-- 4 running, 5 lapsed, 6 open with steps of another payload, 7 superseded.

-- Most claims are replays, and cost no more than this; the caller sees to it that the record is whole.
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
