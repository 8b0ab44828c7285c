/* levels: base os submap meta arena slab keg */
#include "keg/keg.h"

#include <pthread.h>

#include "arena/fit.h"
#include "arena/run.h"
#include "test.h"

enum { NTHREADS = 4, NROUNDS = 3000, HELD = 200, BATCH = 16, ITEM_SIZE = 512 };

static struct cellar__keg keg;

struct worker {
    pthread_t thread;
    uint64_t seed;
    void *held[HELD];
    size_t nheld;
};

/* An item carries its holder's number in its first and last word: two holders would see each other. */
static void item_stamp(void *item, uint64_t stamp)
{
    ((uint64_t *)item)[0] = stamp;
    ((uint64_t *)item)[ITEM_SIZE / 8 - 1] = stamp;
}

static void item_check(const void *item, uint64_t stamp)
{
    CHECK_EQ(((const uint64_t *)item)[0], stamp);
    CHECK_EQ(((const uint64_t *)item)[ITEM_SIZE / 8 - 1], stamp);
}

static void worker_alloc(struct worker *worker, size_t n)
{
    size_t room = HELD - worker->nheld;
    n = n < room ? n : room;
    size_t got = cellar__keg_alloc(&keg, worker->held + worker->nheld, n);
    CHECK(got <= n && (got > 0 || n == 0));
    for (size_t i = 0; i < got; i++) {
        item_stamp(worker->held[worker->nheld++], worker->seed);
    }
}

static void worker_free(struct worker *worker, size_t n)
{
    enum cellar__item_fault fault;
    n = n < worker->nheld ? n : worker->nheld;
    worker->nheld -= n;
    for (size_t i = 0; i < n; i++) {
        item_check(worker->held[worker->nheld + i], worker->seed);
    }
    CHECK_EQ(cellar__keg_free(&keg, worker->held + worker->nheld, n, &fault), n);
}

static void *worker_run(void *arg)
{
    struct worker *worker = arg;
    struct test_random random = {worker->seed};
    for (size_t round = 0; round < NROUNDS; round++) {
        size_t n = 1 + test_random_below(&random, BATCH);
        switch (test_random_below(&random, 16)) {
        case 0:
            cellar__keg_reclaim(&keg);
            break;
        case 1:
            worker_free(worker, HELD);
            break;
        case 2 ... 8:
            worker_free(worker, n);
            break;
        default:
            worker_alloc(worker, n);
        }
    }
    return NULL;
}

TEST(threads_share_a_keg)
{
    static struct worker workers[NTHREADS];
    struct cellar__keg_attr attr = {.size = ITEM_SIZE, .tag = 1, .max_empty = 1};
    struct test_random random = {test_seed()};
    CHECK_EQ(cellar__meta_init(), 0);
    CHECK_EQ(cellar__heap_init(&cellar__fit_instant, CELLAR_SIZING_EXACT), 0);
    cellar__keg_init(&keg, &attr);
    for (size_t i = 0; i < NTHREADS; i++) {
        workers[i].seed = test_random_next(&random);
        CHECK_EQ(pthread_create(&workers[i].thread, NULL, worker_run, &workers[i]), 0);
    }
    size_t held = 0;
    for (size_t i = 0; i < NTHREADS; i++) {
        pthread_join(workers[i].thread, NULL);
        held += workers[i].nheld;
    }
    struct cellar__keg_usage usage;
    cellar__keg_usage(&keg, &usage);
    CHECK_EQ(usage.nout, held);
    CHECK_PTR(cellar__keg_check(&keg), NULL);
    for (size_t i = 0; i < NTHREADS; i++) {
        worker_free(&workers[i], HELD);
    }
    cellar__keg_reclaim(&keg);
    cellar__keg_usage(&keg, &usage);
    CHECK_EQ(usage.nslabs, 0);
}

/* Items that wait at a barrier while nobody holds any: each round empties the keg, and K2 has to hold. */
static pthread_barrier_t barrier;

static void *burst_run(void *arg)
{
    struct worker *worker = arg;
    for (size_t round = 0; round < NROUNDS / 4; round++) {
        pthread_barrier_wait(&barrier);
        worker_alloc(worker, 1);
        pthread_barrier_wait(&barrier);
        if (worker->seed == 0) {
            CHECK_LE(keg.nempty, keg.attr.max_empty);
        }
        pthread_barrier_wait(&barrier);
        worker_free(worker, 1);
    }
    return NULL;
}

TEST(empty_slabs_stay_within_the_bound)
{
    static struct worker workers[NTHREADS];
    struct cellar__keg_attr attr = {.size = ITEM_SIZE, .tag = 1, .max_empty = 0};
    cellar__keg_init(&keg, &attr);
    pthread_barrier_init(&barrier, NULL, NTHREADS);
    for (size_t i = 0; i < NTHREADS; i++) {
        workers[i].seed = i;
        CHECK_EQ(pthread_create(&workers[i].thread, NULL, burst_run, &workers[i]), 0);
    }
    for (size_t i = 0; i < NTHREADS; i++) {
        pthread_join(workers[i].thread, NULL);
    }
    CHECK_PTR(cellar__keg_check(&keg), NULL);
    CHECK_EQ(keg.nslabs, 0);
}

TEST_MAIN()
