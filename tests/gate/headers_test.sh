#!/usr/bin/env bash
# shellcheck source=tests/gate/lib.sh
. "$(dirname "$0")/lib.sh"
gate_begin headers

gate_fails "no headers at all" "gate-headers: no files match include/*.h src/*.h: nothing was checked"
put include/cellar/a.h '#ifndef A_H' '#define A_H' '#include <stddef.h>' 'size_t cellar_a(size_t size);' '#endif'
put src/base/b.h '#ifndef B_H' '#define B_H' '#include <cellar/a.h>' 'struct cellar__b { typeof(1) b; };' '#endif'
gate_passes "headers that stand alone"

put src/base/c.h '#ifndef C_H' '#define C_H' 'size_t cellar__c(void);' '#endif'
gate_fails "a private header that lacks an include" \
    "gate-headers: src/base/c.h does not compile alone as gnu17: src/base/c.h:3:1: error: unknown type name ‘size_t’"
put src/base/c.h 'enum { CELLAR_C };'
gate_fails "a header without a guard" \
    "gate-headers: src/base/c.h does not compile alone as gnu17: src/base/c.h:1:8: error: redeclaration of enumerator ‘CELLAR_C’"
rm src/base/c.h

put include/cellar/d.h '#ifndef D_H' '#define D_H' 'int cellar_d(int class);' '#endif'
gate_run
gate_fails "a public header that is not C++" "$(grep 'as C++17' <<<"$gate_output" || echo 'nothing about C++17')"
put include/cellar/d.h '#ifndef D_H' '#define D_H' 'static inline int cellar_d(a) int a; { return a; }' '#endif'
gate_run
gate_fails "a public header that is not C23" "$(grep 'as C23' <<<"$gate_output" || echo 'nothing about C23')"
put include/cellar/d.h '#ifndef D_H' '#define D_H' 'static inline void cellar_d(void) { typeof(1) d = 2; (void)d; }' '#endif'
gate_run
gate_fails "a public header that is not C17" "$(grep 'as C17' <<<"$gate_output" || echo 'nothing about C17')"
gate_end
