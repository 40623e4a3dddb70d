-- Removes a part of the generations that are neither served nor built. KEYS: generation, rebuild, generations.
-- ARGV: base, how many documents at most. Answers 1 while there is more to do.
local served, building = redis.call('HGET', KEYS[1], 'number'), redis.call('HGET', KEYS[2], 'number')
for _, number in ipairs(redis.call('SMEMBERS', KEYS[3])) do
    if number ~= served and number ~= building then
        local space = ARGV[1] .. number .. ':'
        local ids = redis.call('SPOP', space .. 'all', ARGV[2])
        for _, id in ipairs(ids) do
            local key = space .. 'doc:' .. id
            for name in string.gmatch(redis.call('HGET', key, 'lists') or '', '[^\n]+') do
                redis.call('UNLINK', space .. 'list:' .. name)
            end
            redis.call('UNLINK', key)
        end
        if #ids == 0 then
            redis.call('SREM', KEYS[3], number)
        end
        return 1
    end
end
return 0
