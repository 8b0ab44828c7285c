#!/usr/bin/env bash
# shellcheck source=tests/gate/lib.sh
. "$(dirname "$0")/lib.sh"
gate_begin format

cp "$gate_scripts/../.clang-format" .
gate_fails "no files" "gate-format: no C files: nothing was checked"
put src/base/a.c 'int cellar__a(void)' '{' '    return 1;' '}'
gate_passes "a file in order"
put tool/b.h 'int  b(void);'
gate_fails "a file out of order" "gate-format: tool/b.h is not formatted: make format"
git init -q
put .gitignore /tool/
gate_passes "a file that git ignores"
put .gitignore /src/ /tool/
gate_fails "git ignores all" "gate-format: no C files: nothing was checked"
gate_end
