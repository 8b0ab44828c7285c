#!/usr/bin/env bash
# timeout: 300
# The API's tests once more, in programs that are linked with libcellar.a and libc.a and nothing else.
set -euo pipefail
. "$(dirname "$0")/point.sh"

# One malloc in a program that calls it, Cellar's: libc's object has names of its own that give it away. A program that
# calls zones or arenas alone may have libc's for what libc itself allocates.
has_one_malloc() {
    nm "$work/test" >"$work/symbols"
    if nm -u "$work/test.o" | grep -qE ' (malloc|calloc|realloc|free)$'; then
        grep -q ' [TW] cellar_malloc$' "$work/symbols" && ! grep -q ' _int_malloc$\| main_arena$' "$work/symbols"
    fi
}

# links SOURCE FLAG...: compiles, looks at the symbols, runs.
links() {
    local source=$1
    shift
    gcc -std=gnu17 -w -fno-builtin -pthread -DCELLAR_DEBUG=1 -I "$root/include" -I "$root/src" -I "$root/tests" "$@" \
        -c "$source" -o "$work/test.o" && gcc -pthread "$@" "$work/test.o" "$build/libcellar.a" -o "$work/test" &&
        has_one_malloc && "$work/test"
}

for flags in "-static" "-static-pie -fPIE"; do
    for name in malloc info trim root arena zone zone_limit zone_walk zone_smr smr; do
        read -ra words <<<"$flags"
        point "$name, ${words[0]}" links "$root/tests/api/${name}_test.c" "${words[@]}"
    done
done
point_end
