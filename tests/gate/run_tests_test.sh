#!/usr/bin/env bash
# The runner counts right, and what is not a success is a failure.
# shellcheck source=tests/gate/lib.sh
. "$(dirname "$0")/lib.sh"
gate_begin run-tests

# program NAME LINE...: a program that prints these lines of TAP.
program() {
    local file=$1
    shift
    put "$file" '#!/bin/sh' "cat <<'TAP'" "$@" TAP
    chmod +x "$file"
}

# ends TITLE STATUS "LAST LINE" "SOME OTHER LINE" ARGUMENTS...
ends() {
    local title=$1 want=$2 last=$3 line=$4 status=0 good=1
    shift 4
    gate_output=$("$gate_scripts/run-tests" "$@" 2>&1) || status=$?
    if [ "$status" -eq "$want" ] && [ "$(tail -n 1 <<<"$gate_output")" = "$last" ] &&
        grep -Fxq -- "$line" <<<"$gate_output"; then
        good=0
    fi
    gate_point "$title" "$good"
}

program good 1..2 'ok 1 - one' 'ok 2'
program bad 1..2 'ok 1 - one' '# why' 'not ok 2 - two'
program short 1..3 'ok 1 - one'
program planless 'ok 1 - one'
program empty 1..0
program skips 1..2 'ok 1 - one' 'ok 2 - two # SKIP no python3'
program skipped '1..0 # SKIP no python3'
put crash '#!/bin/sh' 'echo 1..1; echo ok 1; kill -SEGV $$'
put slow '#!/bin/sh' 'echo 1..1; sleep 60'
put status '#!/bin/sh' 'echo 1..1; echo ok 1; exit 3'
chmod +x crash slow status

ends "successes are counted" 0 "2 passed, 0 failed" "2 passed, 0 failed" ./good
ends "a failure is named" 1 "3 passed, 1 failed" "failed: bad: two" ./good ./bad
ends "its output is shown" 1 "1 passed, 1 failed" "     | # why" ./bad
ends "a case is missing" 1 "1 passed, 1 failed" "failed: short: (ran 1 cases, its plan said 3)" ./short
ends "a plan is missing" 1 "1 passed, 1 failed" "failed: planless: (ran 1 cases, its plan said nothing)" ./planless
ends "no cases" 1 "0 passed, 1 failed" "failed: empty: (no cases)" ./empty
ends "a skip is no success" 0 "1 passed, 0 failed, 1 skipped" "skipped: skips: two: SKIP no python3" ./skips
ends "nothing but skips" 1 "0 passed, 0 failed, 1 skipped" "skipped: skipped: SKIP no python3" ./skipped
ends "a signal" 1 "1 passed, 1 failed" "failed: crash: (all cases passed, yet it ended with signal SIGSEGV)" ./crash
ends "an exit status" 1 "1 passed, 1 failed" "failed: status: (all cases passed, yet it ended with exit status 3)" ./status
ends "a file that is not there" 1 "2 passed, 1 failed" "FAIL asan: no file gone.plan" asan=gone.plan ./good

put a.plan "env VALUE=7" "note left out: x" "tap kind/good 5 ./good" "exit gate/seven 5 sh -c 'exit \$((VALUE - 7))'" \
    "exit gate/one 5 sh -c 'exit 1'" "tap kind/slow 0.2 ./slow"
sed -i "s| \./| $tree/|" a.plan
ends "a plan" 1 "3 passed, 2 failed" "failed: x/kind/slow: (killed: it ran longer than 0.2 s)" x=a.plan
ends "a part of a plan" 0 "3 passed, 0 failed" "note left out: x" --only good,seven a.plan
ends "no part of a plan" 1 "0 passed, 0 failed" "0 passed, 0 failed" --only nothing a.plan
put bad.plan 'tap kind/good soon ./good'
ends "a plan with a fault" 1 "0 passed, 1 failed" \
    "FAIL bad.plan:1: not understood: could not convert string to float: 'soon'" bad.plan

put first '#!/bin/sh' "echo 'tap late/good 5 $tree/good' >$tree/late.plan" 'echo 1..1; echo ok 1'
chmod +x first
ends "a plan written by an earlier phase" 0 "3 passed, 0 failed" "3 passed, 0 failed" -j 1 ./first --then late.plan
gate_end
