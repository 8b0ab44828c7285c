#!/usr/bin/env bash
# The main job of an allocator, on real programs: the C compiler over this project's own sources and a threaded program,
# on Cellar and without it, in turn; then what Cellar saw in the biggest compile.
#
# usage: demo.sh          `make demo` builds first; CELLAR_BUILD names another build folder, CC another compiler
set -euo pipefail
export LC_ALL=C # $EPOCHREALTIME and awk write a decimal point

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=$(cd "${CELLAR_BUILD:-$root/build}" && pwd)
library=$build/libcellar.so
command=$build/cellar
compiler=${CC:-cc}
jobs=2
rounds=3
churn_arguments=(4 20000000)

fail() {
    echo "demo: $*" >&2
    exit 1
}

[ -e "$library" ] || fail "$library is missing; build first: make"
[ -x "$command" ] || fail "$command is missing: it needs jansson; install what scripts/packages.txt lists, then make"
case $library in *[\ :]*) fail "LD_PRELOAD cannot carry a path with a blank or a colon: $library" ;; esac
command -v "$compiler" >/dev/null || fail "no C compiler '$compiler'"
# The interpreter itself: a wrapper in PATH would start processes of its own, which the measurement would count.
python=$(python3 -c 'import sys; print(sys.executable)') || fail "python3 is missing"

scratch=$(mktemp -d "${TMPDIR:-/tmp}/cellar-demo-XXXXXX")
trap 'rm -rf "$scratch"' EXIT
cd "$root"

progress() {
    if [ -t 2 ]; then
        printf '\r\033[K%s' "$*" >&2
    fi
}

# The sources to compile and how.
flags=(-std=gnu17 -O2 -pthread -fPIC -w -Iinclude -Isrc -Itool)
mapfile -t sources < <(find src tool -name '*.c' | sort)
[ "${#sources[@]}" -gt 0 ] || fail "no sources in src and tool"
if pkg-config --exists jansson 2>/dev/null; then
    read -r -a jansson < <(pkg-config --cflags jansson; echo)
    flags+=("${jansson[@]}")
fi

# compile_all FOLDER: the object of source N becomes FOLDER/N.o.
compile_all() {
    local n
    for n in "${!sources[@]}"; do
        printf '%s -o "%s/%s.o"\n' "${sources[n]}" "$1" "$n"
    done | xargs -L 1 -P "$jobs" "$compiler" "${flags[@]}" -c
}

# Prints "wall cpu rss" (s, s, KiB) of the children of the process it becomes. Exec keeps the account of children: the
# program under measurement is a child of this small shell, whose own size then is the floor of the peak RSS, rather
# than that of an interpreter.
# shellcheck disable=SC2016
usage='import resource, sys
used = resource.getrusage(resource.RUSAGE_CHILDREN)
start, end, status = sys.argv[1:]
print(float(end) - float(start), used.ru_utime + used.ru_stime, used.ru_maxrss)
sys.exit(int(status))'

# measure RESULT PRELOAD COMMAND...: adds a line to the file RESULT.
measure() {
    local result=$1 preload=$2
    shift 2
    (
        if [ -n "$preload" ]; then
            export LD_PRELOAD=$preload
        fi
        status=0
        start=$EPOCHREALTIME
        "$@" >"$scratch/output" 2>&1 || status=$?
        end=$EPOCHREALTIME
        unset LD_PRELOAD
        exec "$python" -c "$usage" "$start" "$end" "$status"
    ) >>"$scratch/$result" || {
        cat "$scratch/output" >&2
        fail "failed: $* (with LD_PRELOAD='$preload')"
    }
}

measure_on() {
    local allocator=$1 preload=
    if [ "$allocator" = cellar ]; then
        preload=$library
    fi
    mkdir -p "$scratch/objects-$allocator"
    progress "round $round of $rounds: compile, $allocator"
    measure "compile-$allocator" "$preload" compile_all "$scratch/objects-$allocator"
    progress "round $round of $rounds: churn, $allocator"
    measure "churn-$allocator" "$preload" "$churn" "${churn_arguments[@]}"
}

find_churn() {
    churn=$build/bench/churn
    if [ ! -x "$churn" ]; then
        churn=$scratch/churn
        "$compiler" -O2 -pthread -o "$churn" bench/churn.c -lm || fail "cannot compile bench/churn.c"
    fi
}

# Every second round the other way round, so that neither has the warmer caches.
measure_rounds() {
    for ((round = 1; round <= rounds; round++)); do
        if ((round % 2)); then
            measure_on libc
            measure_on cellar
        else
            measure_on cellar
            measure_on libc
        fi
    done
    progress ''
}

# median FILE COLUMN
median() {
    awk -v column="$2" '{ print $column }' "$scratch/$1" | sort -g |
        awk '{ value[NR] = $1 } END { print value[int((NR + 1) / 2)] }'
}

# spread WORKLOAD COLUMN: the lowest and the highest ratio of a round, which tell how far to trust the one of the medians.
spread() {
    paste "$scratch/$1-libc" "$scratch/$1-cellar" | awk -v column="$2" '
        { ratio = $(column + NF / 2) / $column }
        NR == 1 || ratio < low { low = ratio }
        NR == 1 || ratio > high { high = ratio }
        END { printf "%.2f to %.2f\n", low, high }'
}

# row TITLE WORKLOAD MEASURE COLUMN UNIT SCALE
row() {
    awk -v spread="$(spread "$2" "$4")" -v title="$1" -v measure="$3" -v unit="$5" -v scale="$6" \
        -v libc="$(median "$2-libc" "$4")" -v cellar="$(median "$2-cellar" "$4")" \
        'BEGIN { printf "  %-31s  %-10s  %8.2f %-3s  %8.2f %-3s  %5.2f  %s\n",
                 title, measure, libc / scale, unit, cellar / scale, unit, cellar / libc, spread }'
}

workload_rows() {
    row "$1" "$2" wall 1 s 1
    row '' "$2" 'user + sys' 2 s 1
    row '' "$2" 'peak RSS' 3 MiB 1024
}

print_comparison() {
    echo
    echo "Side by side: medians of $rounds rounds, in turn; peak RSS of the largest process"
    echo
    printf '  %-31s  %-10s  %12s  %12s  %5s  %s\n' '' '' 'libc    ' 'Cellar    ' ratio 'by round'
    workload_rows "$(basename "$compiler") -O2, ${#sources[@]} sources, $jobs at once" compile
    workload_rows "churn, ${churn_arguments[0]} threads" churn
    echo
    if diff -r "$scratch/objects-libc" "$scratch/objects-cellar" >"$scratch/output"; then
        echo "  The ${#sources[@]} objects compiled on Cellar are the same, byte for byte."
    else
        cat "$scratch/output" >&2
        fail "the objects compiled on Cellar differ"
    fi
}

# Compiles each source once more, with statistics, and prints the number of the one whose compiler grew largest.
find_biggest() {
    mkdir "$scratch/records"
    progress "compiling with statistics"
    local n
    for n in "${!sources[@]}"; do
        printf '%s\n' "--output \"$scratch/records/$n\" -- $compiler ${flags[*]} -c ${sources[n]} -o /dev/null"
    done | xargs -L 1 -P "$jobs" "$command" run --json || fail "a compile on Cellar failed"
    progress ''
    "$python" - "$scratch/records" <<'END'
import json, os, sys
folder = sys.argv[1]
peaks = []
for name in os.listdir(folder):
    with open(os.path.join(folder, name), encoding="utf-8") as file:
        peaks += [(json.loads(line)["peak_rss"], name) for line in file]
print(max(peaks)[1])
END
}

print_biggest() {
    local biggest
    biggest=$(find_biggest)
    echo
    echo "What Cellar saw in the biggest compile, $(basename "$compiler") -O2 -c ${sources[biggest]}"
    echo
    "$command" report --full "$scratch/records/$biggest"
}

print_churn() {
    progress "churn with statistics"
    "$command" run --output "$scratch/summary" -- "$churn" "${churn_arguments[@]}" >"$scratch/output"
    progress ''
    echo
    echo "And in churn, as 'cellar run' sums it up"
    echo
    cat "$scratch/summary"
}

find_churn
measure_rounds
print_comparison
print_biggest
print_churn
echo
echo "The demo took $SECONDS s."
