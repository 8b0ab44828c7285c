#include "large/front.h"

#include "base/attr.h"
#include "os/os.h"
#include "os/thread.h"

#define FRONT_WAITS ((uintptr_t)1)
#define FRONT_SEEN ((uintptr_t)2)

static CELLAR_LINE_ALIGNED uintptr_t front_slots[CELLAR_FRONT_NSLOTS];
/* Atomic; of those with FRONT_SEEN. */
static CELLAR_LINE_ALIGNED uint64_t front_since_ns[CELLAR_FRONT_NSLOTS];
static unsigned front_last;   /* atomic; the slot that was used last: what is looked at first */
static unsigned front_victim; /* atomic; the slot to displace next */

static uintptr_t front_load(unsigned i)
{
    return __atomic_load_n(&front_slots[i], __ATOMIC_ACQUIRE);
}

static bool front_change(unsigned i, uintptr_t from, uintptr_t to)
{
    return __atomic_compare_exchange_n(&front_slots[i], &from, to, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}

static struct cellar__huge_map *front_map(uintptr_t slot)
{
    return (struct cellar__huge_map *)(slot & ~(FRONT_WAITS | FRONT_SEEN));
}

/* Reads of a map that another thread may take meanwhile; a wrong answer is noticed after the claim. */
__attribute__((no_sanitize("thread"))) static size_t front_size(uintptr_t slot)
{
    return front_map(slot)->size;
}

__attribute__((no_sanitize("thread"))) static bool front_fits(uintptr_t slot, size_t size, size_t align)
{
    return cellar__huge_fits(front_map(slot), size, align);
}

__attribute__((no_sanitize("thread"))) static bool front_begins_at(uintptr_t slot, const void *block)
{
    return cellar__huge_block(front_map(slot)) == block;
}

/*
 * Whether the map in slot i has waited long enough. Its time begins when it is first seen here: then the slot is marked, and
 * *slot becomes what it holds now. When others use the slot meanwhile, the time of the next map may begin too early.
 */
static bool front_is_old(unsigned i, uintptr_t *slot, uint64_t now_ns, uint64_t min_age_ns)
{
    if ((*slot & FRONT_WAITS) == 0) {
        return false;
    }
    if ((*slot & FRONT_SEEN) != 0 || now_ns == UINT64_MAX) {
        uint64_t since_ns = __atomic_load_n(&front_since_ns[i], __ATOMIC_RELAXED);
        return cellar__os_elapsed_ns(since_ns, now_ns) >= min_age_ns;
    }
    __atomic_store_n(&front_since_ns[i], now_ns, __ATOMIC_RELAXED);
    if (!front_change(i, *slot, *slot | FRONT_SEEN)) {
        return false;
    }
    *slot |= FRONT_SEEN;
    return min_age_ns == 0;
}

/* The slot with the smallest waiting map that serves, or CELLAR_FRONT_NSLOTS. */
static unsigned front_best(size_t size, size_t align, uintptr_t *ret_slot)
{
    unsigned best = CELLAR_FRONT_NSLOTS;
    for (unsigned i = 0; i < CELLAR_FRONT_NSLOTS; i++) {
        uintptr_t slot = front_load(i);
        if ((slot & FRONT_WAITS) != 0 && front_fits(slot, size, align) &&
            (best == CELLAR_FRONT_NSLOTS || front_size(slot) < front_size(*ret_slot))) {
            best = i;
            *ret_slot = slot;
        }
    }
    return best;
}

/* The same; the one that was used last when its size is right, since none serves better. */
static unsigned front_choose(size_t size, size_t align, uintptr_t *ret_slot)
{
    unsigned last = __atomic_load_n(&front_last, __ATOMIC_RELAXED);
    uintptr_t slot = front_load(last);
    if (CELLAR_LIKELY((slot & FRONT_WAITS) != 0 && front_size(slot) == size &&
                      front_fits(slot, size, align))) {
        *ret_slot = slot;
        return last;
    }
    return front_best(size, align, ret_slot);
}

static void front_note_last(unsigned i)
{
    if (__atomic_load_n(&front_last, __ATOMIC_RELAXED) != i) { /* spares others the cache line */
        __atomic_store_n(&front_last, i, __ATOMIC_RELAXED);
    }
}

struct cellar__huge_map *cellar__front_take(size_t size, size_t align)
{
    uintptr_t slot = 0;
    unsigned i = front_choose(size, align, &slot);
    if (i == CELLAR_FRONT_NSLOTS || !front_change(i, slot, (uintptr_t)front_map(slot))) {
        return NULL;
    }
    front_note_last(i);
    return front_map(slot);
}

static bool front_is_live_at(uintptr_t slot, const void *block)
{
    return slot != 0 && (slot & FRONT_WAITS) == 0 && front_begins_at(slot, block);
}

/* The slot of the live map that begins there, or CELLAR_FRONT_NSLOTS. */
static unsigned front_find(const void *block, uintptr_t *ret_slot)
{
    unsigned i = __atomic_load_n(&front_last, __ATOMIC_RELAXED);
    *ret_slot = front_load(i);
    if (CELLAR_LIKELY(front_is_live_at(*ret_slot, block))) {
        return i;
    }
    for (i = 0; i < CELLAR_FRONT_NSLOTS; i++) {
        *ret_slot = front_load(i);
        if (front_is_live_at(*ret_slot, block)) {
            break;
        }
    }
    return i;
}

static size_t front_waiting_bytes(void)
{
    size_t bytes = 0;
    for (unsigned i = 0; i < CELLAR_FRONT_NSLOTS; i++) {
        uintptr_t slot = front_load(i);
        if ((slot & FRONT_WAITS) != 0) {
            bytes += front_size(slot);
        }
    }
    return bytes;
}

bool cellar__front_is_empty(void)
{
    uintptr_t any = 0;
#pragma GCC unroll 8 /* every slow path comes here */
    for (unsigned i = 0; i < CELLAR_FRONT_NSLOTS; i++) {
        any |= __atomic_load_n(&front_slots[i], __ATOMIC_RELAXED);
    }
    return (any & FRONT_WAITS) == 0;
}

bool cellar__front_put(const void *block, size_t max_bytes)
{
    uintptr_t live;
    unsigned i = front_find(block, &live);
    if (i == CELLAR_FRONT_NSLOTS) {
        return false;
    }
    size_t waiting = CELLAR_LIKELY(cellar__front_is_empty()) ? 0 : front_waiting_bytes();
    if (waiting + front_size(live) > max_bytes) {
        return false;
    }
    front_note_last(i);
    if (CELLAR_LIKELY(cellar__os_thread_is_alone())) {
        /* a plain store: the library's own thread changes no slot whose map is live */
        __atomic_store_n(&front_slots[i], live | FRONT_WAITS, __ATOMIC_RELEASE);
        return true;
    }
    return front_change(i, live, live | FRONT_WAITS);
}

void cellar__front_adopt(struct cellar__huge_map *map)
{
    for (unsigned i = 0; i < CELLAR_FRONT_NSLOTS; i++) {
        if (front_load(i) == 0 && front_change(i, 0, (uintptr_t)map)) {
            return;
        }
    }
    unsigned first = __atomic_fetch_add(&front_victim, 1, __ATOMIC_RELAXED);
    for (unsigned i = 0; i < CELLAR_FRONT_NSLOTS; i++) {
        uintptr_t slot = front_load((first + i) % CELLAR_FRONT_NSLOTS);
        if ((slot & FRONT_WAITS) == 0 &&
            front_change((first + i) % CELLAR_FRONT_NSLOTS, slot, (uintptr_t)map)) {
            return;
        }
    }
}

void cellar__front_remove(struct cellar__huge_map *map)
{
    for (unsigned i = 0; i < CELLAR_FRONT_NSLOTS; i++) {
        front_change(i, (uintptr_t)map, 0);
    }
}

struct cellar__huge_map *cellar__front_take_old(uint64_t now_ns, uint64_t min_age_ns)
{
    for (unsigned i = 0; i < CELLAR_FRONT_NSLOTS; i++) {
        uintptr_t slot = front_load(i);
        if (front_is_old(i, &slot, now_ns, min_age_ns) && front_change(i, slot, 0)) {
            return front_map(slot);
        }
    }
    return NULL;
}

bool cellar__front_has_old(uint64_t now_ns, uint64_t min_age_ns)
{
    for (unsigned i = 0; i < CELLAR_FRONT_NSLOTS; i++) {
        uintptr_t slot = front_load(i);
        if (front_is_old(i, &slot, now_ns, min_age_ns)) {
            return true;
        }
    }
    return false;
}

bool cellar__front_holds(const struct cellar__huge_map *map)
{
    for (unsigned i = 0; i < CELLAR_FRONT_NSLOTS; i++) {
        if ((front_load(i) | FRONT_SEEN) == ((uintptr_t)map | FRONT_WAITS | FRONT_SEEN)) {
            return true;
        }
    }
    return false;
}

void cellar__front_get_usage(size_t *ret_n, size_t *ret_bytes)
{
    *ret_n = 0;
    *ret_bytes = 0;
    for (unsigned i = 0; i < CELLAR_FRONT_NSLOTS; i++) {
        uintptr_t slot = front_load(i);
        if ((slot & FRONT_WAITS) != 0) {
            ++*ret_n;
            *ret_bytes += front_size(slot);
        }
    }
}
