#!/bin/bash
# timeout: 60
# CELLAR_CONF: the list of options, and a warning for each mistake. Whatever it holds, the program's own
# output stays, and an option that is wrong keeps its default.
. "$(dirname "$0")/lib.sh"
preload_begin sort
seq 2000 >"$preload_input/lines"

# options_run CONF: sort runs on the library; leaves stdout, stderr and the record stats in the folder.
options_run() {
    rm -f stats
    CELLAR_CONF=$1 LD_PRELOAD=$preload_lib sort -n "$preload_input/lines" >stdout 2>stderr || echo "status $?"
    cmp "$preload_input/lines" stdout
}

# With a record: options_expect CONF FIT WARNING...: what the library took, and all that it said.
options_expect() {
    local conf=$1 fit=$2
    shift 2
    options_run "$conf${conf:+,}stats_at_exit:json,stats_file:stats"
    grep -qE "^\{\"cellar_stats\".*\"fit\": ?\"$fit\"" stats || echo "CELLAR_CONF=$conf: fit is not $fit"
    printf '%s\n' "$@" | sed '/^$/d' | diff - stderr | sed "s/^/CELLAR_CONF=$conf: /"
}

unknown_fot='cellar: CELLAR_CONF: unknown key "fot"; see CELLAR_CONF=help:1'
bad_fit='cellar: CELLAR_CONF: fit: bad value "bset"; it must be one of instant, segregated, quick, best, first, next, worst, buddy, fifo, lifo; using instant'

silence() {
    options_run ''
    cat stderr
    options_expect '' instant
    options_expect fit:first first
    options_expect fit:best best
    options_expect fit:best,fit:first first
}

list() {
    options_run help:1
    local key
    for key in help mode fit decay_ms stats_at_exit stats_file; do
        grep -qE "^ *$key\b" stderr || echo "help:1 does not list $key"
    done
    grep -E '^ *fit\b' stderr | grep -q instant || echo "help:1 does not name the default of fit"
}

unknown_key() {
    options_expect fot:best instant "$unknown_fot"
    options_expect fit:best,fot:first best "$unknown_fot"
    options_expect fot:first,fit:best best "$unknown_fot"
}

bad_value() {
    options_expect fit:bset instant "$bad_fit"
    options_expect fot:1,fit:bset instant "$unknown_fot" "$bad_fit"
    options_run decay_ms:soon
    grep -qE '^cellar: CELLAR_CONF: decay_ms: bad value "soon"; .*; using [0-9]+$' stderr ||
        { echo "decay_ms:soon: the warning is:"; cat stderr; }
}

# No exact text is promised for what is hardly an option at all, but each is named, and nothing else
# happens.
malformed() {
    local conf too_large=99999999999999999999
    for conf in fit fit: :best : fit=best 'fit:best first' FIT:best decay_ms:$too_large decay_ms:-1; do
        options_run "$conf"
        grep -q '^cellar: CELLAR_CONF: ' stderr || echo "CELLAR_CONF=$conf: no warning"
        grep -v '^cellar: CELLAR_CONF: ' stderr
    done
    options_run "$(head -c 100000 /dev/zero | tr '\0' x)"
    [ -s stderr ] || echo "a key of 100,000 characters: no warning"
    [ "$(wc -c <stderr)" -lt 2000 ] || echo "a key of 100,000 characters is printed in full"
    options_run "$(seq -s ,fit: 5000)"
}

# A check is a function that prints what is wrong.
options_check() {
    (cd "$preload_work/home" && "$2") >"$preload_work/complaints" 2>&1
    preload_report "$1" "$preload_work/complaints"
}

options_check "nothing is said of good options" silence
options_check "help:1 lists the options" list
options_check "an unknown key" unknown_key
options_check "a bad value" bad_value
options_check "what is no option" malformed
preload_end
