-- Renews, finishes or abandons a rebuild. KEYS: generation, rebuild. ARGV: run, token, what to do, lease in ms.
-- Answers the outcome and the number of documents written.
local building = redis.call('HMGET', KEYS[2], 'run', 'token', 'number', 'schema', 'documents')
if building[1] ~= ARGV[1] or building[2] ~= ARGV[2] then
    return {'lost', 0}
end
if ARGV[3] == 'renew' then
    redis.call('PEXPIRE', KEYS[2], ARGV[4])
else
    if ARGV[3] == 'finish' then
        redis.call('HSET', KEYS[1], 'run', ARGV[1], 'schema', building[4], 'number', building[3])
    end
    redis.call('DEL', KEYS[2])
end
return {'ok', tonumber(building[5])}
