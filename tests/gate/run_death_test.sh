#!/usr/bin/env bash
# A death test fails when the text or the status is another.
# shellcheck source=tests/gate/lib.sh
. "$(dirname "$0")/lib.sh"
gate_begin run-death

# judged TITLE ok|"not ok" COMMENTS "BODY": a source with these comments, a program with this body in place of a compiled one.
judged() {
    local status=0 good=1
    put death.c "$3"
    put program '#!/bin/bash' "$4"
    chmod +x program
    gate_output=$("$gate_scripts/run-death" death.c ./program 2>&1) || status=$?
    if grep -Fxq "$2 1 - death" <<<"$gate_output" && [ "$status" -eq $((${#2} > 2)) ]; then
        good=0
    fi
    gate_point "$1" "$good"
}

expected='/* expect: cellar: free(PTR) in PID
 * second line */
/* status: abort */'
judged "text and status fit" ok "$expected" 'echo "cellar: free(0x7f12) in $$" >&2; echo "second line" >&2; kill -ABRT $$'
judged "another text" "not ok" "$expected" 'echo "cellar: free(0x7f12) in $$" >&2; kill -ABRT $$'
judged "more text" "not ok" "$expected" \
    'echo "cellar: free(0x7f12) in $$" >&2; echo "second line" >&2; echo third >&2; kill -ABRT $$'
judged "another status" "not ok" "$expected" 'echo "cellar: free(0x7f12) in $$" >&2; echo "second line" >&2; exit 1'
judged "it lives" "not ok" "$expected" 'echo "cellar: free(0x7f12) in $$" >&2; echo "second line" >&2'
judged "an exit status" ok '/* expect: no */ /* status: exit 3 */' 'echo no >&2; exit 3'
judged "a signal" ok '/* expect: */ /* status: signal 11 */' 'kill -SEGV $$'
judged "a setting" ok '/* expect: mode:check */ /* status: exit 0 */ /* conf: mode:check */' 'echo "$CELLAR_CONF" >&2'
judged "no setting from outside" ok '/* expect: unset */ /* status: exit 0 */' 'echo "${CELLAR_CONF-unset}" >&2'
judged "no expectation" "not ok" '/* status: exit 0 */' ':'
gate_end
