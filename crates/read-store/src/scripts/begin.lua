-- Begins a rebuild, if one is called for. KEYS: generation, rebuild, generations, sequence.
-- ARGV: run, schema, token, lease in ms, '1' to rebuild also what is good.
-- Answers the outcome ('ready', 'newer', 'busy', 'begun') and how many generations have keys.
local run, schema = ARGV[1], tonumber(ARGV[2])

local building = redis.call('HMGET', KEYS[2], 'run', 'schema')
if building[1] == run and tonumber(building[2]) >= schema then
    return {'busy', redis.call('SCARD', KEYS[3])}
end
local served = redis.call('HMGET', KEYS[1], 'run', 'schema')
if ARGV[5] ~= '1' and served[1] == run then
    if tonumber(served[2]) == schema then
        return {'ready', redis.call('SCARD', KEYS[3])}
    elseif tonumber(served[2]) > schema then
        return {'newer', redis.call('SCARD', KEYS[3])}
    end
end
-- From another life of the server, or in another form: writes go past it from now on, so nobody may read it.
if served[1] ~= run or tonumber(served[2]) ~= schema then
    redis.call('DEL', KEYS[1])
end
local number = redis.call('INCR', KEYS[4])
redis.call('SADD', KEYS[3], number)
redis.call('DEL', KEYS[2])
redis.call('HSET', KEYS[2], 'run', run, 'schema', schema, 'token', ARGV[3], 'number', number, 'documents', 0,
    'started', redis.call('TIME')[1])
redis.call('PEXPIRE', KEYS[2], ARGV[4])
return {'begun', redis.call('SCARD', KEYS[3])}
