#!/usr/bin/env bash
# timeout: 300
# The API's tests once more, in programs that open libcellar.so with dlopen, as a plugin host or a language runtime does:
# every symbol of abi/symbols.txt that a test calls becomes a jump through an address that dlsym gave. libc's malloc
# stays the program's own, so that each block that libc makes there is foreign to Cellar.
set -euo pipefail
export LC_ALL=C
. "$(dirname "$0")/point.sh"

# trampolines SYMBOL...: assembly that defines via_SYMBOL, a jump through slot_SYMBOL.
trampolines() {
    local symbol
    for symbol; do
        cat <<END
.text; .globl via_$symbol; .type via_$symbol, %function
via_$symbol:
#if defined __x86_64__
    jmp *slot_$symbol(%rip)
#elif defined __aarch64__
    adrp x16, slot_$symbol; ldr x16, [x16, :lo12:slot_$symbol]; br x16
#endif
.data; .balign 8; .globl slot_$symbol
slot_$symbol: .quad 0
END
    done
    echo '.section .note.GNU-stack,"",%progbits'
}

# opener SYMBOL...: C that fills the slots before main.
opener() {
    local symbol
    cat <<'END'
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
__attribute__((constructor(100))) static void open_cellar(void) /* before those of the tests */
{
    void *library = dlopen(getenv("CELLAR_LIBRARY"), RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        puts(dlerror());
        exit(1);
    }
END
    for symbol; do
        echo "    extern void *slot_$symbol;"
        echo "    if (!(slot_$symbol = dlsym(library, \"$symbol\"))) exit(2);"
    done
    echo "}"
}

# opens NAME: compiles tests/api/NAME_test.c, turns its calls of the library into jumps, runs it.
opens() {
    local symbols symbol renames=()
    gcc -std=gnu17 -w -c -fno-builtin -DCELLAR_DEBUG=1 -I "$root/include" -I "$root/src" -I "$root/tests" \
        "$root/tests/api/$1_test.c" -o "$work/test.o"
    nm -u "$work/test.o" | awk '{ print $2 }' | sort | comm -12 - <(sort "$root/abi/symbols.txt") >"$work/symbols"
    mapfile -t symbols <"$work/symbols"
    [ "${#symbols[@]}" -gt 1 ] || return 1
    for symbol in "${symbols[@]}"; do
        renames+=(--redefine-sym "$symbol=via_$symbol")
    done
    objcopy "${renames[@]}" "$work/test.o"
    trampolines "${symbols[@]}" >"$work/via.S"
    opener "${symbols[@]}" >"$work/open.c"
    gcc -pthread "$work/test.o" "$work/via.S" "$work/open.c" -o "$work/test"
    CELLAR_LIBRARY=$build/libcellar.so "$work/test"
}

for name in malloc info trim arena zone zone_limit zone_walk zone_smr smr; do
    point "$name, opened with dlopen" opens "$name"
done
point_end
