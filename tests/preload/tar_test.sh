#!/bin/bash
# timeout: 120
# tar, gzip and xz with threads, whose blocks are of many megabytes, and find over a deep tree.
. "$(dirname "$0")/lib.sh"
preload_begin tar gzip xz find

for i in {1..40}; do
    twig=$preload_input/tree/branch$((i % 7))/twig$((i % 5))
    mkdir -p "$twig/leaf$i"
    seq $((i * 100)) $((i * 160)) >"$twig/leaf$i/numbers"
    ln -s "leaf$i/numbers" "$twig/link$i"
done
seq 1 400000 >"$preload_input/tree/large"

archives() {
    tar -C "$preload_input" --sort=name --mtime=@1700000000 --owner=0 --group=0 --numeric-owner \
        -cf tree.tar tree
    gzip -9nk tree.tar
    xz -6k -T 2 --block-size=1MiB tree.tar
    gzip -dc tree.tar.gz | cmp - tree.tar
    xz -dc tree.tar.xz | tar -tvf -
    mkdir out
    tar -C out -xf tree.tar.xz
}

walk() {
    cd "$preload_input" || return
    find tree \( -name 'leaf*' -o -type l -o -size +1k \) -printf '%P %y %l\n' | sort
    find tree -type f -exec cksum {} +| sort
    find tree -regex '.*/twig[0-3]/.*' -newermt 1990-01-01 -print0 | tr '\0' '\n' | sort
}

preload_scenario "archives, packed and unpacked" archives tar gzip xz
preload_scenario "find" walk find
preload_end
