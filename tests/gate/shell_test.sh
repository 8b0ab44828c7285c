#!/usr/bin/env bash
# shellcheck source=tests/gate/lib.sh
. "$(dirname "$0")/lib.sh"
gate_begin shell

put scripts/data.txt 'echo $1'
gate_fails "no scripts" "gate-shell: no shell scripts: nothing was checked"
put scripts/a '#!/usr/bin/env bash' 'echo "$1"'
put scripts/b '#!/usr/bin/env python3' 'print($1)'
gate_passes "a script in order"
put .ci/run '#!/bin/sh' 'echo $1'
gate_fails "a fault in .ci" \
    "gate-shell: .ci/run:2:6: note: Double quote to prevent globbing and word splitting. [SC2086]"
put .ci/run '#!/bin/sh'
put tests/lib.sh '# shellcheck shell=bash' 'cd $1'
gate_run
gate_fails "a fault in a part without a first line" "$(grep '^gate-shell: tests/lib.sh:2:.*SC2164' <<<"$gate_output" || echo SC2164)"
gate_end
