#!/bin/bash
# timeout: 120
# sort with 10 MB and several threads, and awk, sed, grep, diff: programs that hold a whole file in memory
# or grow one line at a time.
. "$(dirname "$0")/lib.sh"
preload_begin sort awk sed grep diff

awk 'BEGIN {
    for (i = 0; i < 260000; i++) {
        seed = (seed * 16807 + 12345) % 2147483647
        word = substr("abcdefghijklmnopqrstuvwxyz", 1 + seed % 20, 6)
        printf "%010d %s line %d of the file\n", seed, word, i
    }
}' >"$preload_input/lines"
head -n 30000 "$preload_input/lines" >"$preload_input/some"
sed '5~7d; s/^0*\([0-9]*\)3 /\13 changed /' "$preload_input/some" >"$preload_input/others"

sorting() {
    sort --parallel=4 -S 24M "$preload_input/lines" | cksum
    sort --parallel=2 -S 1M -T . -k 2,2 -k 1,1nr "$preload_input/lines" | cksum
    sort -u -k 2,2 "$preload_input/some"
}

tables() {
    awk '{ count[$2]++; sum[$2] += $1; last[$2, NR % 50] = $0; text = text substr($2, 1, 1) }
        END { for (word in count) print word, count[word], sum[word]; print length(last), length(text) }' \
        "$preload_input/some" | sort
}

editing() {
    sed -E ':a; N; $!{/(\n.*){40}/!ba}; s/\n/;/g; s/([a-z]{6}) line/<\1>/g' "$preload_input/some" | cksum
    grep -nE '(abc|xyz)[a-z]* line [0-9]*7 ' "$preload_input/some" | cksum
    { diff -u --label a --label b "$preload_input/some" "$preload_input/others" || echo "status $?"; } | cksum
}

# RLIMIT_DATA counts what is writable: of the library, little at the start.
limited() {
    ulimit -d 32768
    sort -S 1M -T . -k 2,2 "$preload_input/some" | cksum
}

preload_scenario "sort of 10 MB" sorting sort
preload_scenario "sort with 32 MiB of data" limited sort
preload_scenario "awk" tables awk
preload_scenario "sed, grep, diff" editing sed grep diff
preload_end
