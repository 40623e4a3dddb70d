-- Write-if-newer. KEYS: generation, rebuild.
-- ARGV: base, run, schema, token ('' for a live write), lease in ms, the channel and the projection's name, under which a
-- live write tells what changed, then for each document:
--   id, version, '1' or '0' for a tombstone, body, names of its lists joined by line breaks, their count, (list, score)*
-- Answers the outcome and how many documents were newer than what some generation held.
local base, run, schema, token, lease = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4], ARGV[5]
local channel, projection = ARGV[6], ARGV[7]
local TOMBSTONE_SECONDS = 3600

local spaces = {}
local building = redis.call('HMGET', KEYS[2], 'run', 'schema', 'number', 'token')
if token ~= '' then
    if building[1] ~= run or building[4] ~= token then
        return {'lost', 0}
    end
    spaces[1] = base .. building[3] .. ':'
else
    local served = redis.call('HMGET', KEYS[1], 'run', 'schema', 'number')
    -- What a program with a newer form serves or builds must not get documents of ours; what an older one does, ends here.
    for key, space in pairs({[KEYS[1]] = served, [KEYS[2]] = building}) do
        if space[1] == run then
            local its = tonumber(space[2])
            if its > schema then
                return {'superseded', 0}
            elseif its < schema then
                redis.call('DEL', key)
            else
                spaces[#spaces + 1] = base .. space[3] .. ':'
            end
        end
    end
end

-- Decimal whole numbers compared as text: a Lua number is exact up to 2^53 only.
local function newer(a, b)
    if #a ~= #b then
        return #a > #b
    end
    return a > b
end

-- The new members of each list and of the set, so that one call adds them all.
local listed, known, seen = {}, {}, {}

local function of(gathered, key)
    local members = gathered[key]
    if not members then
        members = {}
        gathered[key] = members
    end
    return members
end

local function put_down()
    for key, members in pairs(listed) do
        redis.call('ZADD', key, unpack(members))
    end
    for key, ids in pairs(known) do
        redis.call('SADD', key, unpack(ids))
    end
    listed, known, seen = {}, {}, {}
end

local function apply(space, id, version, live, body, joined, names, scores)
    local key = space .. 'doc:' .. id
    local was = redis.call('HMGET', key, 'version', 'lists')
    if was[1] and not newer(version, was[1]) then
        return false
    end
    local old = was[2] -- false: never seen, or a tombstone
    if old and old ~= joined then
        local stays = {}
        for i = 1, #names do
            stays[names[i]] = true
        end
        for name in string.gmatch(old, '[^\n]+') do
            if not stays[name] then
                redis.call('ZREM', space .. 'list:' .. name, id)
            end
        end
    end
    if live then
        redis.call('HSET', key, 'version', version, 'body', body, 'lists', joined)
        if not old then
            local ids = of(known, space .. 'all')
            ids[#ids + 1] = id
            if was[1] then
                redis.call('PERSIST', key)
            end
        end
        for i = 1, #names do
            local members = of(listed, space .. 'list:' .. names[i])
            members[#members + 1] = scores[i]
            members[#members + 1] = id
        end
    else
        redis.call('HSET', key, 'version', version)
        redis.call('EXPIRE', key, TOMBSTONE_SECONDS)
        if old then
            redis.call('HDEL', key, 'body', 'lists')
            redis.call('SREM', space .. 'all', id)
        end
    end
    return true
end

local written = 0
local changed = {}

local function write_all()
    local at = 8
    while at <= #ARGV do
        local id, version, live, body, joined = ARGV[at], ARGV[at + 1], ARGV[at + 2] == '1', ARGV[at + 3], ARGV[at + 4]
        local count = tonumber(ARGV[at + 5])
        local names, scores = {}, {}
        at = at + 6
        for i = 1, count do
            names[i], scores[i] = ARGV[at], ARGV[at + 1]
            at = at + 2
        end
        if seen[id] then
            -- The same document again, which may leave a list that it has just come into.
            put_down()
        end
        seen[id] = true
        local taken = false
        for i = 1, #spaces do
            taken = apply(spaces[i], id, version, live, body, joined, names, scores) or taken
        end
        if taken then
            written = written + 1
        end
        -- With no generation to compare with, what was kept elsewhere may still be older than this.
        if taken or #spaces == 0 then
            changed[#changed + 1] = id
        end
    end

    put_down()
    if token ~= '' then
        redis.call('HINCRBY', KEYS[2], 'documents', written)
        redis.call('PEXPIRE', KEYS[2], lease)
    elseif #changed > 0 then
        -- With a tag, and so in a cluster, the channel belongs to the projection's slot.
        local publish = string.find(channel, '{', 1, true) and 'SPUBLISH' or 'PUBLISH'
        redis.call(publish, channel, projection .. ' ' .. cjson.encode(changed))
    end
end

local whole, failure = pcall(write_all)
if not whole then
    -- What was written before it failed, as for want of a right, stays. Nobody may read half of it: all is built anew.
    redis.call('DEL', KEYS[1], KEYS[2])
    return type(failure) == 'table' and failure or redis.error_reply(failure)
end
return {'ok', written}
