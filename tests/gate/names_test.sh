#!/usr/bin/env bash
# shellcheck source=tests/gate/lib.sh
. "$(dirname "$0")/lib.sh"
gate_begin names

gate_fails "no files" "gate-names: no files match *.c *.h *.cc: nothing was checked"
put src/base/a.c '#define _GNU_SOURCE' '_Static_assert(1, "");' 'static _Thread_local int a = 1;' \
    'extern int cellar__b(size_t n) __attribute__((cold));' 'int cellar__b(size_t n)' '{' '    return _exit(n), (int)__rseq_offset;' '}' \
    '/* _old() and type_t; in a comment */'
gate_passes "names in order"

# fault TITLE LINE MESSAGE: one line in a file of its own.
fault() {
    put src/base/x.c "$2"
    gate_fails "$1" "gate-names: src/base/x.c:1: $3"
    rm src/base/x.c
}

fault "a function with a leading underscore" 'static int _x(void);' "_x has a leading underscore"
fault "a variable with two" 'int __x = 1;' "__x has a leading underscore"
fault "a macro with a leading underscore" '#define _X 1' "macro _X has a leading underscore"
fault "a type ending in _t" 'typedef struct x x_t;' "type x_t ends in _t"
fault "a type that hides a pointer" 'typedef struct x *x_ref;' "type x_ref hides a pointer"
fault "an unfinished mark" "/* TO""DO: all of it */" "unfinished mark TO""DO"
fault "a path of a machine" "#include \"/ro""ot/x.h\"" "path of a machine: /ro""ot/"
put docs/a.md "See /wo""rk/x."
gate_fails "a path of a machine in a document" "gate-names: docs/a.md:1: path of a machine: /wo""rk/"
gate_end
