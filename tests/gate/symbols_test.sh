#!/usr/bin/env bash
# shellcheck source=tests/gate/lib.sh
. "$(dirname "$0")/lib.sh"
gate_begin symbols

put abi/symbols.txt cellar_version malloc
gate_fails "nothing built" "gate-symbols: $tree/build/libcellar.so is not built"

# build NAME SOURCE: a shared and a static library of one line of C.
build() {
    put a.c "$2"
    mkdir -p build
    gcc -fPIC -fno-builtin -c a.c -o a.o
    gcc -shared a.o -o "build/$1.so"
    rm -f "build/$1.a"
    ar rc "build/$1.a" a.o
}

# library SOURCE: libcellar of that source, beside a libcellar-api that is as it should be.
library() {
    build libcellar "$1"
    build libcellar-api 'int cellar_version(void){return 1;}'
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
build libcellar-api 'int cellar_version, malloc;'
gate_fails "malloc in the API-only library" \
    "gate-symbols: libcellar-api.so exports malloc, which abi/symbols.txt does not list"
library 'int cellar_version, malloc;'
put abi/symbols.txt malloc cellar_version
gate_fails "a list out of order" "gate-symbols: abi/symbols.txt is not sorted, or has a name twice"
gate_end
