-- SPDX-License-Identifier: MIT
-- random.lua - a generator of its own (splitmix64, Steele, Lea and Flood 2014), so that the same
-- seed gives the same text with every Lua and on every machine. State: one 64-bit integer,
-- wrapping.
--
-- Order must never come from pairs() (it changes from run to run) nor from table.sort on equal
-- keys (its pivot is random in large tables): whoever uses this keeps to arrays and total orders.
local Random = {}
Random.__index = Random

function Random.new(seed)
    return setmetatable({ state = seed }, Random)
end

function Random:next()
    self.state = self.state + 0x9E3779B97F4A7C15
    local z = self.state
    z = (z ~ (z >> 30)) * 0xBF58476D1CE4E5B9
    z = (z ~ (z >> 27)) * 0x94D049BB133111EB
    return z ~ (z >> 31)
end

-- A real in [0, 1).
function Random:real()
    return (self:next() >> 11) * 2.0 ^ -53
end

-- An integer in low..high.
function Random:int(low, high)
    return low + math.floor(self:real() * (high - low + 1))
end

function Random:choice(list)
    return list[self:int(1, #list)]
end

function Random:shuffle(list)
    for i = #list, 2, -1 do
        local j = self:int(1, i)
        list[i], list[j] = list[j], list[i]
    end
    return list
end

-- n different entries of list (all of them if it is shorter), in random order.
function Random:sample(list, n)
    local pool, out = table.move(list, 1, #list, 1, {}), {}
    for i = 1, math.min(n, #pool) do
        local j = self:int(i, #pool)
        pool[i], pool[j] = pool[j], pool[i]
        out[i] = pool[i]
    end
    return out
end

-- One of {{item, weight}, ..}.
function Random:weighted(pairs_of)
    local sum = 0
    for _, p in ipairs(pairs_of) do
        sum = sum + p[2]
    end
    local at = self:real() * sum
    for _, p in ipairs(pairs_of) do
        at = at - p[2]
        if at < 0 then
            return p[1]
        end
    end
    return pairs_of[#pairs_of][1]
end

return Random
