#!/bin/bash
# timeout: 60
# The tests of this folder can fail: each way in which a program may differ on the library, or the library
# may not be in use at all, is planted here once, and lib.sh must see it.
# preload_lib is set for one subshell.
# shellcheck disable=SC2030,SC2031
. "$(dirname "$0")/lib.sh"
preload_begin sort cc
printf 'int empty;\n' | cc -shared -fPIC -x c -o "$preload_work/empty.so" -

# Each runs sort, so that only what follows is amiss. The run without the library has no LD_PRELOAD.
same() { seq 100 | sort -n; }
other_output() { same; echo "${LD_PRELOAD:-}"; }
other_errors() { same; echo "${LD_PRELOAD:-}" >&2; }
other_file() { same; echo "${LD_PRELOAD:-}" >file; }
more_files() { same; [ -z "${LD_PRELOAD:-}" ] || touch file; }
other_status() { same; [ -z "${LD_PRELOAD:-}" ]; }
killed() { same; [ -z "${LD_PRELOAD:-}" ] || sh -c 'kill -SEGV $$'; }
not_preloaded() { unset LD_PRELOAD; same; }
always_fails() { same; return 3; }

# planted TITLE LIBRARY SETTING SCENARIO ok|'not ok' [WHY]: the verdict, and a reason that its explanation
# holds.
planted() {
    local output
    output=$(
        preload_lib=$2
        preload_settings=$3
        preload_count=0
        preload_scenario planted "$4" sort
    )
    {
        [[ $output == "$5 1 - planted"* ]] || echo "the verdict is not '$5'"
        [[ $output == *"${6:-}"* ]] || echo "the explanation does not hold '$6'"
    } >"$preload_work/verdict"
    [ -s "$preload_work/verdict" ] && echo "$output" >>"$preload_work/verdict"
    preload_report "$1 ($3)" "$preload_work/verdict"
}

for setting in default fit:best; do
    planted "nothing amiss" "$preload_lib" $setting same ok
    planted "a library that has no malloc" "$preload_work/empty.so" $setting same 'not ok' 'of sort'
    planted "a library that cannot be loaded" /dev/null $setting same 'not ok' 'cannot be preloaded'
    planted "a program that drops the library" "$preload_lib" $setting not_preloaded 'not ok' 'of sort'
    planted "another stdout" "$preload_lib" $setting other_output 'not ok' stdout
    planted "another stderr" "$preload_lib" $setting other_errors 'not ok' stderr
    planted "another file" "$preload_lib" $setting other_file 'not ok' files/file
    planted "a file too many" "$preload_lib" $setting more_files 'not ok' 'Only in'
    planted "another status" "$preload_lib" $setting other_status 'not ok' status
    planted "a crash" "$preload_lib" $setting killed 'not ok' 139
    planted "a scenario that fails anyway" "$preload_lib" $setting always_fails 'not ok' 'without the library'
done
planted "a record of another policy" "$preload_lib" fit:bset same 'not ok' 'fit bset'
preload_end
