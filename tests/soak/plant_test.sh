#!/usr/bin/env bash
# timeout: 600
# The soak can fail: each defect that it knows how to plant is found, by its own words.
set -euo pipefail
build=${CELLAR_BUILD:-$(cd "$(dirname "$0")/../../build" && pwd)}
count=0
failed=0

# planted DEFECT PATTERN [OPTION...]: the soak ends with status 1, and its error matches.
planted() {
    local defect=$1 pattern=$2 output status=0
    shift 2
    count=$((count + 1))
    output=$("$build/tests/soak/soak" --plant "$defect" --seconds 20 --memory 64 --seed 7 "$@" 2>&1) || status=$?
    if [ "$status" -eq 1 ] && grep -qE "^soak: error: .*$pattern" <<<"$output"; then
        echo "ok $count - $defect"
    else
        failed=1
        echo "not ok $count - $defect"
        sed 's/^/# /' <<<"$output"
        echo "# status $status"
    fi
}

for defect in overlap stray handover; do
    planted $defect 'block 0x[0-9a-f]+ of [0-9]+ bytes is not as written at'
done
planted calloc 'calloc of [0-9]+ bytes: .* is not zero at'
planted realloc 'has lost its byte'
planted keep 'after a realloc that failed: .* is not as written at'
planted refusal 'failed while no fault was armed'
planted errno 'failed with errno'
planted success 'succeeded and set errno to'
planted alignment '\([0-9]+ bytes, alignment [0-9]+\) gave'
planted leak 'blocks of [0-9]+ bytes are (out|live)'
planted huge-leak 'huge blocks of [0-9]+ bytes are live'
planted keg 'breaks invariant K2'
planted arena 'breaks invariant A5'
planted budget 'the budget has'
planted child 'in a forked child'
planted crash 'the process ended with signal 6'
planted hang 'no operation has ended for 3 s' --patience 3
echo "1..$count"
exit "$failed"
