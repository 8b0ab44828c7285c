# shellcheck shell=bash
# Planted faults: each gate must pass on a small clean tree and fail, with its message, on each fault.
#
#     . "$(dirname "$0")/lib.sh"
#     gate_begin layers                                  # the gate under test; the current folder is an empty tree
#     put src/base/a.h '#include "os/b.h"'               # a file of the tree, a line each argument
#     gate_passes "what is clean"
#     gate_fails "what is wrong" "gate-layers: src/base/a.h:1 includes os/b.h: os is above base"
#     gate_end
set -euo pipefail
gate_scripts=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../scripts" && pwd)
gate_count=0
gate_failed=0

gate_begin() {
    gate_name=$1
    tree=$(mktemp -d)
    trap 'rm -rf "$tree"' EXIT
    cd "$tree"
}

put() {
    local file=$1
    shift
    mkdir -p "$(dirname "$file")"
    printf '%s\n' "$@" >"$file"
}

# The next TAP point: gate_point TITLE STATUS, where status 0 is good; on failure the output of the gate follows.
gate_point() {
    gate_count=$((gate_count + 1))
    if [ "$2" -eq 0 ]; then
        echo "ok $gate_count - $1"
    else
        gate_failed=1
        echo "not ok $gate_count - $1"
        printf '%s\n' "${gate_output:-(no output)}" | sed 's/^/# /'
    fi
}

gate_run() {
    gate_status=0
    gate_output=$("$gate_scripts/gate-$gate_name" "$tree" 2>&1) || gate_status=$?
}

gate_passes() {
    gate_run
    gate_point "$1" "$gate_status"
}

# The gate must end with a status other than 0, and one line of what it prints must be the message.
gate_fails() {
    gate_run
    if [ "$gate_status" -ne 0 ] && grep -Fxq -- "$2" <<<"$gate_output"; then
        gate_point "$1" 0
    else
        gate_output="status $gate_status; expected: $2"$'\n'"$gate_output"
        gate_point "$1" 1
    fi
}

gate_end() {
    echo "1..$gate_count"
    exit "$gate_failed"
}
