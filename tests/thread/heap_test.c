/* levels: all */
#include "malloc/heap.h"

#include <pthread.h>

#include "test.h"

enum { NTHREADS = 4 };

static pthread_barrier_t barrier;
static struct cellar__zone *zones[NTHREADS][CELLAR_CLASS_END];

static bool is_made(unsigned class_id)
{
    return cellar__zone_get((uint16_t)class_id) != NULL;
}

/* No other part of this program has blocks of these sizes. */
TEST(a_class_has_a_zone_once_it_was_used)
{
    unsigned slab = cellar__class_of(28000);
    unsigned run = cellar__class_of(900000);
    CHECK(cellar__heap_start());
    CHECK(!is_made(slab) && !is_made(run));
    void *block = malloc(28000);
    CHECK(block != NULL);
    CHECK(is_made(slab) && !is_made(run));
    CHECK_PTR(cellar__heap_zone(slab)->attr.source, cellar__heap_keg(slab));
    CHECK_EQ(cellar__heap_zone(slab)->attr.size, cellar__class_size(slab));
    free(block);
    CHECK_PTR(cellar__heap_zone(run)->attr.source, cellar__heap_source(run));
    CHECK(is_made(run));
}

/* No other part of this program has blocks of these sizes, nor does it make another zone meanwhile. */
TEST(zones_lie_in_the_order_of_first_use)
{
    CHECK(cellar__heap_start());
    const char *large = (const char *)cellar__heap_zone(cellar__class_of(700000));
    const char *small = (const char *)cellar__heap_zone(cellar__class_of(1000));
    const char *middle = (const char *)cellar__heap_zone(cellar__class_of(20000));
    size_t size = (size_t)(small - large);
    CHECK_GE(size, sizeof(struct cellar__zone) + sizeof(struct cellar__keg));
    CHECK_LE(size, 512);
    CHECK_EQ((size_t)(middle - small), size);
}

static void *ask_for_all(void *arg)
{
    struct cellar__zone **mine = arg;
    for (unsigned id = 1; id < CELLAR_CLASS_END; id++) {
        pthread_barrier_wait(&barrier);
        mine[id] = cellar__heap_zone(id);
        CHECK_EQ(mine[id]->id, id); /* whole, whoever made it */
        CHECK_EQ(mine[id]->attr.size, cellar__class_size(id));
    }
    return NULL;
}

TEST(a_class_has_one_zone_whoever_asks_first)
{
    pthread_t threads[NTHREADS];
    CHECK(cellar__heap_start());
    CHECK_EQ(pthread_barrier_init(&barrier, NULL, NTHREADS), 0);
    for (size_t i = 0; i < NTHREADS; i++) {
        CHECK_EQ(pthread_create(&threads[i], NULL, ask_for_all, zones[i]), 0);
    }
    for (size_t i = 0; i < NTHREADS; i++) {
        CHECK_EQ(pthread_join(threads[i], NULL), 0);
    }
    for (unsigned id = 1; id < CELLAR_CLASS_END; id++) {
        for (size_t i = 0; i < NTHREADS; i++) {
            CHECK_PTR(zones[i][id], cellar__zone_get((uint16_t)id));
        }
    }
}

TEST_MAIN()
