/* levels: base os smr; with: fake/meta.c */
#include "smr/batch.h"

#include <pthread.h>

#include "fake/meta.h"
#include "test.h"

static struct cellar_smr *smr;
static uintptr_t reclaimed[1000]; /* in order */
static size_t nreclaimed;

static void reclaim_note(void *item, void *ctx)
{
    CHECK_PTR(ctx, &nreclaimed);
    CHECK_EQ(cellar__lock_highest_held(), CELLAR_RANK_NONE);
    reclaimed[nreclaimed++] = (uintptr_t)item;
}

static void start(size_t max_pending)
{
    struct cellar_smr_attr attr = {.version = CELLAR_SMR_ATTR_VERSION, .max_pending = max_pending};
    smr = cellar__smr_create(&attr);
    CHECK(smr != NULL);
    nreclaimed = 0;
}

static void finish(void)
{
    CHECK_EQ(cellar_smr_destroy(smr), 0);
    fake_meta.fail_from = fake_meta.fail_to = 0;
}

static int retire(uintptr_t number)
{
    return cellar_smr_retire(smr, (void *)number, reclaim_note, &nreclaimed);
}

static size_t pending(void)
{
    struct cellar_smr_usage usage;
    cellar_smr_get_usage(smr, &usage);
    CHECK_LE(usage.pending, usage.max_pending);
    return usage.pending;
}

static void no_memory(void)
{
    fake_meta.fail_from = fake_meta.calls;
    fake_meta.fail_to = UINT32_MAX;
}

TEST(bounds)
{
    static const struct {
        size_t max_pending, items, batches;
    } cases[] = {{1, 1, 1},  {7, 1, 7},       {8, 1, 8},           {64, 8, 8},
                 {70, 8, 9}, {8192, 169, 49}, {1 << 20, 169, 6205}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        start(cases[i].max_pending);
        CHECK_EQ(smr->batch_items, cases[i].items);
        CHECK_EQ(smr->max_batches, cases[i].batches);
        CHECK_GE(smr->batch_items * smr->max_batches, cases[i].max_pending);
        finish();
    }
    CHECK_EQ(CELLAR_BATCH_MAX_ITEMS, 169);
}

TEST(items_wait_in_batches_and_go_in_order)
{
    start(64);
    for (uintptr_t i = 0; i < 8; i++) {
        CHECK_EQ(retire(i), 0);
    }
    CHECK_EQ(nreclaimed, 0);
    CHECK_EQ(pending(), 8);
    CHECK_EQ(retire(8), 0); /* the first batch is full: closed and, without readers, reclaimed */
    CHECK_EQ(nreclaimed, 8);
    CHECK_EQ(pending(), 1);
    CHECK_EQ(cellar_smr_drain(smr), 0);
    CHECK_EQ(nreclaimed, 9);
    CHECK_EQ(pending(), 0);
    for (uintptr_t i = 0; i < 9; i++) {
        CHECK_EQ(reclaimed[i], i);
    }
    CHECK_EQ(smr->nbatches, 1); /* R8 */
    CHECK_EQ(smr->nreclaimed, 9);
    finish();
}

TEST(retire_wants_a_function)
{
    start(64);
    CHECK_EQ(cellar_smr_retire(smr, &smr, NULL, NULL), -EINVAL);
    CHECK_EQ(pending(), 0);
    finish();
}

/* In a section nothing is reclaimed and nothing waits: up to the bound it is taken, then refused. */
TEST(retire_in_a_section)
{
    start(64);
    cellar_smr_enter(smr);
    for (uintptr_t i = 0; i < 64; i++) {
        CHECK_EQ(retire(i), 0);
    }
    CHECK_EQ(retire(64), -EAGAIN);
    CHECK_EQ(retire(64), -EAGAIN);
    CHECK_EQ(pending(), 64);
    CHECK_EQ(nreclaimed, 0);
    cellar_smr_exit(smr);
    CHECK_EQ(retire(64), 0);
    CHECK_EQ(nreclaimed, 16); /* two batches at once */
    CHECK_EQ(cellar_smr_drain(smr), 0);
    CHECK_EQ(nreclaimed, 65);
    finish();
}

/* Another smr's section: the thread must not wait, for a reader of this smr might wait for it. */
TEST(retire_in_a_section_of_another)
{
    struct cellar_smr *other = cellar__smr_create(NULL);
    start(8);
    cellar_smr_enter(other);
    for (uintptr_t i = 0; i < 8; i++) {
        CHECK_EQ(retire(i), 0);
    }
    CHECK_EQ(retire(8), -EAGAIN);
    cellar_smr_exit(other);
    finish();
    CHECK_EQ(nreclaimed, 8);
    CHECK_EQ(cellar_smr_destroy(other), 0);
}

TEST(the_one_batch_serves_without_memory)
{
    start(64);
    no_memory();
    for (uintptr_t i = 0; i < 100; i++) {
        CHECK_EQ(retire(i), 0);
        CHECK_LE(pending(), 8);
        CHECK_EQ(smr->nbatches, 1);
    }
    cellar_smr_enter(smr);
    int status = 0;
    for (uintptr_t i = 100; i < 110 && status == 0; i++) {
        status = retire(i);
    }
    CHECK_EQ(status, -EAGAIN);
    cellar_smr_exit(smr);
    finish();
}

static int nested_status;

/* Reclaims a chain: each item retires the one below it. */
static void reclaim_chain(void *item, void *ctx)
{
    reclaimed[nreclaimed++] = (uintptr_t)item;
    CHECK_EQ(cellar_smr_drain(smr), -EDEADLK);
    if ((uintptr_t)item > 0) {
        nested_status = cellar_smr_retire(smr, (char *)item - 1, reclaim_chain, ctx);
    }
}

TEST(reclaim_functions_may_retire)
{
    start(64);
    CHECK_EQ(cellar_smr_retire(smr, (void *)99, reclaim_chain, NULL), 0);
    for (size_t i = 0; i < 100; i++) {
        CHECK_EQ(cellar_smr_drain(smr), 0); /* what was retired before the call, no more */
        CHECK_EQ(nreclaimed, i + 1);
    }
    CHECK_EQ(nested_status, 0);
    finish();
    CHECK_EQ(nreclaimed, 100);
}

static void reclaim_flood(void *item, void *ctx)
{
    (void)item;
    int status = 0;
    size_t n = 0;
    for (; status == 0 && n < 1000; n++) {
        status = cellar_smr_retire(smr, NULL, reclaim_note, &nreclaimed);
    }
    *(int *)ctx = status;
    CHECK_LE(n, 64);
}

/* A reclaim function cannot wait for its own batch. */
TEST(reclaim_function_at_the_bound)
{
    int status = 0;
    start(64);
    CHECK_EQ(cellar_smr_retire(smr, NULL, reclaim_flood, &status), 0);
    CHECK_EQ(cellar_smr_drain(smr), 0);
    CHECK_EQ(status, -EAGAIN);
    CHECK_EQ(pending(), 56);
    finish();
    CHECK_EQ(nreclaimed, 56);
}

struct holder {
    pthread_t thread;
    int entered[2];
    int leave[2];
};

static void *holder_run(void *arg)
{
    struct holder *holder = arg;
    char byte = 0;
    cellar_smr_enter(smr);
    CHECK_EQ(write(holder->entered[1], &byte, 1), 1);
    CHECK_EQ(read(holder->leave[0], &byte, 1), 1);
    usleep(5000);
    cellar_smr_exit(smr);
    return NULL;
}

static void holder_start(struct holder *holder)
{
    char byte;
    CHECK_EQ(pipe(holder->entered), 0);
    CHECK_EQ(pipe(holder->leave), 0);
    CHECK_EQ(pthread_create(&holder->thread, NULL, holder_run, holder), 0);
    CHECK_EQ(read(holder->entered[0], &byte, 1), 1);
}

static void holder_leave(struct holder *holder)
{
    CHECK_EQ(write(holder->leave[1], "", 1), 1);
}

static void holder_join(struct holder *holder)
{
    pthread_join(holder->thread, NULL);
    for (size_t i = 0; i < 2; i++) {
        close(holder->entered[i]);
        close(holder->leave[i]);
    }
}

TEST(retire_waits_at_the_bound)
{
    struct holder holder;
    start(64);
    holder_start(&holder);
    for (uintptr_t i = 0; i < 64; i++) {
        CHECK_EQ(retire(i), 0);
    }
    CHECK_EQ(nreclaimed, 0);
    holder_leave(&holder);
    CHECK_EQ(retire(64), 0); /* blocks for the 5 ms of the holder */
    CHECK_GE(nreclaimed, 8);
    CHECK_EQ(smr->nwaits, 1);
    holder_join(&holder);
    finish();
    CHECK_EQ(nreclaimed, 65);
}

TEST(goals_rise)
{
    struct holder holder;
    uint64_t last = 0;
    size_t n = 0;
    start(64);
    holder_start(&holder);
    for (uintptr_t i = 0; i < 64; i++) {
        CHECK_EQ(retire(i), 0);
    }
    CELLAR_LIST_EACH(node, &smr->closed)
    {
        const struct cellar__batch *batch = CELLAR_CONTAINER(node, struct cellar__batch, all);
        CHECK_GT(batch->goal, last); /* R7 */
        CHECK_EQ(batch->nitems, 8);
        CHECK_EQ(batch->owner, 0);
        last = batch->goal;
        n++;
    }
    CHECK_EQ(n, 7);
    CHECK_EQ(smr->nbatches, 8); /* R8 */
    holder_leave(&holder);
    holder_join(&holder);
    finish();
}

/* What a fork's child does with a batch that a thread of the parent was reclaiming: all but the item in its hands. */
TEST(orphaned_batch_is_taken_over)
{
    start(64);
    for (uintptr_t i = 0; i < 8; i++) {
        CHECK_EQ(retire(i), 0);
    }
    cellar__batch_close(smr);
    struct cellar__batch *batch = CELLAR_CONTAINER(smr->closed.next, struct cellar__batch, all);
    batch->owner = 2; /* no thread's */
    batch->ndone = 3;
    CHECK_EQ(cellar__batch_reclaim(smr, 1), 0);
    cellar__batch_forget_orphans(smr);
    CHECK_EQ(cellar__batch_reclaim(smr, 1), 1);
    CHECK_EQ(nreclaimed, 5);
    CHECK_EQ(reclaimed[0], 3);
    finish();
}

/* A handler's longjmp out of an append leaves the lock held and the batch whole. */
TEST(append_that_never_ended)
{
    start(64);
    CHECK_EQ(retire(0), 0);
    cellar__lock_acquire(&smr->lock);
    smr->open->items[1] = (struct cellar__retired){.item = &smr}; /* written, not yet counted */
    CHECK_EQ(retire(1), 0);
    CHECK(!smr->lock.is_abandoned);
    CHECK_EQ(cellar_smr_drain(smr), 0);
    CHECK_EQ(nreclaimed, 2);
    CHECK_EQ(reclaimed[1], 1);
    finish();
}

TEST_MAIN()
