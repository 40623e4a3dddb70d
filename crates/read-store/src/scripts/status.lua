-- KEYS: generation, rebuild. ARGV: base, run, schema.
-- Answers: 1 when served, number of documents served, 1 when being rebuilt, documents written so far, begun at (Unix seconds).
local served = redis.call('HMGET', KEYS[1], 'run', 'schema', 'number')
local building = redis.call('HMGET', KEYS[2], 'run', 'documents', 'started')
local answer = {0, 0, 0, 0, 0}
if served[1] == ARGV[2] and served[2] == ARGV[3] then
    answer[1], answer[2] = 1, redis.call('SCARD', ARGV[1] .. served[3] .. ':all')
end
if building[1] == ARGV[2] then
    answer[3], answer[4], answer[5] = 1, tonumber(building[2]), tonumber(building[3])
end
return answer
