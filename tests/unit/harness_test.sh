#!/usr/bin/env bash
# tests/test.h reports what fails, where, with both values, and goes on with the next test.
# shellcheck source=tests/gate/lib.sh
. "$(dirname "$0")/../gate/lib.sh"
gate_begin harness

# program LINE...: the program ./p made of these lines from line 2 on, and TEST_MAIN.
program() {
    put p.c '#include "test.h"' "$@" 'TEST_MAIN()'
    ${CC:-cc} -std=gnu17 -pthread -Werror -Wall -Wextra -I"$gate_scripts/../tests" p.c -o p
}

# prints TITLE STATUS "OUTPUT" [FILTER]
prints() {
    local title=$1 want=$2 text=$3 status=0 good=1
    shift 3
    gate_output=$(./p "$@" 2>&1) || status=$?
    if [ "$status" -eq "$want" ] && [ "$gate_output" = "$text" ]; then
        good=0
    fi
    gate_output="status $status"$'\n'"$gate_output"
    gate_point "$title" "$good"
}

program 'TEST(one) { CHECK(1); CHECK_EQ(-1, -1); CHECK_NE(1, 2); CHECK_LT(1, 2); CHECK_GE(2, 2); CHECK_STR("a", "a"); }' \
    'TEST(two) { CHECK_PTR(NULL, NULL); }'
prints "all pass" 0 "1..2
# run one
ok 1 - one
# run two
ok 2 - two"
prints "a filter" 0 "1..1
# run two
ok 1 - two" tw
prints "a filter that fits nothing" 1 "1..0" three

program 'TEST(a) { CHECK(2 < 1); CHECK(!"reached"); }' 'TEST(b) { CHECK_EQ(1 + 1, 3); }' 'TEST(c) { CHECK_LE(5u, -1); }' \
    'TEST(d) { CHECK_STR("x", NULL); }' 'TEST(e) { CHECK_PTR((char *)16, NULL); }' 'TEST(f) { CHECK(1); }'
prints "each check fails with its values" 1 '1..6
# run a
# p.c:2: 2 < 1
not ok 1 - a
# run b
# p.c:3: 1 + 1 == 3: 2 (0x2) and 3 (0x3)
not ok 2 - b
# run c
# p.c:4: 5u <= -1: 5 (0x5) and -1 (0xffffffffffffffff)
not ok 3 - c
# run d
# p.c:5: "x" == NULL: "x" and "(null)"
not ok 4 - d
# run e
# p.c:6: (char *)16 == NULL: 0x10 and (nil)
not ok 5 - e
# run f
ok 6 - f'

program 'TEST(dies) { EXPECT_DEATH(fprintf(stderr, "at %p\n", (void *)16); abort(), "at PTR\n"); }' \
    'TEST(ends) { EXPECT_EXIT(exit(3), 3, ""); EXPECT_SIGNAL(raise(SIGSEGV), SIGSEGV, ""); }'
prints "deaths that were expected" 0 "1..2
# run dies
ok 1 - dies
# run ends
ok 2 - ends"

program 'TEST(a) { EXPECT_DEATH((void)0, ""); }' 'TEST(b) { EXPECT_DEATH(abort(), "no\n"); }' \
    'TEST(c) { EXPECT_EXIT(exit(4), 3, ""); }' 'TEST(d) { EXPECT_EXIT(CHECK(0), 0, ""); }'
prints "deaths that are others" 1 '1..4
# run a
# p.c:2: (void)0: ended with exit status 86, expected signal 6; stderr ""
not ok 1 - a
# run b
# p.c:3: abort(): stderr "", expected "no
"
not ok 2 - b
# run c
# p.c:4: exit(4): ended with exit status 4, expected exit status 3; stderr ""
not ok 3 - c
# run d
# p.c:5: CHECK(0): ended with exit status 1, expected exit status 0; stderr "# p.c:5: 0
"
not ok 4 - d'

program '#include <pthread.h>' 'static void *run(void *arg) { CHECK(!arg); return arg; }' \
    'TEST(threads) { pthread_t t; pthread_create(&t, NULL, run, ""); pthread_join(t, NULL); }'
prints "a check in another thread" 1 '1..1
# run threads
# p.c:3: !arg
not ok 1 - threads
Bail out! a check failed in another thread'

program 'TEST(random) { struct test_random r = {test_seed()}; CHECK_EQ(test_random_next(&r), 0x910a2dec89025cc1); }' \
    'TEST(below) { struct test_random r = {2}; for (int i = 0; i < 1000; i++) CHECK_LT(test_random_below(&r, 3), 3); }'
prints "random numbers from the seed" 0 "1..2
# run random
# CELLAR_TEST_SEED=1
ok 1 - random
# run below
ok 2 - below"
gate_end
