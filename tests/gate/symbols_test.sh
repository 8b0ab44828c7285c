#!/usr/bin/env bash
# shellcheck source=tests/gate/lib.sh
. "$(dirname "$0")/lib.sh"
gate_begin symbols

put abi/symbols.txt cellar_version malloc
gate_fails "nothing built" "gate-symbols: $tree/build/libcellar.so is not built"

# library SOURCE: both libraries, of one line of C.
library() {
    put a.c "$1"
    mkdir -p build
    gcc -fPIC -fno-builtin -c a.c -o a.o
    gcc -shared a.o -o build/libcellar.so
    rm -f build/libcellar.a
    ar rc build/libcellar.a a.o
}

library 'int cellar_version(void){return 1;} void *malloc(unsigned long n){return (void *)n;}'
gate_passes "what the list says"
library 'int cellar_version(void){return 1;}'
gate_fails "a name that is gone" "gate-symbols: libcellar.so does not export malloc, which abi/symbols.txt lists"
library 'int cellar_version, malloc, cellar_extra;'
gate_fails "a name too many" "gate-symbols: libcellar.so exports cellar_extra, which abi/symbols.txt does not list"
library 'int cellar_version, malloc; __attribute__((visibility("hidden"))) int helper, cellar__hidden;'
gate_fails "a foreign name in the archive" \
    "gate-symbols: libcellar.a defines helper: a global name begins with cellar_, or abi/symbols.txt lists it"
library 'int cellar_version, malloc; __attribute__((visibility("hidden"))) int cellar__hidden;'
gate_passes "a private name in the archive"
put abi/symbols.txt malloc cellar_version
gate_fails "a list out of order" "gate-symbols: abi/symbols.txt is not sorted, or has a name twice"
gate_end
