#!/usr/bin/env bash
# The list of files that the gates look at: with git and without.
# shellcheck source=tests/gate/lib.sh
. "$(dirname "$0")/lib.sh"
gate_begin list-files

# lists TITLE "FILES" PATTERN...
lists() {
    local title=$1 want=$2 good=1
    shift 2
    gate_output=$("$gate_scripts/list-files" "$tree" "$@" | tr '\n' ' ')
    if [ "$gate_output" = "$want" ]; then
        good=0
    fi
    gate_point "$title" "$good"
}

put a.c
put src/base/b.c
put src/base/b.h
put build/c.c
put scripts/d
lists "without git" "a.c src/base/b.c " '*.c'
lists "a folder without git" "scripts/d src/base/b.h " 'src/*.h' 'scripts/*'
git init -q
put .gitignore /build/
lists "with git" "a.c src/base/b.c " '*.c'
lists "a folder with git" "scripts/d src/base/b.h " 'src/*.h' 'scripts/*'
git add a.c
rm a.c
lists "a file that is deleted" "src/base/b.c " '*.c'
gate_end
