/* levels: base os submap meta smr */
#include <cellar/smr.h>

#include <pthread.h>

#include "meta/meta.h"
#include "smr/smr.h"
#include "test.h"

/*
 * Readers follow a shared array of nodes while writers replace them; what is reclaimed is poisoned and used again at once,
 * so a reader that holds a node too long sees it change.
 */
enum { NREADERS = 3, NWRITERS = 2, NSLOTS = 16, NNODES = 512, NROUNDS = 20000, POISON = 0xdd };

struct node {
    uint64_t words[4]; /* all the same while the node is reachable */
    struct node *next; /* of the free ones */
};

static struct cellar_smr *smr;
static struct node nodes[NNODES];
static struct node *slots[NSLOTS]; /* atomic */
static pthread_mutex_t free_lock = PTHREAD_MUTEX_INITIALIZER;
static struct node *free_nodes;
static uint32_t is_over; /* atomic */
static uint64_t nreads;  /* atomic */

static void node_free(void *item, void *ctx)
{
    struct node *node = item;
    (void)ctx;
    memset(node->words, POISON, sizeof node->words);
    pthread_mutex_lock(&free_lock);
    node->next = free_nodes;
    free_nodes = node;
    pthread_mutex_unlock(&free_lock);
}

static struct node *node_take(void)
{
    pthread_mutex_lock(&free_lock);
    struct node *node = free_nodes;
    if (node != NULL) {
        free_nodes = node->next;
    }
    pthread_mutex_unlock(&free_lock);
    return node;
}

static struct node *node_make(uint64_t value)
{
    struct node *node = node_take();
    while (node == NULL) {
        CHECK_EQ(cellar_smr_drain(smr), 0);
        node = node_take();
    }
    for (size_t i = 0; i < 4; i++) {
        node->words[i] = value;
    }
    return node;
}

/* The words at the begin and at the end of the section are the same. */
static void read_slot(size_t slot)
{
    cellar_smr_enter(smr);
    const struct node *node = __atomic_load_n(&slots[slot], __ATOMIC_ACQUIRE);
    if (node != NULL) {
        uint64_t value = node->words[0];
        CHECK_EQ(value % NSLOTS, slot);
        for (size_t i = 4; i > 0; i--) {
            CHECK_EQ(node->words[i - 1], value);
        }
        __atomic_add_fetch(&nreads, 1, __ATOMIC_RELAXED);
    }
    cellar_smr_exit(smr);
}

static void *reader_run(void *arg)
{
    struct test_random random = {(uintptr_t)arg};
    while (!__atomic_load_n(&is_over, __ATOMIC_RELAXED)) {
        for (size_t i = 0; i < 64; i++) {
            read_slot(test_random_below(&random, NSLOTS));
        }
    }
    return NULL;
}

static void *writer_run(void *arg)
{
    struct test_random random = {(uintptr_t)arg};
    for (size_t round = 0; round < NROUNDS; round++) {
        size_t slot = test_random_below(&random, NSLOTS);
        struct node *node = node_make(test_random_next(&random) / NSLOTS * NSLOTS + slot);
        struct node *old = __atomic_exchange_n(&slots[slot], node, __ATOMIC_ACQ_REL);
        if (old != NULL) {
            CHECK_EQ(cellar_smr_retire(smr, old, node_free, NULL), 0);
        }
    }
    return NULL;
}

static void start(void)
{
    struct cellar_smr_attr attr = {.version = CELLAR_SMR_ATTR_VERSION, .name = "nodes", .max_pending = 128};
    CHECK_EQ(cellar__meta_init(), 0);
    smr = cellar__smr_create(&attr);
    CHECK(smr != NULL);
    free_nodes = NULL;
    memset(slots, 0, sizeof slots);
    for (size_t i = 0; i < NNODES; i++) {
        node_free(&nodes[i], NULL);
    }
    __atomic_store_n(&is_over, 0, __ATOMIC_RELAXED);
}

static void finish(void)
{
    size_t nfree = 0;
    for (size_t i = 0; i < NSLOTS; i++) {
        if (slots[i] != NULL) {
            CHECK_EQ(cellar_smr_retire(smr, slots[i], node_free, NULL), 0);
        }
    }
    CHECK_EQ(cellar_smr_destroy(smr), 0);
    for (struct node *node = free_nodes; node != NULL; node = node->next) {
        nfree++;
    }
    CHECK_EQ(nfree, NNODES); /* each came back, once */
}

static void threads_start(pthread_t *threads, size_t n, void *(*run)(void *), uint64_t seed)
{
    for (size_t i = 0; i < n; i++) {
        CHECK_EQ(pthread_create(&threads[i], NULL, run, (void *)(uintptr_t)(seed + i)), 0);
    }
}

static void threads_join(pthread_t *threads, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        pthread_join(threads[i], NULL);
    }
}

TEST(readers_see_whole_nodes)
{
    pthread_t readers[NREADERS];
    pthread_t writers[NWRITERS];
    start();
    threads_start(readers, NREADERS, reader_run, test_seed() * 100);
    threads_start(writers, NWRITERS, writer_run, test_seed() * 200);
    threads_join(writers, NWRITERS);
    __atomic_store_n(&is_over, 1, __ATOMIC_RELAXED);
    threads_join(readers, NREADERS);
    finish();
    CHECK_GT(nreads, 0);
}

/* Several threads reclaim and drain at once. */
static void *drain_run(void *arg)
{
    (void)arg;
    while (!__atomic_load_n(&is_over, __ATOMIC_RELAXED)) {
        CHECK_EQ(cellar_smr_drain(smr), 0);
    }
    return NULL;
}

TEST(drains_meet)
{
    pthread_t drainers[2];
    pthread_t writers[NWRITERS];
    start();
    threads_start(drainers, 2, drain_run, 0);
    threads_start(writers, NWRITERS, writer_run, 7);
    threads_join(writers, NWRITERS);
    __atomic_store_n(&is_over, 1, __ATOMIC_RELAXED);
    threads_join(drainers, 2);
    finish();
}

/* Threads come, read and go while a writer works: readers are handed on, none is lost. */
static void *brief_run(void *arg)
{
    struct test_random random = {(uintptr_t)arg};
    for (size_t i = 0; i < 100; i++) {
        read_slot(test_random_below(&random, NSLOTS));
    }
    return NULL;
}

TEST(threads_come_and_go)
{
    pthread_t readers[NREADERS];
    pthread_t writer;
    struct cellar__meta_usage before;
    struct cellar__meta_usage after;
    start();
    threads_start(readers, NREADERS, brief_run, 1);
    threads_join(readers, NREADERS);
    CHECK_EQ(pthread_create(&writer, NULL, writer_run, (void *)3), 0);
    for (size_t round = 0; round < 100; round++) {
        threads_start(readers, NREADERS, brief_run, round);
        threads_join(readers, NREADERS);
    }
    pthread_join(writer, NULL);
    finish();
    cellar__meta_usage(&before);
    start();
    threads_start(readers, NREADERS, brief_run, 1);
    threads_join(readers, NREADERS);
    finish();
    cellar__meta_usage(&after);
    CHECK_EQ(after.used, before.used);
}

TEST_MAIN()
