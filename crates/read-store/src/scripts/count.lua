-- The length of a list. KEYS: generation. ARGV: base, run, schema, list.
local served = redis.call('HMGET', KEYS[1], 'run', 'schema', 'number')
if served[1] ~= ARGV[2] or served[2] ~= ARGV[3] then
    return {'not_ready', 0}
end
return {'ok', redis.call('ZCARD', ARGV[1] .. served[3] .. ':list:' .. ARGV[4])}
