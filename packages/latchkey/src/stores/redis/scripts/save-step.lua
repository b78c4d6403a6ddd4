-- Saves a named result of the owner; a name that is already saved keeps its first value.
--
-- ARGV[1]  token    ARGV[2]  name    ARGV[3]  value
--
-- Returns 1; 0 if the record is not the owner's; -1 if it is unreadable.

if not value then
  return 0
end
if not is_readable() then
  return UNREADABLE
end
if phase ~= HELD or not has_token(ARGV[1]) then
  return 0
end
local steps_length = struct.unpack('>I4', value, 28)
local at = #value + 1 - steps_length
while at <= #value do
  local name_end = behind_long(at)
  local value_end = behind_long(name_end)
  if value_end == nil then
    return UNREADABLE
  end
  if string.sub(value, at + 4, name_end - 1) == ARGV[2] then
    return 1
  end
  at = value_end
end
local step = struct.pack('>I4', #ARGV[2]) .. ARGV[2] .. struct.pack('>I4', #ARGV[3]) .. ARGV[3]
redis.call('APPEND', KEYS[1], step)
redis.call('SETRANGE', KEYS[1], 27, struct.pack('>I4', steps_length + #step))
return 1
