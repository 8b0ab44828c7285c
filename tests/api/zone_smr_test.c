/* levels: lib */
/* Zones with an smr: what readers may hold is not used again. */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include <cellar/smr.h>
#include <cellar/zone.h>

#include "test.h"

enum { POISON = 0x6b };

static size_t ndtors; /* atomic */

static void poison(void *item, size_t size, void *arg, void *ctx)
{
    (void)ctx;
    CHECK_PTR(arg, NULL); /* not that of the free, which is long over */
    memset(item, POISON, size);
    __atomic_add_fetch(&ndtors, 1, __ATOMIC_RELAXED);
}

static struct cellar_zone *make(struct cellar_smr *smr, size_t max_items)
{
    struct cellar_zone_attr attr = {.version = CELLAR_ZONE_ATTR_VERSION,
                                    .name = "read",
                                    .size = 64,
                                    .dtor = poison,
                                    .max_items = max_items,
                                    .smr = smr};
    struct cellar_zone *zone = cellar_zone_create(&attr);
    CHECK(zone != NULL);
    return zone;
}

static struct cellar_smr *make_smr(size_t max_pending)
{
    struct cellar_smr_attr attr = {
        .version = CELLAR_SMR_ATTR_VERSION, .name = "readers", .max_pending = max_pending};
    struct cellar_smr *smr = cellar_smr_create(&attr);
    CHECK(smr != NULL);
    return smr;
}

TEST(a_freed_item_stays_as_it_is_while_a_reader_is_inside)
{
    struct cellar_smr *smr = make_smr(0);
    struct cellar_zone *zone = make(smr, 0);
    unsigned char *item = cellar_zone_alloc(zone, NULL, 0);
    memset(item, 7, 64);
    ndtors = 0;
    cellar_smr_enter(smr);
    cellar_zone_free(zone, item, item);
    for (int i = 0; i < 1000; i++) { /* in the section more are pending than the bound says, and none waits */
        void *other = cellar_zone_alloc(zone, NULL, 0);
        CHECK(other != NULL && other != item);
        cellar_zone_free(zone, other, NULL);
    }
    CHECK_EQ(ndtors, 0);
    CHECK_EQ(item[0], 7);
    cellar_smr_exit(smr);
    CHECK_EQ(cellar_smr_drain(smr), 0);
    CHECK_EQ(ndtors, 1001);
    CHECK_EQ(item[0], POISON);
    CHECK_EQ(cellar_zone_destroy(zone), 0);
    CHECK_EQ(cellar_smr_destroy(smr), 0);
}

TEST(the_bound_gives_way_inside_a_section_only)
{
    struct cellar_smr *smr = make_smr(50);
    struct cellar_zone *zone = make(smr, 0);
    struct cellar_smr_usage usage;
    cellar_smr_enter(smr);
    for (int i = 0; i < 500; i++) {
        cellar_zone_free(zone, cellar_zone_alloc(zone, NULL, 0), NULL);
    }
    cellar_smr_get_usage(smr, &usage);
    CHECK_EQ(usage.pending, 500);
    cellar_smr_exit(smr);
    for (int i = 0; i < 500; i++) {
        cellar_zone_free(zone, cellar_zone_alloc(zone, NULL, 0), NULL);
    }
    CHECK_EQ(cellar_smr_drain(smr), 0);
    for (int i = 0; i < 200; i++) {
        cellar_zone_free(zone, cellar_zone_alloc(zone, NULL, 0), NULL);
    }
    cellar_smr_get_usage(smr, &usage);
    CHECK_LE(usage.pending, usage.max_pending);
    CHECK_EQ(cellar_zone_destroy(zone), 0);
    CHECK_EQ(cellar_smr_destroy(smr), 0);
}

TEST(the_limit_waits_for_readers_and_not_for_ever)
{
    struct cellar_smr *smr = make_smr(0);
    struct cellar_zone *zone = make(smr, 4);
    struct cellar_zone_usage usage;
    void *items[4];
    for (int round = 0; round < 100; round++) {
        for (int i = 0; i < 4; i++) {
            items[i] = cellar_zone_alloc(zone, NULL, 0); /* all four may be pending still */
            CHECK(items[i] != NULL);
        }
        for (int i = 0; i < 4; i++) {
            cellar_zone_free(zone, items[i], NULL);
        }
    }
    cellar_smr_enter(smr);
    for (int i = 0; i < 4; i++) {
        items[i] = cellar_zone_alloc(zone, NULL, CELLAR_ZONE_NOWAIT);
        if (items[i] == NULL) { /* a reader does not wait, and nobody drains for it */
            CHECK_EQ(errno, EAGAIN);
        }
    }
    cellar_smr_exit(smr);
    for (int i = 0; i < 4; i++) {
        cellar_zone_free(zone, items[i], NULL);
    }
    cellar_zone_get_usage(zone, &usage);
    CHECK_LE(usage.used, 4);
    CHECK_EQ(cellar_zone_destroy(zone), 0);
    CHECK_EQ(cellar_smr_destroy(smr), 0);
}

TEST(an_smr_in_use_cannot_be_destroyed_and_moves_are_refused)
{
    struct cellar_smr *smr = make_smr(0);
    struct cellar_zone *zone = make(smr, 0);
    struct cellar_zone_attr moving = {.version = CELLAR_ZONE_ATTR_VERSION, .size = 16, .smr = smr};
    moving.move = (enum cellar_zone_answer(*)(void *, void *, size_t, void *))(void *)poison;
    CHECK_EQ(cellar_smr_destroy(smr), -EBUSY);
    CHECK_PTR(cellar_zone_create(&moving), NULL);
    CHECK_EQ(errno, EINVAL);
    CHECK_EQ(cellar_zone_destroy(zone), 0);
    CHECK_EQ(cellar_smr_destroy(smr), 0);
}

/* Readers beside a writer that replaces what they read: none may see poison. */

static struct {
    struct cellar_smr *smr;
    struct cellar_zone *zone;
    unsigned char *current; /* atomic */
    bool end;               /* atomic */
    size_t nbad;            /* atomic */
} shared;

static void *read_on(void *arg)
{
    (void)arg;
    while (!__atomic_load_n(&shared.end, __ATOMIC_RELAXED)) {
        cellar_smr_enter(shared.smr);
        const unsigned char *item = __atomic_load_n(&shared.current, __ATOMIC_ACQUIRE);
        for (int i = 0; i < 64; i++) {
            __atomic_add_fetch(&shared.nbad, item[i] != item[0] || item[i] == POISON, __ATOMIC_RELAXED);
        }
        cellar_smr_exit(shared.smr);
    }
    return NULL;
}

static unsigned char *fresh(int value)
{
    unsigned char *item = cellar_zone_alloc(shared.zone, NULL, 0);
    CHECK(item != NULL);
    memset(item, value % 100, 64);
    return item;
}

TEST(readers_never_see_what_was_freed)
{
    pthread_t readers[3];
    shared.smr = make_smr(64);
    shared.zone = make(shared.smr, 0);
    shared.current = fresh(0);
    for (int i = 0; i < 3; i++) {
        CHECK_EQ(pthread_create(&readers[i], NULL, read_on, NULL), 0);
    }
    for (int i = 1; i < 100000; i++) {
        unsigned char *old = __atomic_exchange_n(&shared.current, fresh(i), __ATOMIC_ACQ_REL);
        cellar_zone_free(shared.zone, old, NULL);
    }
    __atomic_store_n(&shared.end, true, __ATOMIC_RELAXED);
    for (int i = 0; i < 3; i++) {
        CHECK_EQ(pthread_join(readers[i], NULL), 0);
    }
    CHECK_EQ(shared.nbad, 0);
    cellar_zone_free(shared.zone, shared.current, NULL);
    CHECK_EQ(cellar_zone_destroy(shared.zone), 0);
    CHECK_EQ(cellar_smr_destroy(shared.smr), 0);
}

TEST_MAIN()
