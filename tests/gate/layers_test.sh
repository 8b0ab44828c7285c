#!/usr/bin/env bash
# shellcheck source=tests/gate/lib.sh
. "$(dirname "$0")/lib.sh"
gate_begin layers

put layers.txt '# the order' 'level base' 'level os' 'level arena' 'level zone' 'beside stat on base' 'client tool stat/root.h'
put src/base/a.h '#include <stddef.h>'
put src/base/a.c '#include "base/a.h"' '/* #include "zone/z.h" in a comment is none */'
put src/os/o.h '#include "base/a.h"' '#include "stat/root.h"'
put src/arena/arena_int.h '#include "os/o.h"'
put src/arena/arena.c '#include "arena/arena_int.h"' '#include <cellar/arena.h>'
put src/zone/z.h '#include <cellar/cellar.h>'
put src/stat/root.h '#include "base/a.h"'
put include/cellar/cellar.h '#include <stddef.h>'
put include/cellar/arena.h '#include <cellar/cellar.h>'
put tool/main.c '#include "main.h"' '#include "stat/root.h"' '#include <cellar/cellar.h>'
put tool/main.h '#include <stdio.h>'
put tests/unit/arena_test.c '#include "arena/arena_int.h"'
gate_passes "a tree in order"

# fault TITLE FILE LINE MESSAGE: one line added to one file, and taken back.
fault() {
    local saved=
    if [ -e "$2" ]; then
        saved=$(cat "$2")
    fi
    put "$2" "$3"
    gate_fails "$1" "gate-layers: $4"
    if [ -n "$saved" ]; then
        put "$2" "$saved"
    else
        rm "$2"
    fi
}

fault "an include upward" src/base/a.h '#include "arena/arena.h"' "src/base/a.h:1 includes arena/arena.h: there is no src/arena/arena.h"
put src/arena/arena.h '#include "os/o.h"'
fault "an include upward of a file that exists" src/base/x.h '#  include "arena/arena.h"' \
    "src/base/x.h:1 includes arena/arena.h: arena is above base"
fault "a public header of a level above" src/os/x.c '#include <cellar/arena.h>' \
    "src/os/x.c:1 includes cellar/arena.h: arena is above os"
fault "stat from the level it stands on" src/base/x.c '#include "stat/root.h"' \
    "src/base/x.c:1 includes stat/root.h: stat is above base"
fault "stat on more than it may" src/stat/x.c '#include "os/o.h"' "src/stat/x.c:1 includes os/o.h: stat stands on base only"
fault "a foreign private header" src/zone/x.c '#include "arena/arena_int.h"' \
    "src/zone/x.c:1 includes arena/arena_int.h: it is private to src/arena/"
fault "a .c included" src/zone/x.c '#include "arena/arena.c"' \
    "src/zone/x.c:1 includes arena/arena.c: a .c is a unit of its own"
fault "a .c included by a test" tests/unit/x_test.c '#include "arena/arena.c"' \
    "tests/unit/x_test.c:1 includes arena/arena.c: a .c is a unit of its own"
fault "an include not written from src/" src/zone/x.c '#include "z.h"' \
    'src/zone/x.c:1 includes z.h: write it from src/, "zone/z.h"'
fault "a computed include" src/zone/x.c '#include HEADER' \
    "src/zone/x.c:1 includes HEADER: a computed include cannot be checked"
fault "an include of no level" src/zone/x.c '#include "tool/main.h"' "src/zone/x.c:1 includes tool/main.h: tool is not a level"
fault "a public header that includes a private one" include/cellar/x.h '#include "os/o.h"' \
    "include/cellar/x.h:1 includes os/o.h: a public header includes public headers only, in <>"
fault "the tool looking inside" tool/x.c '#include "zone/z.h"' \
    "tool/x.c:1 includes zone/z.h: tool/ may use public headers and what layers.txt grants it"
fault "an unknown folder" src/attic/x.c '' "src/attic is not in layers.txt"
fault "a line that is no rule" layers.txt 'storey base' "layers.txt:1: not understood: storey base"
rm -r src/attic

put src/zone/p.h '#include "zone/q.h"'
put src/zone/q.h '#include "zone/p.h"'
gate_fails "a cycle" "gate-layers: include cycle: src/zone/p.h -> src/zone/q.h -> src/zone/p.h"
gate_end
