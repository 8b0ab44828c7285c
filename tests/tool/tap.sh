# shellcheck shell=bash
# For the tests of the command: TAP out of functions that call expect_*. A function's first failed expectation ends it.
#
# Sourced, it sets build and cellar. A test runs in a new empty folder, scratch; they go away together.

tools=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
build=$(cd "${CELLAR_BUILD:-$tools/../../build}" && pwd) || exit 1
cellar=$build/cellar
if [ ! -x "$cellar" ]; then
    echo "1..0 # SKIP $cellar is not built"
    exit 0
fi
folder=$(mktemp -d "${TMPDIR:-/tmp}/cellar-test-XXXXXX") || exit 1
trap 'rm -rf "$folder"' EXIT
export LC_ALL=C
unset CELLAR_CONF CELLAR_LIB LD_PRELOAD

tap_count=0
tap_failures=0

# tap_test NAME COMMAND [ARGS]...: one test; what the command prints is shown when it fails.
tap_test() {
    local name=$1 output
    shift
    tap_count=$((tap_count + 1))
    scratch=$folder/$tap_count
    mkdir "$scratch" || exit 1
    if output=$(cd "$scratch" && "$@" 2>&1); then
        echo "ok $tap_count - $name"
    else
        tap_failures=$((tap_failures + 1))
        echo "not ok $tap_count - $name"
        printf '# %s\n' "${output//$'\n'/$'\n# '}"
    fi
}

tap_end() {
    echo "1..$tap_count"
    exit $((tap_failures > 0))
}

# record [ZONES] [CHANGES]...: prints a statistics record, see record.py.
record() {
    "$tools/record.py" "$@"
}

# run_cellar ARGS...: sets status, and the texts out and err.
run_cellar() {
    status=0
    "$cellar" "$@" >"$scratch/out" 2>"$scratch/err" </dev/null || status=$?
    out=$(cat "$scratch/out")
    err=$(cat "$scratch/err")
}

expect_failed() {
    echo "expected $1"
    shift
    printf '%s\n' "$@" | cut -c 1-400
    exit 1
}

expect_equal() {
    [ "$2" = "$3" ] || expect_failed "$1 to be '$3', got:" "$2"
}

expect_status() {
    [ "$status" = "$1" ] || expect_failed "status $1, got $status, and on stderr:" "$err"
}

# expect_match WHAT TEXT REGEX: some line of the text matches.
expect_match() {
    grep -Eq -e "$3" <<<"$2" || expect_failed "$1 to match '$3', got:" "$2"
}

expect_no_match() {
    ! grep -Eq -e "$3" <<<"$2" || expect_failed "$1 not to match '$3', got:" "$2"
}

# expect_lines WHAT TEXT COUNT
expect_lines() {
    expect_equal "the lines of $1" "$(grep -c '' <<<"$2")" "$3"
}

# expect_screen WHAT TEXT: 24 lines of 80 columns hold it.
expect_screen() {
    local lines wide
    lines=$(grep -c '' <<<"$2")
    [ "$lines" -le 24 ] || expect_failed "$1 to fit 24 lines, got $lines:" "$2"
    wide=$(awk 'length > 80' <<<"$2")
    [ -z "$wide" ] || expect_failed "$1 to fit 80 columns, got:" "$wide"
}

# expect_refusal STATUS REGEX: that status, nothing on stdout, and one line on stderr that matches.
expect_refusal() {
    expect_status "$1"
    expect_equal stdout "$out" ''
    expect_lines stderr "$err" 1
    expect_match stderr "$err" "$2"
}
