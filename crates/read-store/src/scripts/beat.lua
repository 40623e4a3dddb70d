-- A beat comes back to its sender behind everything that was published before it.
-- KEYS: the roll. ARGV: the host, the number of its beat, the channel of its own, '1' if the beat counts (the one before it
-- came back), an epoch in case the roll begins now, then for each host that is gone: host, its last beat.
-- Answers the roll.
redis.call('HSETNX', KEYS[1], 'epoch', ARGV[5])
for i = 6, #ARGV, 2 do
    if redis.call('HGET', KEYS[1], ARGV[i]) == ARGV[i + 1] then
        redis.call('HDEL', KEYS[1], ARGV[i])
    end
end
if ARGV[4] == '1' then
    redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
end
-- With a tag, and so in a cluster, the channel belongs to one slot.
local publish = string.find(ARGV[3], '{', 1, true) and 'SPUBLISH' or 'PUBLISH'
redis.call(publish, ARGV[3], '!' .. ARGV[2])
return redis.call('HGETALL', KEYS[1])
