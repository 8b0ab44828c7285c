/*
 * FRESH_TEST: a test in a forked child, so that what a level keeps in static memory is as the program begins.
 * A check that fails in it shows on the child's stderr, which the harness prints.
 */
#ifndef CELLAR_TESTS_FAKE_FRESH_H
#define CELLAR_TESTS_FAKE_FRESH_H

#include "test.h"

#define FRESH_TEST(name)                                                                                     \
    static void fresh_##name(void);                                                                          \
    TEST(name)                                                                                               \
    {                                                                                                        \
        EXPECT_EXIT((fresh_##name(), _exit(0)), 0, "");                                                      \
    }                                                                                                        \
    static void fresh_##name(void)

#endif
