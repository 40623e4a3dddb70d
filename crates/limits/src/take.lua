-- GCRA over several keys at once: all are charged, or none is.
-- ARGV: how many permits are wanted, how few will do; then of each key the microseconds from one permit to the next, and
-- for all permits.
-- Returns how many were granted. When none: also the key that has to wait longest (from 1), and for how many microseconds.
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local granted, least = tonumber(ARGV[1]), tonumber(ARGV[2])
local slowest, wait = 1, -1
local arrivals = {}
for i, key in ipairs(KEYS) do
    local interval, all = tonumber(ARGV[1 + 2 * i]), tonumber(ARGV[2 + 2 * i])
    local arrival = tonumber(redis.call('GET', key) or now)
    -- Later than this it is only where the rate was changed or the clock was set back.
    arrival = math.min(math.max(arrival, now), now + all)
    arrivals[i] = arrival
    granted = math.min(granted, math.floor((now + all - arrival) / interval))
    local missing = arrival + least * interval - all - now
    if missing > wait then
        slowest, wait = i, missing
    end
end
if granted < least then
    return {0, slowest, math.max(wait, 0)}
end
for i, key in ipairs(KEYS) do
    local arrival = arrivals[i] + granted * tonumber(ARGV[1 + 2 * i])
    redis.call('SET', key, string.format('%.0f', arrival), 'PX', math.ceil((arrival - now) / 1000))
end
return {granted}
