/*
 * How many segments an operation on an arena follows a link to: what proves a policy's bound, on any machine. Counted in
 * the flavour of the tests (arena/segment.h).
 */
#ifndef CELLAR_TESTS_BOUND_TOUCH_H
#define CELLAR_TESTS_BOUND_TOUCH_H

#include <stddef.h>
#include <stdint.h>

#include "arena/arena.h"

/* How the free segments lie when the counting begins: between two of them is a range that is out. */
enum touch_comb {
    TOUCH_RANDOM, /* sizes of 1 to 300 quanta */
    TOUCH_RISING, /* each longer than the one before it, as far as 64 bits of space go */
    TOUCH_EQUAL,  /* all too short for the requests but for the last */
    TOUCH_COMBS
};

struct touch_count {
    uint64_t median;
    uint64_t max;
};

/* Of a few thousand operations, half of them allocations, in an arena with n free segments. */
struct touch_count touch_measure(const struct cellar__fit *fit, size_t n, enum touch_comb comb);

const char *touch_comb_name(enum touch_comb comb);

#endif
