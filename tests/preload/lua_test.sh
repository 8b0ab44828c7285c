#!/bin/bash
# timeout: 120
# lua5.4: tables, strings and closures that come and go.
. "$(dirname "$0")/lib.sh"
preload_begin lua5.4

tables() {
    lua5.4 - <<'LUA'
local function tree(depth) return depth == 0 and {} or {tree(depth - 1), tree(depth - 1)} end
local function count(node) return node[1] and 1 + count(node[1]) + count(node[2]) or 1 end
for depth = 4, 14 do print(depth, count(tree(depth))) end
local words, parts = {}, {}
for i = 1, 60000 do
    local word = string.rep(string.char(97 + i % 26), i % 23)
    words[word] = (words[word] or 0) + i
    parts[#parts + 1] = word
    if #parts > 500 then parts = {table.concat(parts):sub(1, 1000)} end
end
local keys = {}
for key in pairs(words) do keys[#keys + 1] = key end
table.sort(keys)
for _, key in ipairs(keys) do io.write(#key, ":", words[key], " ") end
print(#table.concat(parts))
local closures = {}
for i = 1, 100000 do closures[i % 1000] = function() return i end end
local sum = 0
for i = 0, 999 do sum = sum + closures[i]() end
print(sum)
LUA
}

preload_scenario "tables, strings, closures" tables lua5.4
preload_end
