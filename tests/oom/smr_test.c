/* levels: base os smr; with: fake/meta.c */
/*
 * An smr whose metadata runs out: from the n-th request on meta refuses all, for n from 0 until a pass needs fewer. Threads
 * without memory for a reader read all the same, what is retired comes back once, and nothing stays out.
 */
#include <cellar/smr.h>

#include <pthread.h>

#include "fake/meta.h"
#include "smr/smr.h"
#include "test.h"

enum { NITEMS = 100 };

static struct cellar_smr *smr;
static unsigned char state[NITEMS]; /* 0 in use, 1 retired, 2 reclaimed */
static size_t nreclaimed;

static void reclaim(void *item, void *ctx)
{
    (void)ctx;
    CHECK_EQ(*(unsigned char *)item, 1);
    *(unsigned char *)item = 2;
    nreclaimed++;
}

/* In a thread of its own, which has no reader yet. */
static void *pass_run(void *arg)
{
    (void)arg;
    for (size_t i = 0; i < NITEMS; i++) {
        cellar_smr_enter(smr);
        state[i] = 1;
        uint64_t goal = cellar_smr_advance(smr);
        int status = cellar_smr_retire(smr, &state[i], reclaim, NULL);
        CHECK(!cellar_smr_poll(smr, goal));
        CHECK_EQ(cellar_smr_wait(smr, goal), -EDEADLK);
        CHECK_EQ(state[i], 1); /* the section is open */
        cellar_smr_exit(smr);
        CHECK(cellar_smr_poll(smr, goal));
        if (status != 0) {
            CHECK_EQ(status, -EAGAIN);
            CHECK_EQ(cellar_smr_retire(smr, &state[i], reclaim, NULL), 0);
        }
    }
    CHECK_EQ(cellar_smr_destroy(smr), 0);
    CHECK_EQ(nreclaimed, NITEMS);
    return NULL;
}

/* False when not even the smr could be had. */
static bool pass(void)
{
    struct cellar_smr_attr attr = {.version = CELLAR_SMR_ATTR_VERSION, .max_pending = 40};
    pthread_t thread;
    memset(state, 0, sizeof state);
    nreclaimed = 0;
    smr = cellar__smr_create(&attr);
    if (smr == NULL) {
        return false;
    }
    CHECK_EQ(pthread_create(&thread, NULL, pass_run, NULL), 0);
    pthread_join(thread, NULL);
    return true;
}

TEST(every_request_is_refused_once)
{
    size_t nrefused = 0;
    for (uint32_t n = 0;; n++) {
        size_t nblocks = fake_meta.nblocks;
        fake_meta.fail_from = fake_meta.calls + n;
        fake_meta.fail_to = UINT32_MAX;
        bool created = pass();
        CHECK_EQ(created, n >= 2);
        nrefused += !created;
        bool met = fake_meta.calls > fake_meta.fail_from;
        CHECK_LE(fake_meta.nblocks, nblocks + 1); /* a thread's reader stays listed */
        if (!met) {
            CHECK_GT(n, 10);
            break;
        }
    }
    CHECK_EQ(nrefused, 2);
}

TEST_MAIN()
