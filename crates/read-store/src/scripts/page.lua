-- A page of a list. KEYS: generation. ARGV: base, run, schema, list, limit, '1' for descending, then either the offset, or
-- the score and the id behind which to begin.
-- Answers: outcome, length of the list, score and id of the last one shown, then (id, body) of each.
local base, run, schema, list, limit = ARGV[1], ARGV[2], ARGV[3], ARGV[4], tonumber(ARGV[5])
local descending, offset, id = ARGV[6] == '1', tonumber(ARGV[7]), ARGV[8]

local served = redis.call('HMGET', KEYS[1], 'run', 'schema', 'number')
if served[1] ~= run or served[2] ~= schema then
    return {'not_ready', 0, '', '', {}}
end
local space = base .. served[3] .. ':'
local key = space .. 'list:' .. list
local total = redis.call('ZCARD', key)

-- Redis orders equal scores by the bytes of the member; Lua's own comparison goes by the server's locale.
local function comes_before(a, b)
    for i = 1, math.min(#a, #b) do
        local x, y = string.byte(a, i), string.byte(b, i)
        if x ~= y then
            return x < y
        end
    end
    return #a < #b
end

-- How many members come before (score, id) in ascending order, and whether it is itself there.
local function rank_of(score)
    local present = redis.call('ZSCORE', key, id)
    if present and tonumber(present) == tonumber(score) then
        return redis.call('ZRANK', key, id), true
    end
    -- It has moved or gone: look among its equals for where it would be.
    local low = redis.call('ZCOUNT', key, '-inf', '(' .. score)
    local high = redis.call('ZCOUNT', key, '-inf', score)
    while low < high do
        local middle = math.floor((low + high) / 2)
        if comes_before(redis.call('ZRANGE', key, middle, middle)[1], id) then
            low = middle + 1
        else
            high = middle
        end
    end
    return low, false
end

local start = offset
if id then
    local rank, present = rank_of(ARGV[7])
    if descending then
        start = total - rank
    else
        start = rank + (present and 1 or 0)
    end
end
if limit == 0 or start >= total then
    return {'ok', total, '', '', {}}
end

local range = descending and 'ZREVRANGE' or 'ZRANGE'
local found = redis.call(range, key, start, start + limit - 1, 'WITHSCORES')
local bodies = {}
for i = 1, #found, 2 do
    local body = redis.call('HGET', space .. 'doc:' .. found[i], 'body')
    if not body then
        -- Something has removed a part of the projection. Never a short list: it is rebuilt.
        redis.call('DEL', KEYS[1])
        return {'damaged', 0, '', '', {}}
    end
    bodies[#bodies + 1] = {found[i], body}
end
return {'ok', total, found[#found], found[#found - 1], bodies}
