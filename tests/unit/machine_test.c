/* levels: base os */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>

#include "base/attr.h"
#include "fake/fresh.h"
#include "os/os.h"

FRESH_TEST(page_size_is_the_kernels)
{
    CHECK_EQ(cellar__os_machine()->page_size, sysconf(_SC_PAGESIZE));
}

FRESH_TEST(is_read_once)
{
    const struct cellar__machine *first = cellar__os_machine();
    CHECK_PTR(cellar__os_machine(), first);
}

static pthread_barrier_t everybody_here;

static void *ask_together(void *arg)
{
    (void)arg;
    pthread_barrier_wait(&everybody_here);
    return (void *)(uintptr_t)cellar__os_machine()->page_size;
}

FRESH_TEST(first_callers_that_come_together_all_see_it_whole)
{
    pthread_t threads[8];
    CHECK_EQ(pthread_barrier_init(&everybody_here, NULL, CELLAR_COUNTOF(threads)), 0);
    for (size_t i = 0; i < CELLAR_COUNTOF(threads); i++) {
        CHECK_EQ(pthread_create(&threads[i], NULL, ask_together, NULL), 0);
    }
    for (size_t i = 0; i < CELLAR_COUNTOF(threads); i++) {
        void *page_size;
        CHECK_EQ(pthread_join(threads[i], &page_size), 0);
        CHECK_EQ((uintptr_t)page_size, sysconf(_SC_PAGESIZE));
    }
}

FRESH_TEST(ncpus_counts_those_it_may_run_on)
{
    cpu_set_t set;
    CHECK_EQ(sched_getaffinity(0, sizeof set, &set), 0);
    int first = 0;
    while (!CPU_ISSET(first, &set)) {
        first++;
    }
    CPU_ZERO(&set);
    CPU_SET(first, &set);
    CHECK_EQ(sched_setaffinity(0, sizeof set, &set), 0);
    CHECK_EQ(cellar__os_machine()->ncpus, 1);
}

FRESH_TEST(ncpus_is_what_the_scheduler_says)
{
    cpu_set_t set;
    CHECK_EQ(sched_getaffinity(0, sizeof set, &set), 0);
    CHECK_EQ(cellar__os_machine()->ncpus, CPU_COUNT(&set));
}

FRESH_TEST(address_limit_follows_the_resource_limit)
{
    struct rlimit limit;
    CHECK_EQ(getrlimit(RLIMIT_AS, &limit), 0);
    limit.rlim_cur = (rlim_t)1 << 60; /* more than any test needs, also under a sanitizer */
    CHECK_EQ(setrlimit(RLIMIT_AS, &limit), 0);
    CHECK_EQ(cellar__os_machine()->address_limit, (size_t)1 << 60);
}

FRESH_TEST(no_address_limit_is_the_largest_number)
{
    struct rlimit limit = {RLIM_INFINITY, RLIM_INFINITY};
    if (setrlimit(RLIMIT_AS, &limit) != 0) {
        return; /* a hard limit from outside, which only root lifts */
    }
    CHECK_EQ(cellar__os_machine()->address_limit, SIZE_MAX);
}

TEST_MAIN()
