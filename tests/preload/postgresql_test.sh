#!/bin/bash
# timeout: 300
# PostgreSQL: a cluster from initdb, a server on a socket only, pgbench, and what psql reads back.
PRELOAD_SETTINGS="fit:instant" # records, not the linker's log: that is written by another user
. "$(dirname "$0")/lib.sh"
for folder in /usr/lib/postgresql/*/bin; do
    PATH=$folder:$PATH
done
preload_begin initdb postgres psql pgbench setpriv

# The server refuses to run as root: then it is nobody's, with the library where nobody can read it.
as_user=()
if [ "$(id -u)" -eq 0 ]; then
    as_user=(setpriv --reuid=65534 --regid=65534 --clear-groups)
    chmod 755 "$preload_work"
    cp "$(readlink -f "$preload_lib")" "$preload_input/libcellar.so"
    chmod -R a+rX "$preload_input"
    preload_lib=$preload_input/libcellar.so
fi

query() {
    "${as_user[@]}" psql -X -q -A -t -h "$PWD" -U tester -d "$1" -c "$2"
}

server_start() {
    : >"$preload_work/proof/stats"
    chmod 666 "$preload_work/proof/stats"
    chmod 777 .
    "${as_user[@]}" initdb -D data -A trust -U tester -E UTF8 --locale=C --no-sync >/dev/null
    "${as_user[@]}" postgres -D data -k "$PWD" -c listen_addresses= -c fsync=off 2>/dev/null &
    server=$!
    trap 'kill -QUIT $server 2>/dev/null' ERR
    for _ in {1..200}; do
        query postgres 'select 1' >/dev/null 2>&1 && return
        sleep 0.05
    done
    echo "the server does not answer"
    return 1
}

bench() {
    server_start
    query postgres 'create database bench'
    "${as_user[@]}" pgbench -h "$PWD" -U tester -i -s 1 -q bench >/dev/null 2>&1
    "${as_user[@]}" pgbench -h "$PWD" -U tester -n -c 4 -t 150 bench | grep 'transactions actually processed'
    query bench 'select sum(abalance) = (select sum(bbalance) from pgbench_branches),
                        sum(abalance) = (select sum(delta) from pgbench_history) from pgbench_accounts'
    query bench "create table words as select i, md5(i::text) w, repeat('x', i % 500) filler from generate_series(1, 20000) i;
                 create index on words (w);"
    query bench 'select count(*), min(w), max(w), sum(length(filler)) from words'
    query bench "select left(w, 2), count(*), string_agg(i::text, ',' order by i desc) from words group by 1 order by 1" | cksum
    query bench 'select jsonb_agg(t order by i) from words t where i % 97 = 0' | cksum
    kill -INT "$server"
    wait "$server"
    echo "the server ended with status $?"
    rm -rf data
}

preload_scenario "initdb, pgbench, queries" bench initdb postgres pgbench
preload_end
