import { redisScript } from "./connection.ts";

/**
 * The queue's operations, each one script and so atomic. KEYS[1] is the queue's base key; its braces keep all keys of a
 * queue in one slot of a cluster. ARGV[1] is always the time of the injected clock in milliseconds.
 *
 *   :stream   entries {id} of jobs that were handed out or wait for it, consumer group `workers`
 *   :delayed  sorted set, job id → when it becomes ready
 *   :leases   sorted set, job id → end of its lease
 *   :dead     sorted set, job id → when it died
 *   :job:ID   hash: key, payload, attempt, max, token (while leased), entry (its id in the stream), error
 *   :key:KEY  hash: id of the job, expires
 *
 * Ends of leases live in `:leases` and not in the stream's idle times, because those follow the server's clock, are reset
 * by every claim, and cannot be different for each delivery. So a take looks there first and takes over by XCLAIM. What
 * is left to XAUTOCLAIM is what has no lease at all: entries that something else than `take` has read from the group, see
 * `ADOPT`. All entries belong to one consumer, since a lease's token, not the consumer's name, says whose a job is.
 */
const COMMON = `
local base = KEYS[1]
local stream, delayed, leases, dead = base .. ':stream', base .. ':delayed', base .. ':leases', base .. ':dead'
local now = tonumber(ARGV[1])
local group, consumer = 'workers', 'taker'

local function jobKey(id) return base .. ':job:' .. id end

local function makeReady(id)
  redis.call('HSET', jobKey(id), 'entry', redis.call('XADD', stream, '*', 'id', id))
end

local function leaveStream(id)
  local entry = redis.call('HGET', jobKey(id), 'entry')
  if entry then
    redis.call('XACK', stream, group, entry)
    redis.call('XDEL', stream, entry)
  end
  redis.call('ZREM', leases, id)
  redis.call('HDEL', jobKey(id), 'entry', 'token')
end

local function bury(id, message)
  leaveStream(id)
  redis.call('HSET', jobKey(id), 'error', message)
  redis.call('ZADD', dead, now, id)
end

local function holds(id, token)
  return redis.call('HGET', jobKey(id), 'token') == token
end

local function wake() redis.call('PUBLISH', base .. ':wake', '') end

local function readyFrom(id, at)
  if at > now then
    redis.call('ZADD', delayed, at, id)
  else
    makeReady(id)
    wake()
  end
end

local function giveBack(id, readyAt, message)
  leaveStream(id)
  redis.call('HSET', jobKey(id), 'error', message)
  readyFrom(id, readyAt)
end

local function readyCount()
  local lag
  for _, info in ipairs(redis.call('XINFO', 'GROUPS', stream)) do
    local pending
    for i = 1, #info, 2 do
      if info[i] == 'lag' then lag = info[i + 1] end
      if info[i] == 'pending' then pending = info[i + 1] end
    end
    -- Redis 6 has no lag, and later ones lose count when somebody deletes entries that nobody has read.
    if not lag then lag = redis.call('XLEN', stream) - pending end
  end
  return (lag or 0) + redis.call('ZCOUNT', delayed, '-inf', now) + redis.call('ZCOUNT', leases, '-inf', now)
end
`;

const script = (body: string, options: { readonly repeatable: boolean }) =>
  redisScript(COMMON + body, options);

/** ARGV: now, id, key, payload, readyAt, maxAttempts, keyLifetime. Answers the id of the job that has the key: the given
 *  one when the job is new, also when the same call is sent a second time. */
export const ENQUEUE = script(
  `
local id, key, readyAt, lifetime = ARGV[2], base .. ':key:' .. ARGV[3], tonumber(ARGV[5]), tonumber(ARGV[7])
local known = redis.call('HMGET', key, 'id', 'expires')
if known[1] and tonumber(known[2]) > now then return known[1] end
redis.call('HSET', key, 'id', id, 'expires', now + lifetime)
redis.call('PEXPIRE', key, lifetime)
redis.call('HSET', jobKey(id), 'key', ARGV[3], 'payload', ARGV[4], 'attempt', 0, 'max', ARGV[6])
readyFrom(id, readyAt)
return id
`,
  { repeatable: true },
);

/** ARGV: now, n, leaseUntil, token, error of jobs that are used up. Answers {id, key, payload, attempt, max, token}[]. */
export const TAKE = script(
  `
local n, leaseUntil, token, usedUp = tonumber(ARGV[2]), ARGV[3], ARGV[4], ARGV[5]
local taken = {}

local function lease(id)
  local job = redis.call('HMGET', jobKey(id), 'key', 'payload', 'attempt', 'max')
  if not job[1] then return false end
  if tonumber(job[3]) >= tonumber(job[4]) then
    bury(id, usedUp)
    return true
  end
  local attempt = redis.call('HINCRBY', jobKey(id), 'attempt', 1)
  local own = token .. '/' .. id
  redis.call('HSET', jobKey(id), 'token', own)
  redis.call('ZADD', leases, leaseUntil, id)
  taken[#taken + 1] = { id, job[1], job[2], attempt, job[4], own }
  return true
end

while #taken < n do
  local expired = redis.call('ZRANGEBYSCORE', leases, '-inf', now, 'LIMIT', 0, n - #taken)
  if #expired == 0 then break end
  for _, id in ipairs(expired) do
    redis.call('ZREM', leases, id)
    local entry = redis.call('HGET', jobKey(id), 'entry')
    if entry then
      redis.call('XCLAIM', stream, group, consumer, 0, entry, 'JUSTID')
      lease(id)
    end
  end
end

for _, id in ipairs(redis.call('ZRANGEBYSCORE', delayed, '-inf', now, 'LIMIT', 0, math.max(n, 100))) do
  redis.call('ZREM', delayed, id)
  makeReady(id)
end

while #taken < n do
  local read = redis.call('XREADGROUP', 'GROUP', group, consumer, 'COUNT', n - #taken, 'STREAMS', stream, '>')
  if not read or not read[1] then break end
  for _, entry in ipairs(read[1][2]) do
    if not lease(entry[2][2]) then
      redis.call('XACK', stream, group, entry[1])
      redis.call('XDEL', stream, entry[1])
    end
  end
end
return taken
`,
  { repeatable: true },
);

/** ARGV: now, id, token, leaseUntil. Answers 1 or 0. */
export const EXTEND = script(
  `
if not holds(ARGV[2], ARGV[3]) then return 0 end
redis.call('ZADD', leases, ARGV[4], ARGV[2])
return 1
`,
  { repeatable: true },
);

/** ARGV: now, id, token. XACK would not ask whose it is. Answers 1 or 0. */
export const ACK = script(
  `
if not holds(ARGV[2], ARGV[3]) then return 0 end
leaveStream(ARGV[2])
redis.call('DEL', jobKey(ARGV[2]))
return 1
`,
  { repeatable: false },
);

/** ARGV: now, id, token, readyAt, error. Answers 1 or 0. */
export const RETRY = script(
  `
local id, readyAt = ARGV[2], tonumber(ARGV[4])
if not holds(id, ARGV[3]) then return 0 end
local job = redis.call('HMGET', jobKey(id), 'attempt', 'max')
if tonumber(job[1]) >= tonumber(job[2]) then
  bury(id, ARGV[5])
  return 1
end
giveBack(id, readyAt, ARGV[5])
return 1
`,
  { repeatable: false },
);

/** ARGV: now, id, token, readyAt, reason. Answers 1 or 0. */
export const POSTPONE = script(
  `
local id = ARGV[2]
if not holds(id, ARGV[3]) then return 0 end
redis.call('HINCRBY', jobKey(id), 'attempt', -1)
giveBack(id, tonumber(ARGV[4]), ARGV[5])
return 1
`,
  { repeatable: false },
);

/** ARGV: now, id, token, error. Answers 1 or 0. */
export const BURY = script(
  `
if not holds(ARGV[2], ARGV[3]) then return 0 end
bury(ARGV[2], ARGV[4])
return 1
`,
  { repeatable: false },
);

/** ARGV: now, id. Answers 1 or 0. */
export const REVIVE = script(
  `
if redis.call('ZREM', dead, ARGV[2]) == 0 then return 0 end
redis.call('HSET', jobKey(ARGV[2]), 'attempt', 0)
redis.call('HDEL', jobKey(ARGV[2]), 'error')
makeReady(ARGV[2])
wake()
return 1
`,
  { repeatable: false },
);

/** ARGV: now, limit. Answers {id, key, payload, attempts, error, diedAt}[], the latest first. */
export const DEAD_LETTERS = script(
  `
local letters = {}
local found = redis.call('ZREVRANGE', dead, 0, tonumber(ARGV[2]) - 1, 'WITHSCORES')
for i = 1, #found, 2 do
  local job = redis.call('HMGET', jobKey(found[i]), 'key', 'payload', 'attempt', 'error')
  letters[#letters + 1] = { found[i], job[1], job[2], job[3], job[4] or '', found[i + 1] }
end
return letters
`,
  { repeatable: true },
);

/** ARGV: now. Answers {ready, delayed, leased, dead}. */
export const STATS = script(
  `
local after = '(' .. ARGV[1]
return {
  readyCount(),
  redis.call('ZCOUNT', delayed, after, '+inf'),
  redis.call('ZCOUNT', leases, after, '+inf'),
  redis.call('ZCARD', dead),
}
`,
  { repeatable: true },
);

/** Jobs that nobody has taken yet; those whose lease has run out have waited before. */
export const OLDEST_READY = script(
  `
for _, info in ipairs(redis.call('XINFO', 'GROUPS', stream)) do
  local last
  for i = 1, #info, 2 do
    if info[i] == 'last-delivered-id' then last = info[i + 1] end
  end
  local found = redis.call('XRANGE', stream, '(' .. last, '+', 'COUNT', 1)
  if found[1] then
    local time = redis.call('TIME')
    local nowMs = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
    return math.max(0, nowMs - tonumber(string.match(found[1][1], '^%d+')))
  end
end
return 0
`,
  { repeatable: true },
);

/**
 * ARGV: now, minIdle (milliseconds of the server's clock), cursor. Finds entries that are pending without a lease and
 * gives them one that has run out, so that the next take takes them over; drops entries of jobs that are gone.
 * Answers the next cursor, `0-0` at the end.
 */
export const ADOPT = script(
  `
local found = redis.call('XAUTOCLAIM', stream, group, consumer, ARGV[2], ARGV[3], 'COUNT', 100)
for _, entry in ipairs(found[2]) do
  local id = entry[2][2]
  if redis.call('HGET', jobKey(id), 'entry') ~= entry[1] then
    redis.call('XACK', stream, group, entry[1])
    redis.call('XDEL', stream, entry[1])
  elseif not redis.call('ZSCORE', leases, id) then
    redis.call('ZADD', leases, now, id)
  end
end
return found[1]
`,
  { repeatable: true },
);
