#!/usr/bin/env bash
# timeout: 120
# The workload programs of the allocator bench: each compiles without a warning, does as many operations as it is asked
# for with libc and with Cellar preloaded, prints what bench/result.h promises, refuses bad arguments, and notices an
# allocator that gives one block to all.
set -euo pipefail
# shellcheck source=tests/api/point.sh
. "$(dirname "$0")/../api/point.sh"

# A line for each program: its name and arguments, the last of which is the number of operations.
programs=(
    "buffers 3 20 1024 65536 1001"
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
    "pair 64 100 1000"
    "touch 16 1001"
    "touch 1001 1001"
    "touch 67108864 11"
    "ring 16 7 1001"
    "ring 5242880 8 101"
    "ring mixed-large 16 1001"
    "live 1000 1001"
    "batch 1000 lifo 2500"
    "batch 1000 fifo 2500"
    "batch 100 fifo 1024 65536 250"
    "grow vector 401"
    "grow string 100001"
    "grow big 1"
    "zero 64 10001"
    "zero 4096 1001"
    "zero 1048576 101"
    "align 10001"
    "trees 200001"
    "text 50001"
)

# Bad arguments beside those that program_refuses_bad makes up.
refused=(
    "touch 7 10"
    "ring mixed 16 10"
    "batch 10 filo 10"
    "batch 10 fifo 4 100 10"
    "batch 10 fifo 100 99 10"
    "grow list 10"
    "zero 64 0"
    "align 10 10"
    "phase 0"
    "spike 100"
    "spike 100 huge"
)

read -ra cflags < <(PYTHONPATH=$root/scripts python3 -B -c 'import bench_common; print(*bench_common.CFLAGS)')

program_compile() {
    cc "${cflags[@]}" -Wall -Wextra -Werror -o "$work/$1" "$root/bench/$1.c" -lm
}

printed_has() {
    grep -Eqx -- "$1" "$work/printed"
}

# program_run PRELOAD NAME ARGUMENTS...
program_run() {
    local preload=$1 name=$2
    shift 2
    LD_PRELOAD=$preload timeout 60 "$work/$name" "$@" >"$work/printed" || return 1
    cat "$work/printed"
}

program_counts() {
    program_run "$@" && printed_has 'ns [0-9]+\.[0-9]{3}' && printed_has "operations ${!#}" && ! grep -q idle_rss "$work/printed"
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

# 2^20 / 32 blocks and 2^20 / 48.
phase_counts() {
    program_run "$1" phase 1 && printed_has 'ns [0-9]+\.[0-9]{3}' && printed_has 'operations 54613'
}

crowd_prints() {
    program_run "$1" crowd 3 1000 && test "$(grep -Ec '^(idle_thread|flat)_kib -?[0-9.]+$' "$work/printed")" = 2
}

start_prints() {
    BENCH_IDLE=1 program_run "$1" start && printed_has 'anon_rss_kib [1-9][0-9]*'
}

# The figure of a line `NAME NUMBER` of what was printed.
printed_get() {
    sed -n "s/^$1 \([0-9][0-9]*\)$/\1/p" "$work/printed"
}

# 12 MiB are there at the top of the spike, whose blocks come close to that; the idle second is printed once.
spike_prints() {
    BENCH_IDLE=$3 program_run "$1" spike 12 "$2" && printed_has 'ns [0-9]+\.[0-9]{3}' &&
        printed_has 'operations [1-9][0-9]*' && test "$(printed_get spike_rss_kib)" -gt 5000 &&
        test "$(printed_get idle_rss_kib | wc -l)" = 1 && test "$(printed_get idle_rss_kib)" -gt 0
}

idle_prints() {
    BENCH_IDLE=1 program_run "" "$@" && printed_has 'idle_rss_kib [1-9][0-9]*'
}

# A malloc that has one block for all requests and clears it for none.
fault_compile() {
    cat >"$work/fault.c" <<'C'
#include <stddef.h>
static _Alignas(4096) char block[1 << 27];
void *malloc(size_t size) { (void)size; return block; }
void *calloc(size_t count, size_t size) { (void)count; (void)size; return block; }
void *realloc(void *old, size_t size) { (void)size; return old ? block + (1 << 26) : block; }
void *aligned_alloc(size_t align, size_t size) { (void)align; (void)size; return block + 8; }
int posix_memalign(void **ret, size_t align, size_t size) { (void)align; (void)size; *ret = block + 8; return 0; }
void free(void *old) { (void)old; }
C
    cc -std=gnu17 -O1 -fno-builtin -shared -fPIC -o "$work/fault.so" "$work/fault.c"
}

# A malloc that has one block for all requests of 64 bytes.
fault64_compile() {
    cat >"$work/fault64.c" <<'C'
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
    cc -std=gnu17 -O1 -fno-builtin -shared -fPIC -o "$work/fault64.so" "$work/fault64.c"
}

# fault_caught LIBRARY MESSAGE NAME ARGUMENTS...
fault_caught() {
    local library=$1 message=$2 name=$3 status=0
    shift 3
    timeout 60 env LD_PRELOAD="$work/$library.so" "$work/$name" "$@" >"$work/printed" 2>&1 || status=$?
    cat "$work/printed"
    test "$status" = 1 && grep -q ": .*$message" "$work/printed"
}

compile_once() {
    [ -x "$work/$1" ] || point "$1 compiles" program_compile "$1"
}

for line in "${programs[@]}"; do
    read -ra words <<<"$line"
    compile_once "${words[0]}"
    point "$line" program_counts "" "${words[@]}"
    point "$line, with Cellar" program_counts "$build/libcellar.so" "${words[@]}"
    point "${words[0]} refuses bad arguments" program_refuses_bad "${words[@]:0:${#words[@]}-1}"
done
compile_once phase
compile_once spike
compile_once start
for preload in "" "$build/libcellar.so"; do
    point "crowd 3, preloaded: ${preload##*/}" crowd_prints "$preload"
    point "phase 1, preloaded: ${preload##*/}" phase_counts "$preload"
    point "start, preloaded: ${preload##*/}" start_prints "$preload"
done
point "spike 12 large" spike_prints "" large ""
point "spike 12 small, with Cellar, BENCH_IDLE=1" spike_prints "$build/libcellar.so" small 1
point "touch, BENCH_IDLE=1" idle_prints touch 16 1000
point "sh6, BENCH_IDLE=1" idle_prints sh6 1 1000
for line in "${refused[@]}"; do
    read -ra words <<<"$line"
    point "$line is refused" program_refuses "${words[@]}"
done
point "a faulty malloc compiles" fault_compile
point "a malloc that is faulty for one size compiles" fault64_compile
content='does not hold what was written to it'
point "zero notices" fault_caught fault 'is not 0' zero 8 1000
point "align notices" fault_caught fault 'got 0x' align 1000
point "handover notices" fault_caught fault64 "$content" handover 1 1 64 1000
point "ring notices" fault_caught fault "$content" ring mixed-large 4 1000
point "live notices" fault_caught fault "$content" live 1000 1000
point "batch notices" fault_caught fault "$content" batch 100 lifo 1000
point "phase notices" fault_caught fault "$content" phase 1
point "grow notices: vector" fault_caught fault "$content" grow vector 400
point "grow notices: string" fault_caught fault "$content" grow string 1000
point "grow notices: big" fault_caught fault "$content" grow big 1
point_end
