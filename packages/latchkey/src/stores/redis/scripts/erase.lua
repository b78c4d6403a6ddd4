-- Removes a record of one principal.
--
-- ARGV[1]  the principal
--
-- Returns 1; 0 if the record is absent or another principal's; -1 if it is unreadable.

if not value then
  return 0
end
if not is_readable() then
  return UNREADABLE
end
local at = behind(behind(behind(FIELDS)))
if string.sub(value, at + 2, behind(at) - 1) ~= ARGV[1] then
  return 0
end
redis.call('DEL', KEYS[1])
redis.call('PUBLISH', KEYS[1], '')
return 1
