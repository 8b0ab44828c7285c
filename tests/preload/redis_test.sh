#!/bin/bash
# timeout: 300
# redis-server under redis-benchmark, and what redis-cli reads back after a scripted workload of all types.
PRELOAD_SETTINGS="default mode:harden"
. "$(dirname "$0")/lib.sh"
preload_begin redis-server redis-cli redis-benchmark

# A server in this folder, on a socket only; $server is its process.
server_start() {
    redis-server --port 0 --unixsocket "$PWD/socket" --save "" --appendonly no --databases 4 >/dev/null &
    server=$!
    trap 'kill -9 $server 2>/dev/null' ERR
    for _ in {1..200}; do
        redis-cli -s socket ping 2>/dev/null | grep -q PONG && return
        sleep 0.05
    done
    echo "the server does not answer"
    return 1
}

server_end() {
    redis-cli -s socket shutdown nosave
    wait "$server"
    echo "the server ended with status $?"
}

workload() {
    local i
    for i in {1..3000}; do
        echo "set key:$i $(printf '%*s' $((i % 300)) x)"
        echo "lpush list:$((i % 50)) item-$i"
        echo "hset hash:$((i % 40)) field-$((i % 200)) $i"
        echo "zadd zset $((i * 7919 % 1009)) member-$i"
        echo "sadd set:$((i % 7)) $((i * 31 % 500))"
        echo "append text $i,"
        ((i % 3)) || echo "del key:$((i / 3))"
    done
}

types() {
    server_start
    workload | redis-cli -s socket | cksum
    redis-cli -s socket dbsize
    redis-cli -s socket zrange zset 0 -1 withscores | cksum
    redis-cli -s socket sort list:7 alpha | cksum
    redis-cli -s socket hgetall hash:3 | sort | cksum
    redis-cli -s socket smembers set:5 | sort -n | cksum
    redis-cli -s socket get text | cksum
    redis-cli -s socket eval "local t = {} for i = 1, 5000 do t[i] = i .. 'x' end return #table.concat(t)" 0
    server_end
}

benchmark() {
    server_start
    redis-benchmark -s socket -q -n 20000 -c 20 -P 4 -t set,get,incr,lpush,lpop,sadd,hset,zadd,mset,lrange_100 |
        tr '\r' '\n' | sed -n 's/^\([A-Z_0-9 ()a-z]*\): [0-9.]* requests per second.*/\1/p'
    redis-cli -s socket flushall
    redis-cli -s socket dbsize
    server_end
}

preload_scenario "all types" types redis-server
preload_scenario "redis-benchmark" benchmark redis-server
preload_end
