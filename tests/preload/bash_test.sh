#!/bin/bash
# timeout: 120
# bash: strings, arrays and associative arrays, functions, substitutions and pipes, many subshells.
. "$(dirname "$0")/lib.sh"
preload_begin bash

cat >"$preload_input/script" <<'SCRIPT'
declare -A seen
text=
for ((i = 0; i < 6000; i++)); do
    word=w$((i * 7919 % 997))
    seen[$word]+=" $i"
    text+="$word,"
done
IFS=, read -ra words <<<"$text"
echo "${#words[@]} ${#seen[@]} ${#text} ${words[*]:100:8}"
for word in w1 w500 w996; do
    places=${seen[$word]}
    echo "$word: ${places//  / } ${places^^} ${#places}"
done
replaced=${text:0:3000}
echo "${replaced//w/word }" | cksum
deep() { if (($1 > 0)); then local own=$1$2; deep $(($1 - 1)) "$own"; else echo "${#2}"; fi }
deep 300 x
for i in {1..60}; do (echo "child $i: $(echo "nested $((i * i))")"); done | sort -n | cksum
printf '%s\n' {a..z}{0..9} | while read -r line; do echo "${line^}"; done | paste -sd ' '
trap 'echo leaving' EXIT
kill -0 $$ && (exit 7)
echo "status $?"
no_such_command_here
SCRIPT

script() {
    bash "$preload_input/script" && return 1
    echo "status $?"
}

preload_scenario "a script" script bash
preload_end
