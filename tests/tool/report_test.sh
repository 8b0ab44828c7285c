#!/usr/bin/env bash
# cellar report: what it shows of a record, and what it says of a file that holds none.
# shellcheck disable=SC2317 # tap_test calls the functions
set -u
# shellcheck source=tap.sh
. "$(dirname "$0")/tap.sh"

file=records

# report CHANGES...: the summary of one record.
report() {
    record "$@" >"$file"
    run_cellar report "$file"
}

# refused REGEX CHANGES...: the record is malformed; the error names file, line and what is wrong.
refused() {
    local reason=$1
    shift
    report "$@"
    expect_refusal 1 "^cellar report: $file: line 1: $reason"
}

summary_shows_the_figures() {
    report 20
    expect_status 0
    expect_equal stderr "$err" ''
    expect_match summary "$out" '^cc1, pid 4242: peak RSS 40\.0 MiB, 1 thread, 9876 faults$'
    expect_match summary "$out" '^  malloc\.304 +304 B +118 +29 +284 +2 +128\.0 KiB +1180$'
    expect_match summary "$out" '^  16 zones in use: '
    expect_match summary "$out" 'arena    heap, instant fit: 64\.0 MiB = 48\.0 MiB used \+ 16\.0 MiB free'
    expect_match summary "$out" 'submaps  1: reserved 64\.0 GiB, committed 48\.0 MiB; metadata 512\.0 KiB'
    expect_match summary "$out" 'huge     7 requests, 2 live \(12\.0 MiB\), 1 cached \(5\.0 MiB\)'
    expect_match summary "$out" 'internal 8\.1 %, external 25\.0 %, slab 12\.5 %, cached 3\.2 %'
    expect_screen summary "$out"
}

summary_keeps_the_largest_zones() {
    report 60 zones.3.slab_bytes=1073741824
    expect_equal 'zones shown' "$(grep -c '^  malloc' <<<"$out")" 8
    expect_match 'the first zone' "$(grep -m 1 '^  malloc' <<<"$out")" '^  malloc\.64 .* 1\.0 GiB '
}

# changes_to VALUE PATH...: the arguments of record that set each of these fields.
changes_to() {
    local value=$1
    shift
    printf "%s=$value\n" "$@"
}

byte_fields=(peak_rss arenas.0.imported arenas.0.allocated arenas.0.free submaps.0.reserved submaps.0.committed
    meta.used huge.live_bytes huge.cached_bytes)
count_fields=(threads minor_faults huge.requests huge.live huge.cached)
for zone in 0 1 2 3 4 5 6 8; do
    byte_fields+=("zones.$zone.slab_bytes")
    count_fields+=("zones.$zone.requests" "zones.$zone.live" "zones.$zone.in_buckets" "zones.$zone.in_slabs"
        "zones.$zone.slabs")
done

# The figures that print widest: sizes of 9 columns and counts of 5, names that have to be cut.
summary_of_wide_figures_fits_a_screen() {
    local changes
    mapfile -t changes < <(
        changes_to 1073000000000 "${byte_fields[@]}"
        changes_to 12345678 "${count_fields[@]}"
        changes_to 1100 zones.{0..6}.item_size
        changes_to 1 fragmentation.{internal,external,slab,cached}
        changes_to '"a-name-that-goes-on-and-on"' zones.{0..6}.name arenas.0.{name,fit} exe
    )
    report 20 pid=4194304 "${changes[@]}"
    expect_status 0
    expect_match summary "$out" ' 999\.3 GiB .* 12\.3M$'
    expect_screen summary "$out"
}

summary_of_giant_figures_fits_a_screen() {
    local changes
    mapfile -t changes < <(changes_to 9223372036854775807 "${byte_fields[@]}" "${count_fields[@]}")
    report 20 "${changes[@]}"
    expect_status 0
    expect_screen summary "$out"
    run_cellar report --full "$file"
    expect_status 0
    expect_match 'a sum beyond 64 bits' "$out" '^  all .* 18,446,744,073,709,551,615 '
    record 1 zones.0.in_buckets=$((1 << 60)) >"$file" # items of 16 bytes: 2^64
    run_cellar report --full "$file"
    expect_match 'a product beyond 64 bits' "$out" '^  bucket .* items ready .*, 16\.0 EiB$'
}

control_characters_do_not_reach_the_terminal() {
    report 20 'exe="/bin/\u001b[31mred"' 'zones.19.name="\u001b[2J"' zones.19.slab_bytes=9999999
    expect_status 0
    expect_match summary "$out" '^\?\[31mred, pid'
    expect_match summary "$out" '^  \?\[2J '
    expect_no_match summary "$out" $'\e'
}

full_shows_every_zone_in_use() {
    record 60 >"$file"
    run_cellar report --full "$file"
    expect_status 0
    expect_match report "$out" '^zones: 48 in use, 12 never asked$'
    expect_equal 'zones shown' "$(grep -c '^  malloc\.' <<<"$out")" 48
    expect_match report "$out" '^  malloc\.16 +16 B +100 +25 +3,971 +1 +64\.0 KiB +1,000$'
    expect_match 'a zone of runs' "$out" '^  malloc\.128 +128 B +107 +26 +- +- +16\.6 KiB +1,070$'
    expect_match report "$out" '^  heap +instant +64 KiB +64\.0 MiB +48\.0 MiB +16\.0 MiB +70 +5$'
    expect_match report "$out" '^  0x7f0000000000 +64\.0 GiB +48\.0 MiB$'
    expect_equal 'the lines beyond 110 columns' "$(awk 'length > 110' <<<"$out")" ''
}

full_sums_the_zones() {
    local expected
    record 20 >"$file"
    expected=$(python3 - "$file" <<'END'
import json, sys
with open(sys.argv[1], encoding="utf-8") as file:
    zones = json.load(file)["zones"]
print(*(f"{sum(zone[name] for zone in zones):,}" for name in ("live", "in_buckets", "in_slabs", "slabs", "requests")))
END
    )
    run_cellar report --full "$file"
    expect_equal 'the sums' "$(awk '/^zones/ { zones = 1 } zones && $1 == "all" { print $2, $3, $4, $5, $8; exit }' <<<"$out")" \
        "$expected"
}

full_names_the_formulas() {
    record 20 >"$file"
    run_cellar report --full "$file"
    expect_match report "$out" '^  internal +8\.1 % +1 - requested / granted \(Knuth\)$'
    expect_match report "$out" '^  external +25\.0 % +1 - largest free / total free'
    expect_match report "$out" '^ +heap: 1 - 3\.0 MiB / 4\.0 MiB$'
    expect_match report "$out" '^  slab +12\.5 % +1 - \(live \+ in buckets\) bytes / slab bytes$'
    expect_match report "$out" '^  cached +3\.2 % +bytes in buckets / slab bytes$'
}

full_draws_the_levels_in_order() {
    record 20 >"$file"
    run_cellar report --full "$file"
    local picture
    picture=$(sed -n '/^the levels$/,$p' <<<"$out")
    expect_equal 'the levels' "$(awk '/^  [a-z]/ { print $1 }' <<<"$picture" | xargs)" \
        'program bucket zone keg slab arena submap os'
    expect_match picture "$picture" '^  bucket +430 items ready .*, 69\.2 KiB$'
    expect_match picture "$picture" '^  slab +16 slabs, 1\.0 MiB; 10,803 items free in them'
    expect_match picture "$picture" '^  arena +heap, instant fit: 64\.0 MiB = 48\.0 MiB used \+ 16\.0 MiB free$'
    expect_match picture "$picture" '^  submap +1 window: 64\.0 GiB reserved, 48\.0 MiB committed$'
    expect_match picture "$picture" '^  os +peak RSS 40\.0 MiB, 9,876 faults on pages of 4 KiB$'
    expect_screen 'the picture' "$picture"
}

several_processes() {
    {
        record 20 pid=1 exe='"/usr/bin/gcc"' peak_rss=1048576
        record 20 pid=2 peak_rss=20971520
        record 20 pid=3 peak_rss=31457280
        record 20 pid=4 exe='"/usr/bin/x86_64-linux-gnu-as"' peak_rss=2097152
    } >"$file"
    run_cellar report "$file"
    expect_status 0
    expect_equal 'the first line' "$(head -n 1 <<<"$out")" \
        '  4 processes reported: cc1 x2 30.0 MiB, as 2.0 MiB, gcc 1.0 MiB'
    expect_equal 'the process shown' "$(sed -n 's/.*, pid \([0-9]*\):.*/\1/p' <<<"$out")" 3
    expect_screen report "$out"
    run_cellar report --all "$file"
    expect_equal 'the processes shown' "$(sed -n 's/.*, pid \([0-9]*\):.*/\1/p' <<<"$out" | xargs)" '1 2 3 4'
}

many_programs_fit_the_line() {
    local n
    for n in $(seq 30); do
        record 1 exe="\"/usr/bin/program-$n\""
    done >"$file"
    run_cellar report "$file"
    expect_match 'the first line' "$(head -n 1 <<<"$out")" '^  30 processes reported: .*, \.\.\.$'
    expect_screen report "$out"
}

fields_unknown_are_let_pass() {
    report 2 'quarantine={"items":1}' zones.0.colour='"red"'
    expect_status 0
}

no_zones_no_arenas() {
    report 0 'arenas=[]' 'submaps=[]'
    expect_status 0
    expect_match summary "$out" '0 zones in use'
    run_cellar report --full "$file"
    expect_status 0
}

no_file() {
    run_cellar report
    expect_refusal 2 'no file given; usage: cellar report'
    run_cellar report "$scratch/nowhere"
    expect_refusal 1 "^cellar report: $scratch/nowhere: No such file or directory$"
    run_cellar report "$scratch"
    expect_refusal 1 "^cellar report: $scratch: Is a directory$"
}

empty_file() {
    : >"$file"
    run_cellar report "$file"
    expect_refusal 1 "^cellar report: $file: no statistics record in it$"
    printf '\n  \n' >"$file"
    run_cellar report "$file"
    expect_refusal 1 "^cellar report: $file: no statistics record in it$"
}

# At every length a record that was cut is refused, and the tool does not fall over it.
truncated() {
    local whole length
    whole=$(record 2)
    for ((length = 1; length < ${#whole}; length += 37)); do
        printf '%s' "${whole:0:length}" >"$file"
        run_cellar report "$file"
        expect_refusal 1 "^cellar report: $file: line 1: not valid JSON at byte [0-9]+: "
    done
    printf '%s' "$whole" >"$file"
    run_cellar report "$file"
    expect_status 0
}

not_json() {
    printf 'hello\n' >"$file"
    run_cellar report "$file"
    expect_refusal 1 "$file: line 1: not valid JSON at byte"
    head -c 4096 /dev/urandom | tr -d '\n' >"$file"
    run_cellar report "$file"
    expect_refusal 1 'line 1: not valid JSON'
}

second_line_is_named() {
    record 2 >"$file"
    record 2 zones.1.live=-3 >>"$file"
    run_cellar report "$file"
    expect_refusal 1 "^cellar report: $file: line 2: field zones\\[1\\]\\.live is negative$"
}

other_json() {
    local text
    for text in '[]' '"text"' '17' 'null'; do
        printf '%s\n' "$text" >"$file"
        run_cellar report "$file"
        expect_refusal 1 'line 1: a record should be an object, not '
    done
    echo '{"jemalloc":{}}' >"$file"
    run_cellar report "$file"
    expect_refusal 1 'line 1: not a statistics record: field cellar_stats is missing'
}

other_versions() {
    refused 'record version 2, this command reads version 1' 2 cellar_stats=2
    refused 'field cellar_stats should be an integer, not a string' 2 'cellar_stats="1"'
}

wrong_types() {
    refused 'field pid should be an integer, not a string' 2 'pid="17"'
    refused 'field peak_rss should be an integer, not a real number' 2 peak_rss=1.5
    refused 'field exe should be a string, not null' 2 exe=null
    refused 'field zones should be an array, not an object' 2 'zones={}'
    refused 'field zones\[1\] should be an object, not an integer' 2 zones.1=3
    refused 'field zones\[0\]\.requests should be an integer, not a truth value' 2 zones.0.requests=true
    refused 'field arenas\[0\]\.fit should be a string, not an array' 2 'arenas.0.fit=[]'
    refused 'field meta should be an object, not an array' 2 'meta=[]'
    refused 'field fragmentation\.slab should be a number, not null' 2 fragmentation.slab=null
}

wrong_values() {
    refused 'field threads is negative' 2 threads=-1
    refused 'field fragmentation\.internal is not between 0 and 1' 2 fragmentation.internal=1.5
    refused 'field fragmentation\.cached is not between 0 and 1' 2 fragmentation.cached=-0.1
    refused 'field zones\[1\]\.kind should be "slab" or "run", not "page"' 2 'zones.1.kind="page"'
    record 2 | sed 's/"pid"/"ppid"/' >"$file"
    run_cellar report "$file"
    expect_refusal 1 'line 1: not valid JSON at byte [0-9]+: duplicate object key'
    record 2 peak_rss=123456789 | sed 's/123456789/99999999999999999999/' >"$file"
    run_cellar report "$file"
    expect_refusal 1 'line 1: not valid JSON at byte [0-9]+: too big integer'
}

# Every field of the format, taken away in turn, is missed by its name.
missing_fields() {
    local path shown
    for path in version pid ppid exe fit page_size granule peak_rss wall_ns user_ns sys_ns minor_faults threads submaps \
        page_map meta arenas zones huge fragmentation submaps.0.base submaps.0.reserved submaps.0.committed \
        page_map.reserved meta.reserved meta.used arenas.0.name arenas.0.fit arenas.0.quantum arenas.0.imported \
        arenas.0.allocated arenas.0.free arenas.0.free_below_top arenas.0.largest_free_below_top arenas.0.segments \
        arenas.0.free_segments zones.1.name zones.1.kind zones.1.item_size zones.1.requests zones.1.live \
        zones.1.in_buckets zones.1.in_slabs zones.1.slabs zones.1.slab_bytes zones.1.samples \
        zones.1.sampled_requested zones.1.sampled_granted huge.requests huge.live huge.live_bytes huge.cached \
        huge.cached_bytes fragmentation.internal fragmentation.external fragmentation.slab fragmentation.cached; do
        shown=$(sed 's/\.\([0-9]\)/\\[\1\\]/; s/\.\([a-z]\)/\\.\1/' <<<"$path")
        refused "field $shown is missing$" 2 "$path!"
    done
}

tap_test 'the summary shows the figures' summary_shows_the_figures
tap_test 'the summary keeps the largest zones' summary_keeps_the_largest_zones
tap_test 'a summary of wide figures fits a screen' summary_of_wide_figures_fits_a_screen
tap_test 'a summary of giant figures fits a screen' summary_of_giant_figures_fits_a_screen
tap_test 'control characters do not reach the terminal' control_characters_do_not_reach_the_terminal
tap_test '--full shows every zone in use' full_shows_every_zone_in_use
tap_test '--full sums the zones' full_sums_the_zones
tap_test '--full names the formulas' full_names_the_formulas
tap_test '--full draws the levels in order' full_draws_the_levels_in_order
tap_test 'of several processes the largest is shown, or all' several_processes
tap_test 'many programs fit the line' many_programs_fit_the_line
tap_test 'fields it does not know are let pass' fields_unknown_are_let_pass
tap_test 'a record without zones, arenas and submaps' no_zones_no_arenas
tap_test 'no file' no_file
tap_test 'an empty file' empty_file
tap_test 'a truncated record' truncated
tap_test 'a file that is not JSON' not_json
tap_test 'the line of a malformed record is named' second_line_is_named
tap_test 'other JSON' other_json
tap_test 'other versions' other_versions
tap_test 'fields of the wrong type' wrong_types
tap_test 'fields with a wrong value' wrong_values
tap_test 'each missing field is named' missing_fields
tap_end
