#!/usr/bin/env bash
# The command line of cellar: the commands that exist, and one line of error, with its remedy, for what does not.
# shellcheck disable=SC2317 # tap_test calls the functions
set -u
# shellcheck source=tap.sh
. "$(dirname "$0")/tap.sh"

help_lists_the_commands() {
    run_cellar help
    expect_status 0
    expect_equal 'the commands' "$(awk '/^  / { print $1 }' <<<"$out" | xargs)" 'run report options version help'
    expect_screen help "$out"
    expect_equal stderr "$err" ''
}

help_of_each_command_begins_with_usage() {
    local name
    for name in run report options version help; do
        run_cellar help "$name"
        expect_status 0
        expect_match "help of $name" "$(head -n 1 <<<"$out")" "^usage: cellar $name"
        local described=$out
        run_cellar "$name" --help
        expect_status 0
        expect_equal "$name --help" "$out" "$described"
    done
}

long_forms_stand_for_commands() {
    run_cellar --help
    expect_status 0
    expect_match stdout "$out" '^  run '
    run_cellar --version
    expect_status 0
    expect_match stdout "$out" '^cellar [0-9]+\.[0-9]+\.[0-9]+$'
}

no_command_is_refused() {
    run_cellar
    expect_refusal 2 "no command given.*'cellar help'"
}

unknown_command_is_refused() {
    run_cellar tpo
    expect_refusal 2 "unknown command 'tpo'.*'cellar help'"
    run_cellar help tpo
    expect_refusal 2 "unknown command 'tpo'.*usage: cellar help"
    run_cellar --tpo
    expect_refusal 2 "unknown option '--tpo'.*'cellar help'"
}

unknown_options_are_refused() {
    local name
    for name in run report options version help; do
        run_cellar "$name" --no-such-option
        expect_refusal 2 "^cellar $name: unknown option '--no-such-option'; usage: cellar $name"
        run_cellar "$name" -z
        expect_refusal 2 "^cellar $name: unknown option '-z'; usage: cellar $name"
    done
}

option_values_are_demanded_and_refused() {
    run_cellar run --conf
    expect_refusal 2 "option '--conf' needs a value; usage: cellar run"
    run_cellar run -o
    expect_refusal 2 "option '-o' needs a value; usage: cellar run"
    run_cellar report --full=yes file
    expect_refusal 2 "option '--full=yes' takes no value; usage: cellar report"
}

arguments_too_many_are_refused() {
    run_cellar version now
    expect_refusal 2 "unexpected argument 'now'; usage: cellar version"
    run_cellar options now
    expect_refusal 2 "unexpected argument 'now'; usage: cellar options"
    run_cellar help run report
    expect_refusal 2 "too many arguments: 'report'"
    run_cellar report one two
    expect_refusal 2 "too many files: 'two'"
}

version_names_command_and_library() {
    run_cellar version
    expect_status 0
    expect_lines stdout "$out" 2
    local tool library
    tool=$(sed -n 's/^cellar //p' <<<"$out")
    library=$(sed -n 's/^library \([^,]*\), \/.*libcellar\.so.*/\1/p' <<<"$out")
    expect_match 'the version' "$tool" '^[0-9]+\.[0-9]+\.[0-9]+$'
    expect_equal 'the version of the library' "$library" "$tool"
}

a_full_disk_is_noticed() {
    run_cellar help
    status=0
    err=$("$cellar" help 2>&1 >/dev/full) || status=$?
    out=
    expect_refusal 1 'writing the output failed: No space left'
}

missing_library_is_named() {
    export CELLAR_LIB=$scratch/nowhere.so
    run_cellar options
    expect_refusal 1 "CELLAR_LIB is '$scratch/nowhere.so': No such file.*set it to"
    run_cellar run -- true
    expect_refusal 1 "CELLAR_LIB is '$scratch/nowhere.so': No such file.*set it to"
    cp "$cellar" "$scratch/cellar"
    unset CELLAR_LIB
    if [ ! -e "$scratch/../lib/libcellar.so" ] && ! ldconfig -p 2>/dev/null | grep -q libcellar; then
        status=0
        err=$("$scratch/cellar" options 2>&1 >"$scratch/out") || status=$?
        expect_refusal 1 "libcellar.so is not beside the command \\($scratch\\).*set CELLAR_LIB"
    fi
}

wrong_library_is_named() {
    echo 'not a library' >"$scratch/libcellar.so"
    export CELLAR_LIB=$scratch/libcellar.so
    run_cellar version
    expect_status 1
    expect_match stderr "$err" "cannot open the library: $scratch/libcellar.so.*CELLAR_LIB can name another"
    CELLAR_LIB=$(ldd "$cellar" | awk '/libjansson/ { print $3 }')
    run_cellar options
    expect_refusal 1 "has no function 'cellar_version'"
}

library_is_found_in_lib_beside_bin() {
    mkdir "$scratch/bin" "$scratch/lib"
    cp "$cellar" "$scratch/bin/"
    cp "$build/libcellar.so" "$scratch/lib/"
    out=$("$scratch/bin/cellar" version) || expect_failed 'cellar version to work' "$out"
    expect_match stdout "$out" "^library .*, $(realpath "$scratch")/lib/libcellar.so$"
}

options_are_those_of_the_library() {
    run_cellar options
    expect_status 0
    expect_equal stderr "$err" ''
    expect_match stdout "$out" '^  fit +[a-z]+ +\[instant\]'
    expect_match stdout "$out" '^  stats_at_exit '
    expect_equal 'the lines beyond 110 columns' "$(awk 'length > 110' <<<"$out")" ''
}

options_in_markdown_are_a_table() {
    run_cellar options --markdown
    expect_status 0
    expect_equal 'the title' "$(head -n 1 <<<"$out")" '# Options'
    expect_match stdout "$out" '^\| option \| type \| default \| range \| meaning \|$'
    # shellcheck disable=SC2016 # backquotes of Markdown
    expect_match stdout "$out" '^\| `fit` \|'
    # Each row has the five cells of the title once escaped bars are out of the way.
    local odd
    odd=$(grep '^|' <<<"$out" | sed 's/\\|//g' | awk -F'|' 'NF != 7')
    expect_equal 'rows without five cells' "$odd" ''
    local names
    # shellcheck disable=SC2016
    names=$(sed -n 's/^| `\([a-z_]*\)`.*/\1/p' <<<"$out")
    run_cellar options
    expect_equal 'the options in plain text' "$(sed -n 's/^  \([a-z_]*\) .*\[.*/\1/p' <<<"$out")" "$names"
}

tap_test 'help lists the commands' help_lists_the_commands
tap_test 'help of each command begins with its usage line' help_of_each_command_begins_with_usage
tap_test '--help and --version stand for the commands' long_forms_stand_for_commands
tap_test 'no command is refused' no_command_is_refused
tap_test 'an unknown command is refused' unknown_command_is_refused
tap_test 'unknown options are refused' unknown_options_are_refused
tap_test 'values of options are demanded and refused' option_values_are_demanded_and_refused
tap_test 'arguments too many are refused' arguments_too_many_are_refused
tap_test 'version names the command and the library' version_names_command_and_library
tap_test 'a full disk is noticed' a_full_disk_is_noticed
tap_test 'a missing library is named, with the remedy' missing_library_is_named
tap_test 'a wrong library is named' wrong_library_is_named
tap_test 'the library is found in lib beside bin' library_is_found_in_lib_beside_bin
tap_test 'options are those of the library' options_are_those_of_the_library
tap_test 'options in Markdown are a table' options_in_markdown_are_a_table
tap_end
