#!/bin/bash
# timeout: 300
# nginx with a master and two workers, under ab: bodies, compressed and not, are those of the files.
PRELOAD_SETTINGS="default"
. "$(dirname "$0")/lib.sh"
PATH=$PATH:/usr/sbin:/sbin
preload_begin nginx ab curl

configuration() {
    cat <<CONF
daemon off;
master_process on;
worker_processes 2;
pid nginx.pid;
error_log stderr crit;
$([ "$(id -u)" -ne 0 ] || echo "user root;")
events { worker_connections 128; }
http {
    access_log off;
    client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
    gzip on; gzip_types *; gzip_min_length 100;
    server { listen 127.0.0.1:$1; root $PWD; }
}
CONF
}

# Ports are tried until one is free: two runs may be at once.
server_start() {
    for _ in {1..20}; do
        port=$((20000 + RANDOM % 20000))
        configuration "$port" >nginx.conf
        nginx -p "$PWD" -c nginx.conf 2>/dev/null &
        server=$!
        for _ in {1..100}; do
            [ "$(curl -s "http://127.0.0.1:$port/mark")" = "$$-$port" ] && return
            echo "$$-$port" >mark
            kill -0 "$server" 2>/dev/null || break
            sleep 0.05
        done
    done
    echo "no server"
    return 1
}

serve() {
    seq 200000 >large
    seq 100 >small
    server_start
    trap 'kill $server 2>/dev/null' ERR
    curl -s "http://127.0.0.1:$port/large" | cksum
    curl -s --compressed "http://127.0.0.1:$port/large" | cksum
    curl -s -o /dev/null -w '%{http_code}\n' "http://127.0.0.1:$port/gone"
    ab -q -n 4000 -c 16 -k "http://127.0.0.1:$port/small" | grep -E '^(Complete|Failed) requests'
    ab -q -n 200 -c 8 -H 'Accept-Encoding: gzip' "http://127.0.0.1:$port/large" | grep -E '^(Complete|Failed) requests'
    kill -QUIT "$server"
    wait "$server"
    echo "the server ended with status $?"
    rm -rf nginx.conf mark body proxy fastcgi uwsgi scgi
}

preload_scenario "files to ab and curl" serve nginx
preload_end
