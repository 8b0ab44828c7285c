#!/usr/bin/env bash
# shellcheck source=tests/gate/lib.sh
. "$(dirname "$0")/lib.sh"
gate_begin tidy

cp "$gate_scripts/../.clang-tidy" .
gate_fails "not built" "gate-tidy: $tree/build/compile_commands.json is missing: build first"
put build/compile_commands.json '[]'
gate_fails "nothing listed" "gate-tidy: no source of src/, tool/, lab/ is in compile_commands.json: nothing was checked"

put build/compile_commands.json \
    "[{\"directory\": \"$tree/build\", \"command\": \"gcc -I$tree/src -c $tree/src/base/a.c\", \"file\": \"$tree/src/base/a.c\"}]"
put src/base/a.h 'int cellar__a(const int *a);' '#define CELLAR_A 1'
put src/base/a.c '#include "base/a.h"' 'int cellar__a(const int *a)' '{' '    return a ? *a : CELLAR_A;' '}'
gate_passes "a file without findings"
gate_passes "the same from the cache"

put src/base/a.h 'int cellar__a(const int *a);' '#define CELLAR_A *a'
gate_run
gate_fails "a fault in a header undoes the cache" \
    "$(grep '^gate-tidy: src/base/a.c:4.*Dereference of null pointer.*core.NullDereference' <<<"$gate_output" || echo 'a null dereference')"
gate_run
gate_fails "a fault is not cached" "$(grep 'core.NullDereference' <<<"$gate_output" || echo 'a null dereference')"
gate_end
