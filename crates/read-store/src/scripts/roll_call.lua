-- KEYS: the roll. ARGV: the channel of changes, the call, the channel that hosts with a lease listen to as well, an epoch in
-- case the roll begins now.
-- Answers how many listeners the call went to that keep no lease, and the roll. Where the channel has a tag, in a cluster,
-- all of them keep one.
redis.call('HSETNX', KEYS[1], 'epoch', ARGV[4])
if string.find(ARGV[1], '{', 1, true) then
    redis.call('SPUBLISH', ARGV[1], ARGV[2])
    return {0, redis.call('HGETALL', KEYS[1])}
end
local listeners = redis.call('PUBLISH', ARGV[1], ARGV[2])
local leased = redis.call('PUBSUB', 'NUMSUB', ARGV[3])[2]
return {listeners - leased, redis.call('HGETALL', KEYS[1])}
