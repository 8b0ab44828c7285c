#!/usr/bin/env bash
# shellcheck source=tests/gate/lib.sh
. "$(dirname "$0")/lib.sh"
project=$(cd "$(dirname "$0")/../.." && pwd)
gate_begin freestanding

gate_fails "no sources" "gate-freestanding: no src/buddy/*.c: nothing was checked"

mkdir -p include tests/freestanding
cp "$project/tests/freestanding/start.c" tests/freestanding/
put examples/fixed_pool.c '/*' ' * prints:' ' *     pool 3' ' */' 'void report(const char *what, unsigned long value);' \
    'int cellar_a(int x);' 'int main(void) { report("pool", cellar_a(2)); return 0; }'
put src/buddy/a.c 'int cellar_a(int x);' 'int cellar_a(int x) { return x + 1; }'
gate_passes "a buddy that needs nothing, and its example"

put src/buddy/b.c '#include <stddef.h>' 'void *malloc(size_t size);' 'void *cellar_b(void);' \
    'void *cellar_b(void) { return malloc(4); }'
gate_fails "a call of malloc" "gate-freestanding: native: src/buddy needs malloc"
put src/buddy/b.c 'extern __thread int cellar_c;' 'int cellar_b(void);' 'int cellar_b(void) { return cellar_c; }'
gate_run
gate_fails "a thread's variable" "$(grep -m 1 'native: src/buddy needs .*cellar_c' <<<"$gate_output" || echo 'nothing about cellar_c')"
put src/buddy/b.c '#include <stdio.h>' 'int cellar_b(void);' 'int cellar_b(void) { return 1 }'
gate_run
gate_fails "what does not compile" \
    "$(grep -m 1 'native: src/buddy/b.c does not compile: .*expected' <<<"$gate_output" || echo 'nothing about b.c')"
rm src/buddy/b.c

case $(gcc -dumpmachine) in
x86_64-* | i?86-*)
    put src/buddy/a.c 'int cellar_a(int x);' 'int cellar_a(int x) { return x + 2; }'
    gate_fails "an example that prints something else" \
        "gate-freestanding: native: the example prints something else than it promises"
    sed -i 's/return 0/return 7/' examples/fixed_pool.c
    gate_fails "an example that fails" "gate-freestanding: native: the example ends with status 7"
    sed -i 's/main/main(void); int printf(const char *, ...); int cellar_main/' examples/fixed_pool.c
    gate_run
    gate_fails "an example that does not link" \
        "$(grep -m 1 'native: the example cannot be linked: ' <<<"$gate_output" || echo 'nothing about the link')"
    ;;
esac

# The real ones, with another compiler, and for one target alone.
status=0
gate_output=$(CC=clang "$gate_scripts/gate-freestanding" "$project" "$tree/build" 2>&1) || status=$?
gate_point "the buddy by clang" "$status"
status=0
gate_output=$(CC=clang TARGET_FLAGS="--target=thumbv7m-none-eabi -mthumb" \
    "$gate_scripts/gate-freestanding" "$project" "$tree/board" 2>&1) || status=$?
gate_point "the buddy for a board" "$status"
if [ -e "$tree/board/freestanding/clang/libcellar-buddy.a" ]; then status=0; else status=1; fi
gate_point "its archive" "$status"
gate_end
