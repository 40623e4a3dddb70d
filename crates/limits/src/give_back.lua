-- One permit of each key is given back. ARGV: of each key the microseconds from one permit to the next.
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
for i, key in ipairs(KEYS) do
    local arrival = tonumber(redis.call('GET', key) or 0) - tonumber(ARGV[i])
    if arrival > now then
        redis.call('SET', key, string.format('%.0f', arrival), 'PX', math.ceil((arrival - now) / 1000))
    else
        redis.call('DEL', key)
    end
end
return {}
