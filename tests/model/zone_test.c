/* levels: base os submap meta arena slab keg bucket smr zone; with: */
#include "zone/zone.h"

#include "arena/fit.h"
#include "arena/run.h"
#include "model/ops.h"
#include "zone/thread.h"

/* The model of a zone: which items are with us, stamped. What is neither with us nor cached is in the keg (Z1). */
enum { LIVE_MAX = 4000, ITEM_SIZE = 256, ZONE_ID = 9 };

static uint64_t *live[LIVE_MAX];
static uint64_t stamps[LIVE_MAX];
static size_t nlive;
static uint64_t next_stamp;
static uint64_t nrequests;
static struct cellar__keg keg;
static struct cellar__zone zone;

static void zone_start(void)
{
    uint16_t tag = ZONE_ID * sizeof(struct cellar__cache);
    struct cellar__keg_attr keg_attr = {.size = ITEM_SIZE, .tag = tag, .max_empty = 1};
    struct cellar__zone_attr attr = {
        .name = "model", .size = ITEM_SIZE, .backend = &cellar__zone_keg_backend, .source = &keg};
    CHECK_EQ(cellar__meta_init(), 0);
    CHECK_EQ(cellar__heap_init(&cellar__fit_instant, CELLAR_SIZING_EXACT), 0);
    cellar__thread_init();
    cellar__keg_init(&keg, &keg_attr);
    cellar__zone_init(&zone, ZONE_ID, &attr);
}

static struct cellar__cache *zone_cache(void)
{
    return &cellar__thread_own()->caches[ZONE_ID];
}

static bool zone_do_alloc(size_t n)
{
    for (size_t i = 0; i < n && nlive < LIVE_MAX; i++) {
        uint64_t *item = cellar__zone_alloc(&zone);
        if (item == NULL) {
            return ops_fail("no item");
        }
        if (cellar__page_map_tag(item) != ZONE_ID * sizeof(struct cellar__cache)) {
            return ops_fail("Z2: tag %u", cellar__page_map_tag(item));
        }
        nrequests++;
        live[nlive] = item;
        stamps[nlive] = ++next_stamp;
        item[0] = item[ITEM_SIZE / 8 - 1] = stamps[nlive++];
    }
    return true;
}

static bool zone_do_free(size_t at, size_t n)
{
    for (size_t i = 0; i < n && nlive > 0; i++) {
        size_t index = at % nlive;
        uint64_t *item = live[index];
        if (item[0] != stamps[index] || item[ITEM_SIZE / 8 - 1] != stamps[index]) {
            return ops_fail("item %p was written", (void *)item);
        }
        live[index] = live[--nlive];
        stamps[index] = stamps[nlive];
        cellar__zone_free(&zone, item);
    }
    return true;
}

static bool zone_agrees(void)
{
    const char *broken = cellar__keg_check(&keg);
    size_t cached = cellar__cache_nitems(zone_cache());
    size_t stored = cellar__depot_nitems(&zone.depot);
    if (broken != NULL) {
        return ops_fail("invariant %s", broken);
    }
    if (keg.nout != nlive + cached + stored) {
        return ops_fail("Z1: %zu out of the keg, %zu live, %zu cached, %zu in the depot", keg.nout, nlive,
                        cached, stored);
    }
    if (cached > 2 * (size_t)zone.max_items || stored > zone.depot.max_items) {
        return ops_fail("Z3: %zu cached, %zu in the depot", cached, stored);
    }
    uint64_t counted = zone.retired_requests + zone_cache()->nrequests + cellar__cache_nleft(zone_cache());
    return (nlive <= counted && counted <= nrequests) ||
           ops_fail("%lu requests counted, of %lu, %zu live", counted, nrequests, nlive);
}

static bool zone_do(const struct ops_op *op)
{
    switch (op->kind) {
    case 0:
        cellar__zone_drain_cache(&zone, zone_cache());
        return true;
    case 1:
        cellar__zone_drain_depot(&zone);
        return true;
    case 2:
        cellar__zone_set_uncached(op->a % 4 == 0);
        return true;
    case 3 ... 6: /* a great part, so that buckets and depot overflow or run dry */
        return op->a % 2 ? zone_do_alloc(op->b % 2000) : zone_do_free(op->a, op->b % 2000);
    default:
        return op->a % 2 ? zone_do_alloc(op->b % 40) : zone_do_free(op->a, op->b % 40);
    }
}

static bool zone_replay(const struct ops_op *ops, size_t count)
{
    zone_start();
    for (size_t i = 0; i < count; i++) {
        if (!zone_do(&ops[i]) || !zone_agrees()) {
            return false;
        }
        ops_shared->done++;
    }
    zone_do_free(0, LIVE_MAX);
    cellar__zone_drain_cache(&zone, zone_cache());
    cellar__zone_drain_depot(&zone);
    return keg.nout == 0 || ops_fail("%zu items are lost", keg.nout);
}

TEST(items_are_in_one_place)
{
    ops_test(zone_replay, 60, 1500, 10);
}

TEST_MAIN()
