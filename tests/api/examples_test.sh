#!/usr/bin/env bash
# Every program of examples/ is compiled as its users would, runs, and prints what its first comment says.
set -euo pipefail
. "$(dirname "$0")/point.sh"

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
    point "$(basename "$source")" example_run "$source"
done
point_end
