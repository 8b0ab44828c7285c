/* levels: base os submap meta arena; with: bound/touch.c; sanitize: no; timeout: 600 */
/*
 * The bounds that the policies promise, in links followed for one operation, from 100 to a million free segments: a constant
 * for segregated, quick and instant fit; twice two for each doubling of the space for buddy, which splits or joins once at
 * each; c log2 n for the trees. An operation on a tree is up to four insertions and removals, of expected depth
 * 1.39 log2 n each, and by address every step looks at two children.
 */
#include "bound/touch.h"

#include "base/bits.h"
#include "test.h"

enum { TOUCH_CONSTANT = 48, TOUCH_LOG = 32, TOUCH_LG_SPACE = 60 };

static uint64_t touch_bound(const struct cellar__fit *fit, size_t n)
{
    if (fit->has_blocks) {
        return 4 * TOUCH_LG_SPACE;
    }
    return fit->is_exact ? TOUCH_LOG * (uint64_t)cellar__lg_ceil(n) : TOUCH_CONSTANT;
}

/* Lists by age promise nothing. */
static bool touch_is_bounded(const struct cellar__fit *fit)
{
    return fit != &cellar__fit_fifo && fit != &cellar__fit_lifo;
}

static void check_bounds(size_t n)
{
    for (size_t i = 0; cellar__fits[i] != NULL; i++) {
        const struct cellar__fit *fit = cellar__fits[i];
        for (enum touch_comb comb = 0; touch_is_bounded(fit) && comb < TOUCH_COMBS; comb++) {
            struct touch_count count = touch_measure(fit, n, comb);
            if (count.max > touch_bound(fit, n) || count.median == 0) {
                TEST_FAIL("%s, %zu segments, %s: median %" PRIu64 ", max %" PRIu64 ", bound %" PRIu64,
                          fit->name, n, touch_comb_name(comb), count.median, count.max, touch_bound(fit, n));
            }
        }
    }
}

TEST(hundreds)
{
    check_bounds(100);
    check_bounds(1000);
}

TEST(thousands)
{
    check_bounds(10000);
    check_bounds(100000);
}

TEST(a_million)
{
    check_bounds(1000000);
}

/* The counter counts: a list by age does follow a link for each segment that is too short. */
TEST(a_list_follows_every_link)
{
    CHECK_GT(touch_measure(&cellar__fit_fifo, 10000, TOUCH_EQUAL).max, 9000);
}

TEST_MAIN()
