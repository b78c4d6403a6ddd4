-- How to read a record; see value.lua.

-- From here on it is as if a script had written it.
if by_set then
  local created, ends = times_by_set()
  flags = flags - BY_SET
  value = magic .. string.char(phase, flags) .. time(created) .. time(created) .. time(ends) .. string.sub(value, 24)
end

-- The position behind the text at `at`, whose length takes two bytes; nil if the record is cut short there.
local function behind(at)
  if at == nil or at + 2 > #value + 1 then
    return nil
  end
  local high, low = string.byte(value, at, at + 1)
  local after = at + 2 + high * 256 + low
  return after <= #value + 1 and after or nil
end

-- The same of a text whose length takes four bytes.
local function behind_long(at)
  if at == nil or at + 4 > #value + 1 then
    return nil
  end
  local after = at + 4 + struct.unpack('>I4', value, at)
  return after <= #value + 1 and after or nil
end

-- The position of the request, or of the steps where there is none; nil if the record is cut short.
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

-- The record without its request, in the layout that needs none.
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

-- A claim that was given back unused doesn't count.
local function take_back_attempt()
  redis.call('SETRANGE', KEYS[1], 23, struct.pack('>I4', struct.unpack('>I4', value, 24) - 1))
end

-- Whoever settles a record leaves of its flags only the policy.
local function policy()
  return flags % 2
end
