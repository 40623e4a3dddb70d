-- The length of a list, without the documents that are in other lists too. KEYS: generation.
-- ARGV: base, run, schema, list, '1' when all documents of the other lists are in the list, how many documents may be looked
-- up otherwise, then the other lists; no document is in two of them.
local served = redis.call('HMGET', KEYS[1], 'run', 'schema', 'number')
if served[1] ~= ARGV[2] or served[2] ~= ARGV[3] then
    return {'not_ready', 0}
end
local lists = ARGV[1] .. served[3] .. ':list:'
local list, are_in_the_list, room = lists .. ARGV[4], ARGV[5] == '1', tonumber(ARGV[6])
local whole = redis.call('ZCARD', list)
local count = whole
for i = 7, #ARGV do
    local other = lists .. ARGV[i]
    local length = redis.call('ZCARD', other)
    if are_in_the_list then
        count = count - length
    elseif length > 0 then
        -- The shorter one is walked, and each looked up in the other.
        room = room - math.min(length, whole)
        if room < 0 then
            return {'too_many', 0}
        end
        count = count - redis.call('ZINTERCARD', 2, list, other)
    end
end
return {'ok', math.max(count, 0)}
