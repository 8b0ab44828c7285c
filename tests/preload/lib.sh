# shellcheck shell=bash
# Real programs on Cellar: the library is preloaded, and whatever a program prints, writes and returns must
# stay as it is without the library, byte for byte.
#
#     . "$(dirname "$0")/lib.sh"
#     preload_begin sqlite3                             # the programs needed; without them it is skipped
#     joins() { sqlite3 :memory: 'select 1'; }          # runs in an empty folder, under set -eu, no input
#     preload_scenario "sqlite3 joins" joins sqlite3    # a title, the function, programs it must have run
#     preload_end
#
# A scenario is run once without the library, which must succeed, and once under each setting. Its folder has
# the same path each time. Compared are stdout, stderr, the exit status and all files that it leaves.
#
# Nor can the test pass without the library. With CELLAR_CONF unset, the dynamic linker's own log must show
# that malloc of each named program was bound to the library; under a setting, each must have written a
# statistics record that names the program and the setting's fit policy and has served requests.
#
# Each run is timed, and the peak RSS of its largest process taken: those without the library and under the first
# setting are shown side by side (a line `# measure:`), and scripts/run-tests makes a table of them. Nothing depends on
# the figures.
#
# Environment: CELLAR_LIB, the library (default libcellar.so in $CELLAR_BUILD, or in build/);
# PRELOAD_SETTINGS, words that are each `default` (CELLAR_CONF is unset) or a value for CELLAR_CONF.

preload_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
preload_lib=${CELLAR_LIB:-${CELLAR_BUILD:-$preload_root/build}/libcellar.so}
preload_lib=$(realpath -m "$preload_lib")
preload_settings=${PRELOAD_SETTINGS:-default fit:best fit:first fit:instant}
preload_count=0
preload_failed=0

# preload_begin PROGRAM...: the temporary folders $preload_work and $preload_input, and an environment without
# surprises.
preload_begin() {
    local program
    for program; do
        if ! command -v "$program" >/dev/null; then
            echo "1..0 # SKIP $program is not installed"
            exit 0
        fi
    done
    if [ ! -f "$preload_lib" ]; then
        printf '1..1\nnot ok 1 - the library is there\n# no file %s\n' "$preload_lib"
        exit 1
    fi
    preload_work=$(mktemp -d "${TMPDIR:-/tmp}/cellar-preload.XXXXXX")
    trap 'rm -rf "$preload_work"' EXIT
    preload_input=$preload_work/input
    mkdir "$preload_input" "$preload_work/home" "$preload_work/proof"
    unset CELLAR_CONF LD_PRELOAD LD_DEBUG LD_DEBUG_OUTPUT
    export LC_ALL=C TZ=UTC HOME=$preload_work/home
}

preload_end() {
    echo "1..$preload_count"
    [ "$preload_failed" -eq 0 ]
    exit
}

# preload_report TITLE FILE: one point of TAP; it fails when FILE holds complaints.
preload_report() {
    preload_count=$((preload_count + 1))
    if [ -s "$2" ]; then
        preload_failed=$((preload_failed + 1))
        echo "not ok $preload_count - $1"
        head -n 30 "$2" | cut -c 1-300 | sed 's/^/# /'
    else
        echo "ok $preload_count - $1"
    fi
}

# preload_skip TITLE REASON: a point that could not be tested here.
preload_skip() {
    preload_count=$((preload_count + 1))
    echo "ok $preload_count - $1 # SKIP $2"
}

# preload_scenario TITLE FUNCTION PROGRAM...: a point for each setting.
preload_scenario() {
    local title=$1 scenario=$2 setting complaints=$preload_work/complaints
    shift 2
    preload_run "$scenario" none
    if [ "$(cat "$preload_work/none/status")" -ne 0 ]; then
        {
            echo "it fails without the library too:"
            cat "$preload_work/none/"{status,stderr,stdout}
        } >"$complaints"
        preload_report "$title (without the library)" "$complaints"
        return
    fi
    for setting in $preload_settings; do
        preload_run "$scenario" "$setting"
        {
            diff -r --no-dereference "$preload_work/none" "$preload_work/kept"
            preload_proof_check "$setting" "$@"
        } >"$complaints" 2>&1
        preload_report "$title ($setting)" "$complaints"
        if [ "$setting" = "${preload_settings%% *}" ]; then
            echo "# measure: $(basename "$0" _test.sh): $title|$(cat "$preload_work/usage-none")|$(cat "$preload_work/usage-kept")"
        fi
    done
}

# preload_run SCENARIO SETTING: leaves stdout, stderr, status and files/ in none/ (the setting none) or kept/.
preload_run() {
    local kept=$preload_work/kept usage=$preload_work/usage-kept
    if [ "$2" = none ]; then
        kept=$preload_work/none
        usage=$preload_work/usage-none
    fi
    rm -rf "$kept" "$preload_work/run" "$preload_work/proof"
    mkdir "$kept" "$preload_work/run" "$preload_work/proof"
    (
        cd "$preload_work/run" || exit 125
        # shellcheck disable=SC2064
        trap "preload_usage_write \$? \$EPOCHREALTIME $EPOCHREALTIME '$usage'" EXIT
        preload_environment_set "$2"
        set -eu -o pipefail
        "$1"
    ) </dev/null >"$kept/stdout" 2>"$kept/stderr"
    echo $? >"$kept/status"
    mv "$preload_work/run" "$kept/files"
}

# preload_usage_write STATUS NOW BEGAN FILE: seconds from began to now and peak RSS in MiB, then the end of the subshell. Python takes
# the shell's place, for a process keeps the account of its children when it executes another program.
preload_usage_write() {
    unset LD_PRELOAD LD_DEBUG LD_DEBUG_OUTPUT CELLAR_CONF PYTHONMALLOC
    exec python3 -c 'import resource, sys
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
with open(sys.argv[4], "w") as file:
    print("%.2f|%.1f" % (float(sys.argv[2]) - float(sys.argv[3]), peak), end="", file=file)
sys.exit(int(sys.argv[1]))' "$@"
}

preload_environment_set() {
    case $1 in
    none) return ;;
    default) export LD_DEBUG=bindings LD_DEBUG_OUTPUT=$preload_work/proof/ld ;;
    *) export CELLAR_CONF="$1,stats_at_exit:json,stats_file:$preload_work/proof/stats" ;;
    esac
    export LD_PRELOAD=$preload_lib
}

# preload_proof_check SETTING PROGRAM...: a line for each program that was not seen to run on the library.
preload_proof_check() {
    local setting=$1 program fit=instant
    shift
    [[ $setting =~ (^|,)fit:([a-z]+) ]] && fit=${BASH_REMATCH[2]}
    for program; do
        if [ "$setting" = default ]; then
            preload_proof_linker "$program" && continue
            echo "the linker bound no malloc of $program to $preload_lib"
        else
            preload_proof_stats "$program" "$fit" && continue
            echo "no statistics record of $program with fit $fit that served requests"
        fi
    done
}

# The names a program may be known by: as it is called, and its file's behind symbolic links (awk|mawk).
preload_names() {
    local path
    path=$(command -v "$1") || path=$1
    echo "($(basename "$1")|$(basename "$(readlink -f "$path" || echo "$1")"))" | sed 's/[.+]/\\&/g'
}

# LD_DEBUG writes a file for each process.
preload_proof_linker() {
    local log
    grep -lE "initialize program: (.*/)?$(preload_names "$1")\$" "$preload_work"/proof/ld.* 2>/dev/null |
        while read -r log; do
            grep -F " to $preload_lib [0]: normal symbol \`malloc'" "$log"
        done | grep -q .
}

# The record of a process is one line.
preload_proof_stats() {
    grep -E "\"exe\": ?\"[^\"]*/$(preload_names "$1")\"" "$preload_work/proof/stats" 2>/dev/null |
        grep -E "\"fit\": ?\"$2\"" | grep -qE '"requests": ?[1-9]'
}
