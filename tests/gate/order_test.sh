#!/usr/bin/env bash
# shellcheck source=tests/gate/lib.sh
. "$(dirname "$0")/lib.sh"
gate_begin order

put src/base/a.c 'static int a_first(void) { return 0; } /* a_gone() */' 'int a_second(void) { return a_first(); }' \
    'NEW(a, "_Znwm")'
put cmake/order.txt '# what is run' a_second a_first _Znwm
gate_passes "functions that are there"
put cmake/order.txt a_first a_gone
gate_fails "a function that is gone" \
    "gate-order: cmake/order.txt: src/ has no function a_gone: scripts/order prints the list anew"
put cmake/order.txt a_first a_second a_first
gate_fails "a function twice" "gate-order: cmake/order.txt: a_first is there 2 times"
put cmake/order.txt '# what is run'
gate_fails "an empty list" "gate-order: cmake/order.txt names no function"
gate_end
