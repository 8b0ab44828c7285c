/* levels: lib; timeout: 300 */
#include <cellar/malloc.h>

#include <pthread.h>

#include "test.h"

enum { NTHREADS = 8, NROUNDS = 20000, NSLOTS = 512 };

/* A block is stamped by who made it and checked by who frees it, mostly another thread. */
struct block {
    size_t size;
    uint64_t stamp;
    unsigned char rest[];
};

static struct block *slots[NSLOTS]; /* exchanged atomically */

static struct block *block_make(struct test_random *random)
{
    size_t lg = 5 + test_random_below(random, test_random_below(random, 200) == 0 ? 17 : 8);
    size_t size = sizeof(struct block) + test_random_below(random, (size_t)1 << lg);
    struct block *block = malloc(size);
    CHECK(block != NULL);
    block->size = size;
    block->stamp = (uintptr_t)block * 3 + size;
    memset(block->rest, (int)(block->stamp & 0xff), size - sizeof *block);
    return block;
}

static void block_end(struct block *block)
{
    if (block == NULL) {
        return;
    }
    size_t rest = block->size - sizeof *block;
    unsigned char stamp = block->stamp & 0xff;
    CHECK_EQ(block->stamp, (uintptr_t)block * 3 + block->size);
    CHECK(rest == 0 || (block->rest[0] == stamp && block->rest[rest - 1] == stamp));
    CHECK(rest == 0 || memcmp(block->rest, block->rest + 1, rest - 1) == 0);
    block->stamp = 0;
    free(block);
}

static void *worker_run(void *arg)
{
    struct test_random random = {(uintptr_t)arg};
    for (size_t round = 0; round < NROUNDS; round++) {
        struct block *block = block_make(&random);
        size_t slot = test_random_below(&random, NSLOTS);
        block_end(__atomic_exchange_n(&slots[slot], block, __ATOMIC_ACQ_REL));
    }
    return NULL;
}

static void slots_clear(void)
{
    for (size_t i = 0; i < NSLOTS; i++) {
        block_end(__atomic_exchange_n(&slots[i], NULL, __ATOMIC_ACQ_REL));
    }
}

TEST(blocks_go_from_thread_to_thread)
{
    pthread_t threads[NTHREADS];
    uint64_t seed = test_seed();
    for (size_t i = 0; i < NTHREADS; i++) {
        CHECK_EQ(pthread_create(&threads[i], NULL, worker_run, (void *)(uintptr_t)(seed * 1000 + i)), 0);
    }
    for (size_t i = 0; i < NTHREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    slots_clear();
}

static size_t field(const char *text, const char *zone, const char *name)
{
    char key[64];
    snprintf(key, sizeof key, "\"name\":\"%s\"", zone);
    const char *at = strstr(text, key);
    CHECK(at != NULL);
    snprintf(key, sizeof key, "\"%s\":", name);
    at = strstr(at, key);
    CHECK(at != NULL);
    return strtoull(at + strlen(key), NULL, 10);
}

static const char *stats(void)
{
    static char text[65536];
    int fds[2];
    CHECK_EQ(pipe(fds), 0);
    CHECK_EQ(cellar_stats_print(fds[1], CELLAR_STATS_JSON), 0);
    close(fds[1]);
    size_t size = 0;
    for (ssize_t got; (got = read(fds[0], text + size, sizeof text - 1 - size)) > 0;) {
        size += (size_t)got;
    }
    close(fds[0]);
    text[size] = '\0';
    return text;
}

enum { ITEM_SIZE = 192, NITEMS = 300 };

static void *brief_run(void *arg)
{
    void **items = arg;
    for (size_t i = 0; i < NITEMS; i++) {
        items[i] = malloc(ITEM_SIZE);
        CHECK(items[i] != NULL);
    }
    for (size_t i = 0; i < NITEMS; i++) {
        free(items[i]);
    }
    return NULL;
}

/* Threads come and go; what they cached is used by those that follow, so nothing grows. */
TEST(thread_exit_hands_its_items_over)
{
    static void *items[NITEMS];
    size_t slabs = 0;
    for (size_t round = 0; round < 400; round++) {
        pthread_t thread;
        CHECK_EQ(pthread_create(&thread, NULL, brief_run, items), 0);
        pthread_join(thread, NULL);
        if (round == 10) {
            slabs = field(stats(), "malloc.192", "slabs");
        }
    }
    const char *text = stats();
    /* One more if the janitor had the record of the last thread in its hands when the next one came. */
    CHECK_LE(field(text, "malloc.192", "slabs"), slabs + 1);
    /* What a thread frees into the bucket it last took from is not counted: less than a bucket, here of 85 items. */
    CHECK_GE(field(text, "malloc.192", "requests"), (size_t)400 * (NITEMS - 85));
    CHECK_LE(field(text, "malloc.192", "requests"), (size_t)400 * NITEMS + 1);
    CHECK_LE(field(text, "malloc.192", "live"), 1); /* this program's own, if any */
}

static pthread_key_t late_key;

static void late_free(void *block)
{
    free(block);
    pthread_setspecific(late_key, malloc(100));
}

static void *late_run(void *arg)
{
    (void)arg;
    pthread_setspecific(late_key, malloc(100));
    return NULL;
}

TEST(destructors_may_allocate)
{
    CHECK_EQ(pthread_key_create(&late_key, late_free), 0);
    for (size_t round = 0; round < 100; round++) {
        pthread_t thread;
        CHECK_EQ(pthread_create(&thread, NULL, late_run, NULL), 0);
        pthread_join(thread, NULL);
    }
    pthread_key_delete(late_key);
}

TEST_MAIN()
