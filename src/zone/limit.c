#include "zone/limit.h"

#include <errno.h>

#include "base/bits.h"
#include "os/os.h"
#include "os/panic.h"
#include "zone/pressure.h"
#include "zone/walk.h"

#define LIMIT_WARN_NS UINT64_C(10000000000)
/* A sleeper looks again after this long: a wake-up is lost when a handler's longjmp leaves the thread that frees. */
#define LIMIT_WAIT_NS UINT64_C(100000000)

static size_t limit_for(const struct cellar_zone *zone, unsigned flags)
{
    size_t max_items = __atomic_load_n(&zone->max_items, __ATOMIC_RELAXED);
    size_t reserve = __atomic_load_n(&zone->reserve, __ATOMIC_RELAXED);
    if (max_items == 0) {
        return SIZE_MAX;
    }
    return (flags & CELLAR_ZONE_USE_RESERVE) != 0 ? max_items : max_items - cellar__min(reserve, max_items);
}

/* U2: up to n, never past the limit. Sequentially consistent, for the sleepers' sake (limit_sleep). */
static size_t limit_try(struct cellar_zone *zone, size_t n, unsigned flags)
{
    size_t used = __atomic_load_n(&zone->nused, __ATOMIC_SEQ_CST);
    size_t taken;
    do {
        size_t limit = limit_for(zone, flags);
        taken = used >= limit ? 0 : cellar__min(n, limit - used);
    } while (taken != 0 && !__atomic_compare_exchange_n(&zone->nused, &used, used + taken, false,
                                                        __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST));
    return taken;
}

static void limit_wake(struct cellar_zone *zone, size_t n)
{
    size_t nsleepers = __atomic_load_n(&zone->nsleepers, __ATOMIC_SEQ_CST);
    if (CELLAR_UNLIKELY(nsleepers != 0)) {
        __atomic_add_fetch(&zone->wake_count, 1, __ATOMIC_SEQ_CST);
        for (size_t i = cellar__min(n, nsleepers); i > 0; i--) {
            cellar__os_wake_one(&zone->wake_count);
        }
    }
}

void cellar__limit_give(struct cellar_zone *zone, size_t n)
{
    __atomic_sub_fetch(&zone->nused, n, __ATOMIC_SEQ_CST);
    limit_wake(zone, n);
}

static void limit_warn(struct cellar_zone *zone)
{
    const char *text = __atomic_load_n(&zone->warning, __ATOMIC_RELAXED);
    uint64_t now_ns = cellar__os_now_ns();
    uint64_t warned_ns = __atomic_load_n(&zone->warned_ns, __ATOMIC_RELAXED);
    if (text != NULL && (warned_ns == 0 || cellar__os_elapsed_ns(warned_ns, now_ns) >= LIMIT_WARN_NS) &&
        __atomic_compare_exchange_n(&zone->warned_ns, &warned_ns, now_ns, false, __ATOMIC_RELAXED,
                                    __ATOMIC_RELAXED)) {
        cellar__message("zone %s: %s", zone->attr.name, text);
    }
}

/* Says that the limit is met, to stderr and to the program, which may free items. */
static void limit_tell(struct cellar_zone *zone)
{
    void (*action)(struct cellar_zone * zone, void *ctx) = __atomic_load_n(&zone->action, __ATOMIC_ACQUIRE);
    limit_warn(zone);
    if (action != NULL) {
        action(zone, zone->attr.ctx);
    }
    cellar__pressure_call();
}

/*
 * A sleeper counts itself, then looks at the count of items, then sleeps unless the number of wake-ups has changed since
 * before its look. Who frees changes the count of items, then looks for sleepers: one of the two sees the other.
 */
static size_t limit_sleep(struct cellar_zone *zone, size_t n, struct cellar__request *request)
{
    uint64_t begin_ns = cellar__os_exact_ns();
    size_t taken;
    __atomic_add_fetch(&zone->nsleeps, 1, __ATOMIC_RELAXED);
    __atomic_add_fetch(&zone->nsleepers, 1, __ATOMIC_SEQ_CST);
    for (;;) {
        uint32_t wake_count = __atomic_load_n(&zone->wake_count, __ATOMIC_SEQ_CST);
        taken = limit_try(zone, n, request->flags);
        uint64_t slept_ns = cellar__os_exact_ns() - begin_ns;
        if (taken != 0 || slept_ns >= request->timeout_ns) {
            break;
        }
        cellar__os_wait_for(&zone->wake_count, wake_count,
                            cellar__min(request->timeout_ns - slept_ns, LIMIT_WAIT_NS));
    }
    __atomic_sub_fetch(&zone->nsleepers, 1, __ATOMIC_SEQ_CST);
    if (taken == 0) {
        request->error = ETIMEDOUT;
        limit_wake(zone, 1); /* a wake-up that came too late for this one is another's */
    }
    return taken;
}

size_t cellar__limit_take(struct cellar_zone *zone, size_t n, struct cellar__request *request)
{
    size_t taken = limit_try(zone, n, request->flags);
    if (CELLAR_LIKELY(taken != 0)) {
        return taken;
    }
    limit_tell(zone);
    taken = limit_try(zone, n, request->flags);
    if (taken != 0) {
        return taken;
    }
    if ((request->flags & CELLAR_ZONE_NOWAIT) != 0) {
        request->error = EAGAIN;
        return 0;
    }
    return limit_sleep(zone, n, request);
}

bool cellar__limit_is_exhausted(const struct cellar_zone *zone)
{
    return __atomic_load_n(&zone->nused, __ATOMIC_RELAXED) >= limit_for(zone, 0);
}

int cellar__limit_set(struct cellar_zone *zone, size_t max_items)
{
    bool was_counted = (cellar__user_gate(&zone->alloc_gate) & CELLAR_GATE_LIMIT) != 0;
    size_t used = was_counted ? __atomic_load_n(&zone->nused, __ATOMIC_RELAXED) : cellar__walk_used(zone);
    if (max_items != 0 && max_items <= __atomic_load_n(&zone->reserve, __ATOMIC_RELAXED)) {
        return -EINVAL;
    }
    if (max_items != 0 && used > max_items) {
        return -EBUSY;
    }
    if (!was_counted) {
        __atomic_store_n(&zone->nused, used, __ATOMIC_SEQ_CST);
    }
    __atomic_store_n(&zone->max_items, max_items, __ATOMIC_SEQ_CST);
    /* Once counted, always counted: threads that are about to free must not meet a gate that has just opened. */
    if (max_items != 0) {
        cellar__user_shut_alloc(zone, CELLAR_GATE_LIMIT, true);
        cellar__user_shut_free(zone, CELLAR_GATE_LIMIT, true);
    }
    limit_wake(zone, SIZE_MAX);
    return 0;
}

void cellar__limit_set_cached(struct cellar_zone *zone, size_t max_cached)
{
    cellar__zone_set_max_cached(&zone->base, max_cached);
    __atomic_store_n(&zone->is_capped, max_cached < 2, __ATOMIC_RELAXED);
    cellar__user_set_caching(zone);
}
