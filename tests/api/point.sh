# shellcheck shell=bash
# For the scripts of this folder: a TAP point for each command. Sourced, it sets root, build and work, a folder that goes
# away at the end.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck disable=SC2034 # for who sources this
build=${CELLAR_BUILD:-$root/build}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
point_count=0
point_failed=0

# point TITLE COMMAND...: good when the command succeeds; what it printed follows when it does not.
point() {
    local title=$1 output
    shift
    point_count=$((point_count + 1))
    if output=$("$@" 2>&1); then
        echo "ok $point_count - $title"
    else
        point_failed=1
        echo "not ok $point_count - $title"
        printf '%s\n' "$output" | sed 's/^/# /'
    fi
}

point_end() {
    echo "1..$point_count"
    exit "$point_failed"
}
