#!/usr/bin/env bash
# timeout: 120
# The workload programs of the allocator bench: each compiles without a warning, does as many operations as it is asked
# for with libc and with Cellar preloaded, prints what bench/result.h promises, and refuses bad arguments.
set -euo pipefail
# shellcheck source=tests/api/point.sh
. "$(dirname "$0")/../api/point.sh"

# A line for each program: its name and arguments, the last of which is the number of operations.
programs=(
    "crowd 3 1000"
    "handover 2 1 64 1001"
    "handover 1 2 0 1001"
    "larson 3 8 1000 10 1001"
    "mstress 3 30001"
    "rptest 3 25 10001"
    "scratch 3 8 2 9 1001"
    "sh6 3 10001"
    "sh8 3 10001"
    "thrash 3 8 2 9 1001"
    "threads 4 31"
)

read -ra cflags < <(PYTHONPATH=$root/scripts python3 -B -c 'import bench_common; print(*bench_common.CFLAGS)')

program_compile() {
    cc "${cflags[@]}" -Wall -Wextra -Werror -o "$work/$1" "$root/bench/$1.c" -lm
}

# program_run PRELOAD NAME ARGUMENTS...
program_run() {
    local preload=$1 name=$2
    shift 2
    LD_PRELOAD=$preload timeout 60 "$work/$name" "$@" >"$work/printed" || return 1
    cat "$work/printed"
    grep -Eqx 'ns [0-9]+\.[0-9]{3}' "$work/printed" && grep -qx "operations ${!#}" "$work/printed" &&
        { [ "$name" != crowd ] || grep -Ec '^(idle_thread|flat)_kib -?[0-9.]+$' "$work/printed" | grep -qx 2; }
}

program_refuses() {
    local name=$1 status=0
    shift
    "$work/$name" "$@" >"$work/printed" 2>&1 || status=$?
    cat "$work/printed"
    test "$status" = 2 && grep -q "^usage: $name" "$work/printed"
}

# Without an operation, and with one that is no number.
program_refuses_bad() {
    program_refuses "$1" && program_refuses "$@" none
}

idle_line() {
    BENCH_IDLE=1 program_run "" sh6 1 1000 && grep -Eqx 'idle_rss_kib [1-9][0-9]*' "$work/printed"
}

# A malloc that has one block for all requests of 64 bytes.
fault_compile() {
    cat >"$work/fault.c" <<'C'
#include <stddef.h>
#include <string.h>
static _Alignas(16) char heap[1 << 22];
static size_t used = 64;
void *malloc(size_t size)
{
    return size == 64 ? heap : heap + __atomic_fetch_add(&used, (size + 15) & ~(size_t)15, __ATOMIC_RELAXED);
}
void *calloc(size_t count, size_t size) { return malloc(count * size + 65); }
void *realloc(void *block, size_t size) { void *other = malloc(size + 65); return block ? memcpy(other, block, size) : other; }
void free(void *block) { (void)block; }
C
    cc -std=gnu17 -O1 -fno-builtin -shared -fPIC -o "$work/fault.so" "$work/fault.c"
}

fault_caught() {
    local status=0
    LD_PRELOAD=$work/fault.so timeout 60 "$work/handover" 1 1 64 1000 >"$work/printed" 2>&1 || status=$?
    cat "$work/printed"
    test "$status" = 1 && grep -q 'was changed by another owner' "$work/printed"
}

for line in "${programs[@]}"; do
    read -ra words <<<"$line"
    name=${words[0]}
    [ -x "$work/$name" ] || point "$name compiles" program_compile "$name"
    point "$line" program_run "" "${words[@]}"
    point "$line, with Cellar" program_run "$build/libcellar.so" "${words[@]}"
    point "$name refuses bad arguments" program_refuses_bad "${words[@]:0:${#words[@]}-1}"
done
point "BENCH_IDLE=1 prints what is held" idle_line
point "a faulty malloc compiles" fault_compile
point "a block that two own is noticed" fault_caught
point_end
