/* levels: all; with: soak; timeout: 300 */
/* A soak of a quarter of a minute, in little memory. */
#include "soak/soak.h"
#include "test.h"

enum { SHORT_SECONDS = 15, SHORT_MEMORY = 96 << 20 };

TEST(short_soak_has_no_errors)
{
    struct soak_result result;
    struct soak_options options = soak_options_default();
    options.seed = test_seed();
    options.seconds = SHORT_SECONDS;
    options.memory = SHORT_MEMORY;
    soak_run(&options, &result);
    test_print(1,
               "# %" PRIu64 " operations, %" PRIu64 " forks, %" PRIu64 " threads, %" PRIu64
               " faults, %" PRIu64 " refused, %" PRIu64 " handed over, %" PRIu64 " looks\n",
               result.counts.noperations, result.counts.nforks, result.counts.nthreads, result.counts.nfaults,
               result.counts.nrefused, result.counts.nhandover, result.counts.nquiet);
    CHECK_STR(result.error, "");
    CHECK_EQ(result.counts.nerrors, 0);
    /* It did what a soak is for. */
    CHECK_GT(result.counts.noperations, 10000);
    CHECK_GT(result.counts.nforks, 0);
    CHECK_GT(result.counts.nthreads, options.nthreads);
    CHECK_GT(result.counts.nfaults, 0);
    CHECK_GT(result.counts.nrefused, 0);
    CHECK_GT(result.counts.nhandover, 0);
    CHECK_GT(result.counts.nquiet, 1);
}

TEST_MAIN()
