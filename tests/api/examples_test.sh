#!/usr/bin/env bash
# Every program of examples/ is compiled as its users would, runs, and prints what its first comment says.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
build=${CELLAR_BUILD:-$root/build}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
count=0
failed=0

# The lines of the first comment behind "prints:", without their margin.
promised() {
    awk '/^ \*\// {exit} prints {sub(/^ \*     /, ""); print} /^ \* prints:/ {prints = 1}' "$1"
}

example_run() {
    local source=$1
    cc -std=gnu17 -Wall -Wextra -Werror -I "$root/include" "$source" -o "$work/example" -L "$build" -lcellar &&
        LD_LIBRARY_PATH=$build "$work/example" >"$work/printed" &&
        promised "$source" >"$work/promised" && test -s "$work/promised" &&
        diff "$work/promised" "$work/printed"
}

for source in "$root"/examples/*.c; do
    count=$((count + 1))
    if output=$(example_run "$source" 2>&1); then
        echo "ok $count - $(basename "$source")"
    else
        failed=1
        echo "not ok $count - $(basename "$source")"
        printf '%s\n' "$output" | sed 's/^/# /'
    fi
done
echo "1..$count"
exit "$failed"
