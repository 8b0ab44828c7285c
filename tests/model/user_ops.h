/*
 * Random operations on three zones of programs, one of them secondary, beside a model of what each has out: what the model
 * test and the fuzzer of zones share. An operation is a struct ops_op (model/ops.h).
 */
#ifndef CELLAR_TESTS_MODEL_USER_OPS_H
#define CELLAR_TESTS_MODEL_USER_OPS_H

#include "zone/user.h"

#include "arena/fit.h"
#include "arena/run.h"
#include "model/ops.h"
#include "zone/debug.h"
#include "zone/item.h"
#include "zone/limit.h"
#include "zone/move.h"
#include "zone/reclaim.h"
#include "zone/stock.h"
#include "zone/walk.h"

enum { USER_OP_KINDS = 40, NZONES = 3, LIVE_MAX = 3000, BATCH_MAX = 300 };

struct live_item {
    uint64_t *item;
    uint64_t stamp;
};

/* The model: of each zone what is with us, its limit and its reserve. */
static struct model_zone {
    struct cellar_zone *zone;
    struct live_item live[LIVE_MAX];
    size_t nlive;
    size_t max_items;
    size_t reserve;
    uint64_t nrequests;
} zones[NZONES];

static uint64_t next_stamp;
static int64_t nready; /* items that init has made and fini has not ended */
static size_t moving;  /* the zone whose items a compaction may move; NZONES: none */

static int ready(void *item, size_t size, void *ctx)
{
    (void)item, (void)size, (void)ctx;
    nready++;
    return 0;
}

static void unready(void *item, size_t size, void *ctx)
{
    (void)item, (void)size, (void)ctx;
    nready--;
}

static enum cellar_zone_answer move(void *from, void *to, size_t size, void *ctx)
{
    struct model_zone *model = ctx;
    for (size_t i = 0; i < model->nlive; i++) {
        if (model->live[i].item == from) {
            if (moving % 7 == 3) {
                return CELLAR_ZONE_MOVE_LATER;
            }
            memcpy(to, from, size);
            model->live[i].item = to;
            return CELLAR_ZONE_MOVE_YES;
        }
    }
    return CELLAR_ZONE_MOVE_DONT_KNOW; /* the secondary zone's */
}

/* Three zones without items. The heap is started once, for a process may replay many lists. */
static void zones_start(void)
{
    static bool has_heap;
    struct cellar_zone_attr attr = {
        .version = 1, .name = "first", .size = 720, .move = move, .ctx = &zones[0]};
    int error;
    if (!has_heap) {
        CHECK_EQ(cellar__meta_init(), 0);
        CHECK_EQ(cellar__heap_init(&cellar__fit_instant, CELLAR_SIZING_EXACT), 0);
        cellar__thread_init();
        has_heap = true;
    }
    memset(zones, 0, sizeof zones);
    nready = 0;
    moving = NZONES;
    zones[0].zone = cellar__user_create(&attr, NULL, NULL, &error);
    attr = (struct cellar_zone_attr){.version = 1, .name = "second"};
    zones[1].zone = cellar__user_create(&attr, zones[0].zone, NULL, &error);
    attr = (struct cellar_zone_attr){
        .version = 1, .name = "third", .size = 9000, .init = ready, .fini = unready, .max_items = 100};
    zones[2].zone = cellar__user_create(&attr, NULL, NULL, &error);
    zones[2].max_items = 100;
}

static size_t zones_allowed(const struct model_zone *model, unsigned flags)
{
    size_t limit = model->max_items == 0 ? SIZE_MAX : model->max_items;
    limit -= (flags & CELLAR_ZONE_USE_RESERVE) == 0 && model->max_items != 0 ? model->reserve : 0;
    return limit > model->nlive ? limit - model->nlive : 0;
}

static bool zones_note(struct model_zone *model, uint64_t *item)
{
    size_t last = model->zone->size / 8 - 1;
    if ((uintptr_t)item % 16 != 0 || !cellar__user_owns(model->zone, item)) {
        return ops_fail("%p is no item of the zone", (void *)item);
    }
    model->live[model->nlive++] = (struct live_item){item, ++next_stamp};
    item[0] = item[last] = next_stamp;
    model->nrequests++;
    return true;
}

static bool zones_alloc(struct model_zone *model, size_t n, bool reserve)
{
    unsigned flags = CELLAR_ZONE_NOWAIT | (reserve ? CELLAR_ZONE_USE_RESERVE : 0);
    void *items[BATCH_MAX];
    n = n < LIVE_MAX - model->nlive ? n : LIVE_MAX - model->nlive;
    size_t allowed = zones_allowed(model, flags);
    size_t expected = n < allowed ? n : allowed;
    struct cellar__request request = {.flags = flags};
    size_t got;
    if (n == 1) {
        items[0] = cellar__item_alloc(model->zone, &request);
        got = items[0] != NULL;
    } else {
        got = cellar__item_alloc_batch(model->zone, items, n, &request);
    }
    if (got != expected || (n != 0 && got == 0 && request.error != EAGAIN)) {
        return ops_fail("alloc of %zu gave %zu, not %zu", n, got, expected);
    }
    for (size_t i = 0; i < got; i++) {
        if (!zones_note(model, items[i])) {
            return false;
        }
    }
    return true;
}

static bool zones_free(struct model_zone *model, size_t at, size_t n)
{
    void *items[BATCH_MAX];
    n = n < model->nlive ? n : model->nlive;
    for (size_t i = 0; i < n; i++) {
        struct live_item *one = &model->live[at % model->nlive];
        if (one->item[0] != one->stamp || one->item[model->zone->size / 8 - 1] != one->stamp) {
            return ops_fail("item %p was written", (void *)one->item);
        }
        items[i] = one->item;
        *one = model->live[--model->nlive];
    }
    if (n == 1) {
        cellar__item_free(model->zone, items[0], NULL);
    } else {
        cellar__item_free_batch(model->zone, items, n, NULL);
    }
    return true;
}

static bool zones_set_max(struct model_zone *model, size_t max_items)
{
    int expected = 0;
    if (max_items != 0 && max_items <= model->reserve) {
        expected = -EINVAL;
    } else if (max_items != 0 && max_items < model->nlive) {
        expected = -EBUSY;
    }
    int status = cellar__limit_set(model->zone, max_items);
    model->max_items = status == 0 ? max_items : model->max_items;
    return status == expected || ops_fail("set_max(%zu) gave %d, not %d", max_items, status, expected);
}

static bool zones_set_reserve(struct model_zone *model, size_t nitems)
{
    int expected = model->max_items != 0 && nitems >= model->max_items ? -EINVAL : 0;
    int status = cellar__stock_set(model->zone, nitems);
    model->reserve = status == 0 ? nitems : model->reserve;
    return status == expected || ops_fail("set_reserve(%zu) gave %d, not %d", nitems, status, expected);
}

struct census {
    size_t count[3];
};

static int zones_count(void *item, enum cellar_zone_state state, void *ctx)
{
    (void)item;
    ((struct census *)ctx)->count[state]++;
    return 0;
}

static bool zones_agree(void)
{
    for (size_t i = 0; i < NZONES; i++) {
        struct cellar_zone_usage stats;
        const struct model_zone *model = &zones[i];
        const char *broken = cellar__keg_check(model->zone->keg);
        cellar__walk_stats(model->zone, &stats);
        if (broken != NULL) {
            return ops_fail("invariant %s", broken);
        }
        if (stats.used != model->nlive || stats.requests != model->nrequests || stats.cross_frees != 0) {
            return ops_fail("zone %zu: %zu used, not %zu; %lu requests, not %lu; %lu cross frees", i,
                            stats.used, model->nlive, stats.requests, model->nrequests, stats.cross_frees);
        }
    }
    return true;
}

static bool zones_walk(void)
{
    for (size_t i = 0; i < NZONES; i += 2) {
        struct census census = {0};
        size_t nlive = zones[i].nlive + (i == 0 ? zones[1].nlive : 0);
        if (cellar__walk_items(zones[i].zone, zones_count, &census) != 0 ||
            census.count[CELLAR_ZONE_LIVE] != nlive) {
            return ops_fail("walk saw %zu live, not %zu", census.count[CELLAR_ZONE_LIVE], nlive);
        }
    }
    return true;
}

static bool zones_do(const struct ops_op *op)
{
    struct model_zone *model = &zones[op->a % NZONES];
    switch (op->kind) {
    case 0:
        cellar__reclaim_zone(model->zone, (enum cellar_zone_reclaim)(op->b % 3));
        return true;
    case 1:
        return zones_set_max(model, op->b % 4 == 0 ? 0 : op->b % 600);
    case 2:
        return zones_set_reserve(model, op->b % 30);
    case 3:
        cellar__debug_set(model->zone, op->b % 3 == 0);
        return true;
    case 4:
        moving = op->b;
        cellar__move_compact(model->zone);
        return true;
    case 5:
        cellar__limit_set_cached(model->zone, op->b % 200);
        return true;
    case 6:
        return cellar__keg_prealloc(model->zone->keg, op->b % 200) == 0 || ops_fail("prealloc");
    case 7:
        return zones_walk();
    default:
        return op->kind % 2 ? zones_alloc(model, op->b % 3 == 0 ? 1 : op->b % BATCH_MAX, op->b % 5 == 0)
                            : zones_free(model, op->b >> 32, op->b % 3 == 0 ? 1 : op->b % BATCH_MAX);
    }
}

static bool zones_replay(const struct ops_op *ops, size_t count)
{
    zones_start();
    for (size_t i = 0; i < count; i++) {
        if (!zones_do(&ops[i]) || !zones_agree()) {
            return false;
        }
        ops_shared->done++;
    }
    for (size_t i = 0; i < NZONES; i++) {
        while (zones[i].nlive > 0) {
            zones_free(&zones[i], 0, BATCH_MAX);
        }
        if (cellar__user_destroy(zones[i].zone) != 0) {
            return ops_fail("zone %zu has lost items", i);
        }
    }
    return nready == 0 || ops_fail("%ld inits more than finis", (long)nready);
}

#endif
