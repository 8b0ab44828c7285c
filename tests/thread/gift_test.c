/* levels: lib */
/* A program of its own, as what other tests leave free of these small blocks would be scattered. */
#include <cellar/malloc.h>

#include <pthread.h>

#include "test.h"

enum { NGIFTS = 2, NOWN = 2, LINE = 64 };

struct gift {
    void *block;
    uintptr_t own[NOWN];
};

static pthread_barrier_t gift_barrier;

static void *gift_run(void *arg)
{
    struct gift *gift = arg;
    void *own[NOWN];
    free(gift->block);
    pthread_barrier_wait(&gift_barrier);
    for (size_t i = 0; i < NOWN; i++) {
        own[i] = malloc(8);
        gift->own[i] = (uintptr_t)own[i];
    }
    pthread_barrier_wait(&gift_barrier);
    for (size_t i = 0; i < NOWN; i++) {
        free(own[i]);
    }
    return NULL;
}

/* ADR 0018: blocks that lie side by side go to a thread each, which then allocates; nobody gets the neighbour's line. */
TEST(what_a_thread_was_given_is_not_what_it_allocates_next)
{
    struct gift gifts[NGIFTS];
    pthread_t threads[NGIFTS];
    CHECK_EQ(pthread_barrier_init(&gift_barrier, NULL, NGIFTS), 0);
    for (size_t i = 0; i < NGIFTS; i++) {
        gifts[i].block = malloc(8);
    }
    for (size_t i = 0; i < NGIFTS; i++) {
        CHECK_EQ(pthread_create(&threads[i], NULL, gift_run, &gifts[i]), 0);
    }
    for (size_t i = 0; i < NGIFTS; i++) {
        pthread_join(threads[i], NULL);
    }
    for (size_t i = 0; i < NOWN; i++) {
        for (size_t k = 0; k < NOWN; k++) {
            CHECK_NE(gifts[0].own[i] / LINE, gifts[1].own[k] / LINE);
        }
    }
    pthread_barrier_destroy(&gift_barrier);
}

TEST_MAIN()
