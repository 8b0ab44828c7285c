/* levels: all; sanitize: no; timeout: 240 */
/*
 * Zones while the kernel refuses: the n-th call of each kind fails, alone or with all after it, for n from 0 until a whole
 * pass sees no fault. Every call either works or fails as its contract says, and nothing is lost.
 */
#include <cellar/malloc.h>
#include <cellar/zone.h>

#include "malloc/heap.h"
#include "os/fault.h"
#include "test.h"
#include "zone/user.h"

enum { NITEMS = 1500 };

static int ready(void *item, size_t size, void *ctx)
{
    (void)ctx;
    memset(item, 3, size);
    return 0;
}

/* A pass over what takes memory; how many of its steps failed. */
static size_t pass(void)
{
    static void *items[NITEMS];
    struct cellar_zone_attr attr = {
        .version = 1, .name = "starved", .size = 5000, .init = ready, .reserve = 3};
    struct cellar_zone_usage stats;
    size_t nfailed = 0;
    size_t n = 0;
    errno = 0;
    struct cellar_zone *zone = cellar_zone_create(&attr);
    if (zone == NULL) {
        CHECK_EQ(errno, ENOMEM);
        return 1;
    }
    nfailed += cellar_zone_prealloc(zone, 50) != 0;
    for (size_t i = 0; i < NITEMS; i++) {
        errno = 0;
        void *item = cellar_zone_alloc(zone, NULL, i % 2 ? CELLAR_ZONE_USE_RESERVE : 0);
        if (item == NULL) {
            CHECK_EQ(errno, ENOMEM);
            nfailed++;
            continue;
        }
        CHECK_EQ(*(char *)item, 3);
        items[n++] = item;
    }
    cellar_zone_get_usage(zone, &stats);
    CHECK_EQ(stats.used, n);
    CHECK_PTR(cellar_zone_check(zone), NULL);
    for (size_t i = 0; i < n; i++) {
        cellar_zone_free(zone, items[i], NULL);
    }
    nfailed += cellar_zone_set_reserve(zone, 60) != 0;
    CHECK_EQ(cellar_zone_destroy(zone), 0);
    cellar_malloc_trim(0); /* purges */
    return nfailed;
}

enum { ENDED_UNHURT = 0, ENDED_AFTER_FAULT = 10 };

/* In a child of its own each, so that every sweep begins with the same heap. */
static int starve(enum cellar__fault kind, uint32_t n, uint32_t count)
{
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        alarm(60);
        cellar__fault_arm(kind, n, count);
        pass();
        bool hurt = cellar__fault_calls(kind) > n;
        cellar__fault_disarm_all();
        size_t nfailed = pass(); /* the kernel gives again */
        _exit(nfailed != 0 ? 1 : hurt ? ENDED_AFTER_FAULT : ENDED_UNHURT);
    }
    CHECK_EQ(waitpid(pid, &status, 0), pid);
    CHECK(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void sweep(enum cellar__fault kind)
{
    static const uint32_t counts[] = {1, UINT32_MAX};
    uint32_t nhurt = 0;
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        int ended = ENDED_AFTER_FAULT;
        for (uint32_t n = 0; ended == ENDED_AFTER_FAULT; n++, nhurt++) {
            ended = starve(kind, n, counts[i]);
            CHECK(ended == ENDED_AFTER_FAULT || ended == ENDED_UNHURT);
        }
    }
    test_print(1, "# hurt %u times\n", nhurt - 2);
    CHECK_GT(nhurt, 2);
}

TEST(commits_fail)
{
    sweep(CELLAR_FAULT_COMMIT);
}

TEST(purges_fail)
{
    sweep(CELLAR_FAULT_PURGE);
}

TEST_MAIN()
