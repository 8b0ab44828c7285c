#!/usr/bin/env bash
# shellcheck source=tests/gate/lib.sh
. "$(dirname "$0")/lib.sh"
gate_begin lengths

# lines N TEXT: the text N times.
lines() {
    yes "$2" | head -n "$1" || true
}

# function_file LINES: one function of that many lines in src/base/a.c.
function_file() {
    put src/base/a.c '#include "base/a.h"' '' 'static const int table[] = {' '    1,' '};' '' \
        'static int' 'long_function(int a,' '              int b)' '{' "$(lines $(($1 - 5)) '    a += table[0];')" '}'
}

gate_fails "no files" "gate-lengths: no files match *.c *.h *.cc scripts/* *.py *.sh: nothing was checked"
function_file 60
put src/base/b.c "$(lines 600 'extern int b;')"
gate_passes "60 and 600 lines"

function_file 61
gate_fails "a function of 61 lines" "gate-lengths: src/base/a.c:long_function has 61 lines, the limit is 60"
put scripts/lengths.ratchet '# why' 'src/base/a.c:long_function 61'
gate_passes "a function in the ratchet"
function_file 62
gate_fails "it grows" "gate-lengths: src/base/a.c:long_function has grown to 62 lines, the ratchet holds it at 61"
put scripts/lengths.ratchet 'src/base/a.c:long_function 63'
gate_fails "it shrinks" "gate-lengths: src/base/a.c:long_function has shrunk to 62 lines: lower it in scripts/lengths.ratchet"
function_file 20
gate_fails "it comes within the limit" \
    "gate-lengths: src/base/a.c:long_function has 20 lines, within the limit: take it off scripts/lengths.ratchet"
put scripts/lengths.ratchet 'src/base/a.c:gone 63'
gate_fails "it is gone" "gate-lengths: scripts/lengths.ratchet lists src/base/a.c:gone, which does not exist"
rm scripts/lengths.ratchet

put src/base/b.c "$(lines 601 'extern int b;')"
gate_fails "a file of 601 lines" "gate-lengths: src/base/b.c has 601 lines, the limit is 600"
rm src/base/b.c
put tests/unit/a_test.c 'TEST(long_test)' '{' "$(lines 60 '    CHECK(1);')" '}'
gate_fails "a test of 63 lines" "gate-lengths: tests/unit/a_test.c:long_test has 63 lines, the limit is 60"
gate_end
