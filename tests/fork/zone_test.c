/* levels: lib; timeout: 300 */
#include <cellar/zone.h>

#include <pthread.h>

#include "test.h"

/* Threads use, make and destroy zones without a pause while another forks: each child's zones have to be whole. */
enum { NTHREADS = 3, NFORKS = 100, NITEMS = 300 };

static struct cellar_zone *zone;
static struct cellar_zone *limited;
static bool is_over; /* atomic */

static void churn(size_t nrounds)
{
    void *items[NITEMS];
    for (size_t round = 0; round < nrounds; round++) {
        size_t n = 1 + round * 37 % NITEMS;
        CHECK_EQ(cellar_zone_alloc_batch(zone, items, n, NULL, 0), n);
        void *one = cellar_zone_alloc(limited, NULL, 0);
        struct cellar_zone_attr attr = {.version = CELLAR_ZONE_ATTR_VERSION, .size = 32 + round % 500};
        struct cellar_zone *brief = cellar_zone_create(&attr);
        CHECK(one != NULL && brief != NULL);
        cellar_zone_free(brief, cellar_zone_alloc(brief, NULL, 0), NULL);
        CHECK_EQ(cellar_zone_destroy(brief), 0);
        cellar_zone_free(limited, one, NULL);
        cellar_zone_free_batch(zone, items, n, NULL);
    }
}

static void *worker_run(void *arg)
{
    while (!__atomic_load_n(&is_over, __ATOMIC_RELAXED)) {
        churn(20);
    }
    return arg;
}

static int visit(struct cellar_zone *each, void *ctx)
{
    (void)ctx;
    return cellar_zone_check(each) != NULL;
}

TEST(child_of_a_threaded_program_uses_zones)
{
    pthread_t threads[NTHREADS];
    struct cellar_zone_attr attr = {.version = CELLAR_ZONE_ATTR_VERSION, .size = 100};
    zone = cellar_zone_create(&attr);
    attr.max_items = NTHREADS + 2; /* what the threads hold at the fork stays out for the child */
    limited = cellar_zone_create(&attr);
    for (size_t i = 0; i < NTHREADS; i++) {
        CHECK_EQ(pthread_create(&threads[i], NULL, worker_run, NULL), 0);
    }
    for (size_t round = 0; round < NFORKS; round++) {
        int status;
        pid_t pid = fork();
        CHECK_GE(pid, 0);
        if (pid == 0) {
            alarm(30);
            churn(30);
            _exit(cellar_zone_foreach(visit, NULL));
        }
        CHECK_EQ(waitpid(pid, &status, 0), pid);
        CHECK_EQ(status, 0);
    }
    __atomic_store_n(&is_over, true, __ATOMIC_RELAXED);
    for (size_t i = 0; i < NTHREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    CHECK_EQ(cellar_zone_destroy(zone), 0);
    CHECK_EQ(cellar_zone_destroy(limited), 0);
}

TEST_MAIN()
