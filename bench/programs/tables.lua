-- Tables, strings and closures that come and go; the argument is the number of rounds.
local rounds = tonumber(arg[1])

local function tree(depth)
    return depth == 0 and {} or {tree(depth - 1), tree(depth - 1)}
end

local function count(node)
    return node[1] and 1 + count(node[1]) + count(node[2]) or 1
end

local function words_join()
    local seen, parts, total = {}, {}, 0
    for i = 1, 60000 do
        local word = string.char(97 + i % 26):rep(i % 23) .. i % 4096
        seen[word] = (seen[word] or 0) + 1
        parts[#parts + 1] = word
        if #parts > 400 then
            total = total + #table.concat(parts, " ")
            parts = {}
        end
    end
    return total, seen
end

local function closures_call()
    local closures, sum = {}, 0
    for i = 1, 100000 do
        closures[i % 5000] = function() return i end
    end
    for i = 0, 4999 do sum = sum + closures[i]() end
    return sum
end

local kept = tree(15)
for round = 1, rounds do
    local total, seen = words_join()
    print(round, count(tree(14)), total, seen["5"], closures_call())
end
print(count(kept))
