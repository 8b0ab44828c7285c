#!/usr/bin/env bash
# cellar run: the program is left alone, its end is passed on, and the account of it arrives.
# shellcheck disable=SC2016,SC2317 # tap_test calls the functions; what is quoted is for the program's shell
set -u
# shellcheck source=tap.sh
. "$(dirname "$0")/tap.sh"

# bash and perl leave by exit and report; the sh of some systems leaves by _exit and does not.

# The records' folder of every run below: empty once a run has ended.
export TMPDIR=$folder/tmp
mkdir "$TMPDIR"

expect_no_leavings() {
    expect_equal 'what is left in TMPDIR' "$(ls -A "$TMPDIR")" ''
}

# wait_for FILE: until the program under test has written it; half a minute on a busy machine is a failure.
wait_for() {
    local tries=600
    until [ -s "$1" ]; do
        tries=$((tries - 1))
        [ "$tries" -gt 0 ] || expect_failed "the program to write $1" "$(cat "$scratch/err")"
        sleep 0.05
    done
}

program_is_left_alone() {
    run_cellar run -o "$scratch/summary" -- sh -c 'cat; echo out; echo err >&2; exit 7'
    expect_status 7
    expect_equal stdout "$out" out
    expect_equal stderr "$err" err
    local echoed
    echoed=$(printf 'through\n' | "$cellar" run -o "$scratch/summary" -- cat)
    expect_equal 'what went through' "$echoed" through
    expect_no_leavings
}

summary_is_one_screen() {
    run_cellar run -- perl -e 1
    expect_status 0
    expect_equal stdout "$out" ''
    expect_screen summary "$err"
    expect_equal 'the first line' "$(head -n 1 <<<"$err")" 'cellar: perl -e 1'
    expect_match summary "$err" '^  exit 0, wall .*s, user .*s, sys .*s, peak RSS [0-9.]+ [KM]iB$'
    expect_match summary "$err" '^  1 process reported: perl [0-9.]+ MiB$'
    expect_match summary "$err" '^  zone +item +live +buckets +in slabs +slabs +held +requests$'
    expect_match summary "$err" '^  malloc\.'
    expect_match summary "$err" '^  arena +heap, instant fit: '
    expect_match summary "$err" '^  submaps  [1-9]'
    expect_match summary "$err" '^  huge '
    expect_match summary "$err" '^  fragmentation: internal .* %, external .* %, slab .* %, cached .* %$'
}

processes_of_a_tree_report() {
    run_cellar run -- bash -c 'perl -e 1; perl -e "@x = (1) x 1000000"; exit 3'
    expect_status 3
    expect_match summary "$err" '^  exit 3,'
    expect_match summary "$err" '  3 processes reported: perl x2 .* MiB, bash .* MiB$'
    expect_match summary "$err" '^perl, pid '
    expect_screen summary "$err"
}

json_is_the_records() {
    run_cellar run --json -- bash -c 'perl -e 1; perl -e 1; true'
    expect_status 0
    expect_lines stderr "$err" 3
    python3 - "$scratch/err" <<'END' || expect_failed 'three records of three processes' "$err"
import json, sys
with open(sys.argv[1], encoding="utf-8") as file:
    records = [json.loads(line) for line in file]
assert all(record["cellar_stats"] == 1 for record in records)
assert len({record["pid"] for record in records}) == 3
END
}

json_can_be_reported() {
    run_cellar run --json -o "$scratch/records" -- bash -c 'perl -e 1; true'
    expect_status 0
    expect_equal stderr "$err" ''
    run_cellar report --all "$scratch/records"
    expect_status 0
    expect_match report "$out" '^  2 processes reported: '
    expect_equal 'the processes shown' "$(grep -c ', pid ' <<<"$out")" 2
}

full_is_the_long_account() {
    run_cellar run --full -- true
    expect_status 0
    expect_match report "$err" '^zones: '
    expect_match report "$err" '1 - requested / granted \(Knuth\)'
    expect_match report "$err" '^  submap +[1-9]'
}

settings_reach_the_program() {
    export CELLAR_CONF=decay_ms:500
    run_cellar run --conf fit:best --fit first --conf decay_ms:7,fit:best -o "$scratch/summary" -- \
        sh -c 'echo "$CELLAR_CONF"'
    expect_match stdout "$out" \
        "^decay_ms:500,fit:best,fit:first,decay_ms:7,fit:best,stats_at_exit:json,stats_file:$TMPDIR/cellar-[^/]+/[a-z]+$"
    unset CELLAR_CONF
    run_cellar run -o "$scratch/summary" -- sh -c 'echo "$CELLAR_CONF"'
    expect_match stdout "$out" '^stats_at_exit:json,'
}

fit_is_in_force() {
    local fit
    for fit in instant best first; do
        run_cellar run --fit "$fit" -- true
        expect_status 0
        expect_match "summary with $fit" "$err" "^  arena +heap, $fit fit: "
    done
}

bad_settings_are_refused() {
    run_cellar run --conf fit -- true
    expect_refusal 2 "^cellar run: --conf: 'fit' should be KEY:VALUE; usage: cellar run"
    run_cellar run --conf fit:best,,decay_ms:1 -- true
    expect_refusal 2 "^cellar run: --conf: '' should be KEY:VALUE"
    run_cellar run --conf :best -- true
    expect_refusal 2 "^cellar run: --conf: ':best' should be KEY:VALUE"
    run_cellar run --conf fit: -- true
    expect_refusal 2 "^cellar run: --conf: 'fit:' should be KEY:VALUE"
    run_cellar run --conf stats_file:/tmp/mine -- true
    expect_refusal 2 "^cellar run: --conf: 'stats_file:/tmp/mine' is set by the command itself; --json"
    run_cellar run --fit best,limit:1 -- true
    expect_refusal 2 "^cellar run: --fit: 'best,limit:1' is not the name of a fit"
    run_cellar run --fit '' -- true
    expect_refusal 2 "^cellar run: --fit: '' is not the name of a fit"
}

no_program_is_refused() {
    run_cellar run
    expect_refusal 2 '^cellar run: no program given; usage: cellar run'
    run_cellar run --full --
    expect_refusal 2 '^cellar run: no program given; usage: cellar run'
}

options_of_the_program_are_its_own() {
    run_cellar run -o "$scratch/summary" sh -c 'echo "$@"' sh --json
    expect_status 0
    expect_equal stdout "$out" --json
}

preloads_are_kept() {
    local other
    other=$(ldd "$cellar" | awk '/libjansson/ { print $3 }')
    export LD_PRELOAD=$other
    run_cellar run -o "$scratch/summary" -- sh -c 'echo "$LD_PRELOAD"'
    expect_match stdout "$out" "^$other:/.*/libcellar\.so[.0-9]*$"
}

path_that_cannot_be_preloaded() {
    mkdir "$scratch/a folder"
    cp "$build/libcellar.so" "$scratch/a folder/"
    export CELLAR_LIB=$scratch/'a folder/libcellar.so'
    run_cellar run -- true
    expect_refusal 1 "LD_PRELOAD cannot carry a path with a blank or a colon: '.*/a folder/libcellar.so'; set CELLAR_LIB"
}

program_that_cannot_be_run() {
    run_cellar run -- no-such-program
    expect_refusal 127 "^cellar run: cannot run 'no-such-program': No such file"
    run_cellar run -- /etc/passwd
    expect_refusal 126 "^cellar run: cannot run '/etc/passwd': Permission denied"
    expect_no_leavings
}

death_by_signal() {
    run_cellar run -- sh -c 'kill -KILL $$'
    expect_status 137
    expect_match summary "$err" '^  signal 9, wall'
    expect_match summary "$err" '^  no statistics: signal 9 \(Killed\) ended the program'
    expect_no_leavings
}

silent_program() {
    run_cellar run -- perl -MPOSIX -e 'POSIX::_exit(4)'
    expect_status 4
    expect_lines stderr "$err" 3
    expect_match summary "$err" '^  no statistics: the program is static or set-user-ID, or left by _exit$'
    run_cellar run --json -- perl -MPOSIX -e 'POSIX::_exit(4)'
    expect_status 4
    expect_lines stderr "$err" 1
    expect_match stderr "$err" '^  no statistics: '
}

# The program adds a line of its own to the file of the records.
spoil='spool=${CELLAR_CONF##*stats_file:}'

malformed_record() {
    run_cellar run -- sh -c "$spoil"'; echo "{\"cellar_stats\":1," >>"$spool"; exit 5'
    expect_status 5
    expect_match stderr "$err" '^cellar run: the statistics: line 1: not valid JSON at byte'
    expect_no_match stderr "$err" 'no statistics'
    run_cellar run -- sh -c "$spoil"'; perl -e 1; echo "{\"cellar_stats\":2}" >>"$spool"; exit 6'
    expect_status 6
    expect_match stderr "$err" '^cellar run: the statistics: line 2: record version 2'
    expect_match 'what came before is shown' "$err" '^  1 process reported'
    expect_no_leavings
}

# The folder is gone with the run: a process that outlives it leaves nothing in its place.
late_process() {
    local linger='n=600; until [ -e "$0" ] || [ $((n = n - 1)) -eq 0 ]; do sleep 0.05; done; perl -e 1; echo ended >"$1"'
    run_cellar run -- sh -c "($linger) >/dev/null 2>&1 &" "$scratch/go" "$scratch/late"
    expect_status 0
    expect_no_leavings
    : >"$scratch/go"
    wait_for "$scratch/late"
    expect_no_leavings
}

# reap PID: sets status; half a minute without an end is a failure.
reap() {
    local tries=600
    while kill -0 "$1" 2>/dev/null; do
        tries=$((tries - 1))
        if [ "$tries" -eq 0 ]; then
            kill -KILL "$1"
            expect_failed 'the run to end' "$(cat "$scratch/err")"
        fi
        sleep 0.05
    done
    status=0
    wait "$1" || status=$?
}

# forward SIGNAL: the program catches it and ends in its own way.
forward() {
    rm -f "$scratch/ready"
    local catch='trap "exit 9" "$0"; echo ready >"$1"; n=600; while [ $((n = n - 1)) -gt 0 ]; do sleep 0.05; done'
    # A signal that was ignored when a shell began cannot be trapped by it, and nohup ignores HUP.
    env --default-signal="$1" "$cellar" run -- sh -c "$catch" "$1" "$scratch/ready" \
        >"$scratch/out" 2>"$scratch/err" &
    local pid=$!
    wait_for "$scratch/ready"
    kill -s "$1" "$pid"
    reap "$pid"
    err=$(cat "$scratch/err")
    expect_status 9
    expect_match summary "$err" '^  exit 9,'
    expect_no_leavings
}

signals_are_passed_on() {
    local signal
    for signal in TERM HUP USR1 USR2; do
        forward "$signal"
    done
}

# A shell starts background commands with these two ignored, which a trap cannot undo: hence Python.
keys_are_passed_on() {
    python3 - "$cellar" "$scratch/ready" 2>"$scratch/err" <<'END' || expect_failed 'status 9' "$(cat "$scratch/err")"
import os, signal, subprocess, sys, time
cellar, ready = sys.argv[1:]
program = 'trap "exit 9" INT QUIT; echo ready >"$0"; n=600; while [ $((n = n - 1)) -gt 0 ]; do sleep 0.05; done'
keys = signal.SIGINT, signal.SIGQUIT
for number in keys:
    run = subprocess.Popen([cellar, "run", "--", "sh", "-c", program, ready],
                           preexec_fn=lambda: [signal.signal(key, signal.SIG_DFL) for key in keys])
    deadline = time.monotonic() + 30
    while not os.path.exists(ready) or os.path.getsize(ready) == 0:
        assert time.monotonic() < deadline, "the program did not start"
        time.sleep(0.05)
    run.send_signal(number)
    assert run.wait(30) == 9, number
    os.remove(ready)
END
    expect_no_leavings
}

program_that_dies_of_a_passed_signal() {
    "$cellar" run -- sh -c 'echo ready >"$0"; exec sleep 30' "$scratch/ready" >"$scratch/out" 2>"$scratch/err" &
    local pid=$!
    wait_for "$scratch/ready"
    kill -TERM "$pid"
    reap "$pid"
    err=$(cat "$scratch/err")
    expect_status 143
    expect_match summary "$err" '^  signal 15, wall'
    expect_no_leavings
}

signal_state_is_inherited() {
    run_cellar run -o "$scratch/summary" -- grep -E '^Sig(Blk|Ign)' /proc/self/status
    local within=$out
    expect_equal 'the signals blocked and ignored' "$within" "$(grep -E '^Sig(Blk|Ign)' /proc/self/status </dev/null)"
}

unwritable_output() {
    run_cellar run -o "$scratch/nowhere/summary" -- touch "$scratch/ran"
    expect_refusal 1 "^cellar run: cannot write to '$scratch/nowhere/summary': No such file"
    [ ! -e "$scratch/ran" ] || expect_failed 'the program not to run'
    run_cellar run -o /dev/full -- sh -c 'exit 8'
    expect_refusal 8 '^cellar run: writing to /dev/full failed: No space left'
}

unusable_tmpdir() {
    export TMPDIR=$scratch/nowhere
    run_cellar run -- true
    expect_refusal 1 "^cellar run: cannot create a folder in $scratch/nowhere: No such file.*TMPDIR can name another"
    mkdir "$scratch/a,b"
    export TMPDIR=$scratch/a,b
    run_cellar run -o "$scratch/summary" -- sh -c 'echo "$CELLAR_CONF"'
    expect_match stdout "$out" 'stats_file:/tmp/cellar-[^/]+/records$'
}

tap_test 'the program is left alone' program_is_left_alone
tap_test 'the summary is one screen' summary_is_one_screen
tap_test 'the processes of a tree report' processes_of_a_tree_report
tap_test '--json is the records' json_is_the_records
tap_test 'what --json wrote can be reported' json_can_be_reported
tap_test '--full is the long account' full_is_the_long_account
tap_test 'settings reach the program in order' settings_reach_the_program
tap_test '--fit is in force' fit_is_in_force
tap_test 'bad settings are refused' bad_settings_are_refused
tap_test 'no program is refused' no_program_is_refused
tap_test 'options of the program are its own' options_of_the_program_are_its_own
tap_test 'other preloads are kept' preloads_are_kept
tap_test 'a path that cannot be preloaded is refused' path_that_cannot_be_preloaded
tap_test 'a program that cannot be run' program_that_cannot_be_run
tap_test 'death by a signal is told and passed on' death_by_signal
tap_test 'a program without statistics is told' silent_program
tap_test 'a malformed record is told' malformed_record
tap_test 'a process that outlives the run leaves nothing' late_process
tap_test 'signals are passed on' signals_are_passed_on
tap_test 'the signals of keys are passed on' keys_are_passed_on
tap_test 'a program dies of a signal passed on' program_that_dies_of_a_passed_signal
tap_test 'the program inherits the state of signals' signal_state_is_inherited
tap_test 'output that cannot be written' unwritable_output
tap_test 'a TMPDIR that cannot serve' unusable_tmpdir
tap_end
