/* levels: lib */
#include <cellar/smr.h>

#include <pthread.h>

#include "test.h"

static void reclaim_free(void *item, void *ctx)
{
    ++*(size_t *)ctx;
    free(item);
}

TEST(items_of_malloc_come_back)
{
    struct cellar_smr_usage usage;
    size_t nfreed = 0;
    struct cellar_smr_attr attr = {.version = CELLAR_SMR_ATTR_VERSION, .name = "items", .max_pending = 1000};
    struct cellar_smr *smr = cellar_smr_create(&attr);
    CHECK(smr != NULL);
    cellar_smr_enter(smr);
    for (size_t i = 0; i < 500; i++) {
        CHECK_EQ(cellar_smr_retire(smr, malloc(100), reclaim_free, &nfreed), 0);
    }
    cellar_smr_get_usage(smr, &usage);
    CHECK_EQ(usage.pending, 500);
    CHECK_GE(usage.max_pending, 1000);
    CHECK_EQ(usage.readers, 1);
    CHECK_EQ(usage.reclaimed, 0);
    CHECK_EQ(cellar_smr_drain(smr), -EDEADLK);
    CHECK_EQ(cellar_smr_destroy(smr), -EBUSY);
    cellar_smr_exit(smr);
    CHECK_EQ(cellar_smr_drain(smr), 0);
    CHECK_EQ(nfreed, 500);
    cellar_smr_get_usage(smr, &usage);
    CHECK_EQ(usage.pending, 0);
    CHECK_EQ(usage.reclaimed, 500);
    CHECK_EQ(usage.readers, 0);
    CHECK_GE(usage.advances, 4);
    CHECK_EQ(cellar_smr_destroy(smr), 0);
}

TEST(goals_without_retire)
{
    struct cellar_smr *smr = cellar_smr_create(NULL);
    CHECK(smr != NULL);
    cellar_smr_enter(smr);
    uint64_t goal = cellar_smr_advance(smr);
    CHECK(!cellar_smr_poll(smr, goal));
    CHECK_EQ(cellar_smr_wait(smr, goal), -EDEADLK);
    cellar_smr_exit(smr);
    CHECK(cellar_smr_poll(smr, goal));
    CHECK_EQ(cellar_smr_wait(smr, goal), 0);
    CHECK_EQ(cellar_smr_destroy(smr), 0);
}

/* A signal handler reads, wherever the thread is: the structure's one node is whole whenever it looks. */
static struct cellar_smr *handler_smr;
static uint64_t *handler_node;   /* atomic; the node is 1 as long as it may be held */
static volatile size_t nhandled; /* by this thread's handler */

static void handler_read(int signo)
{
    (void)signo;
    cellar_smr_enter(handler_smr);
    const uint64_t *node = __atomic_load_n(&handler_node, __ATOMIC_ACQUIRE);
    if (*node != 1) {
        _exit(1);
    }
    cellar_smr_exit(handler_smr);
    nhandled = nhandled + 1;
}

static void node_end(void *item, void *ctx)
{
    (void)ctx;
    *(volatile uint64_t *)item = 2;
    free(item);
}

static uint64_t *node_make(void)
{
    uint64_t *node = malloc(sizeof *node);
    CHECK(node != NULL);
    *node = 1;
    return node;
}

static void *reader_run(void *arg)
{
    while (!__atomic_load_n((bool *)arg, __ATOMIC_RELAXED)) {
        cellar_smr_enter(handler_smr);
        if (*__atomic_load_n(&handler_node, __ATOMIC_ACQUIRE) != 1) {
            _exit(1);
        }
        cellar_smr_exit(handler_smr);
    }
    return NULL;
}

TEST(signal_handlers_read)
{
    static bool is_over;
    pthread_t reader;
    handler_smr = cellar_smr_create(NULL);
    handler_node = node_make();
    signal(SIGUSR1, handler_read);
    CHECK_EQ(pthread_create(&reader, NULL, reader_run, &is_over), 0);
    for (size_t i = 0; i < 20000; i++) {
        pthread_kill(i % 2 == 0 ? reader : pthread_self(), SIGUSR1);
        uint64_t *old = __atomic_exchange_n(&handler_node, node_make(), __ATOMIC_ACQ_REL);
        CHECK_EQ(cellar_smr_retire(handler_smr, old, node_end, NULL), 0);
    }
    __atomic_store_n(&is_over, true, __ATOMIC_RELAXED);
    pthread_join(reader, NULL);
    signal(SIGUSR1, SIG_DFL);
    CHECK_GT(nhandled, 0);
    CHECK_EQ(cellar_smr_destroy(handler_smr), 0);
    free(handler_node);
}

TEST(bad_calls)
{
    struct cellar_smr_attr attr = {.version = 0};
    CHECK(cellar_smr_create(&attr) == NULL);
    struct cellar_smr *smr = cellar_smr_create(NULL);
    CHECK_EQ(cellar_smr_retire(smr, &attr, NULL, NULL), -EINVAL);
    CHECK_EQ(cellar_smr_wait(smr, cellar_smr_advance(smr) + 100), -EINVAL);
    CHECK_EQ(cellar_smr_destroy(smr), 0);
    CHECK_EQ(cellar_smr_destroy(NULL), 0);
}

TEST_MAIN()
