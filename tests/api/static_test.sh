#!/usr/bin/env bash
# timeout: 300
# The API's tests once more, in programs that are linked with libcellar.a and libc.a and nothing else.
set -euo pipefail
. "$(dirname "$0")/point.sh"

# One malloc in the program, Cellar's: libc's object has names of its own that give it away.
has_one_malloc() {
    nm "$work/test" >"$work/symbols"
    grep -q ' [TW] cellar_malloc$' "$work/symbols" && ! grep -q ' _int_malloc$\| main_arena$' "$work/symbols"
}

# links SOURCE FLAG...: compiles, looks at the symbols, runs.
links() {
    local source=$1
    shift
    gcc -std=gnu17 -w -fno-builtin -pthread -DCELLAR_DEBUG=1 -I "$root/include" -I "$root/src" -I "$root/tests" "$@" \
        "$source" "$build/libcellar.a" -o "$work/test" && has_one_malloc && "$work/test"
}

for flags in "-static" "-static-pie -fPIE"; do
    for name in malloc info trim root zone zone_limit zone_walk; do
        read -ra words <<<"$flags"
        point "$name, ${words[0]}" links "$root/tests/api/${name}_test.c" "${words[@]}"
    done
done
point_end
