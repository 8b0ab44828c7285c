#include "large/huge.h"

#include "arena/budget.h"
#include "arena/dirty.h"
#include "base/bits.h"
#include "large/front.h"
#include "large/zero.h"
#include "meta/meta.h"
#include "os/os.h"

#define HUGE_CACHE_BYTES ((size_t)128 << 20)
#define HUGE_CACHE_MAX 32
#define HUGE_DECAY_MS_DEFAULT 500
#define HUGE_WHOLE ((size_t)2 << 20) /* bytes: a huge page */
#define HUGE_TURN 64                 /* frees at the front from one look at the clock to the next */

static uint64_t huge_key(const struct cellar__tree_node *node)
{
    return (uintptr_t)CELLAR_CONTAINER(node, const struct cellar__huge_map, by_address)->base;
}

struct cellar__lock cellar__huge_lock = CELLAR_LOCK_INIT(CELLAR_RANK_HUGE);

static struct cellar__tree huge_live = {.key = huge_key};
static struct cellar__list huge_cache = CELLAR_LIST_INIT(huge_cache); /* oldest last */
static struct cellar__huge_usage huge_usage;
static uint64_t huge_oldest_ns; /* atomic; since when the oldest has waited, or earlier */
static uint64_t huge_decay_ns = HUGE_DECAY_MS_DEFAULT * UINT64_C(1000000);
static uint32_t huge_ncolours; /* atomic; given out */
static bool huge_thp;

void cellar__huge_set_decay_ms(uint64_t decay_ms)
{
    huge_decay_ns = decay_ms * UINT64_C(1000000);
}

void cellar__huge_set_thp(bool wanted)
{
    huge_thp = wanted;
}

static struct cellar__huge_map *huge_find_locked(const void *addr)
{
    struct cellar__tree_node *node = cellar__tree_find_at_most(&huge_live, (uintptr_t)addr);
    return node == NULL ? NULL : CELLAR_CONTAINER(node, struct cellar__huge_map, by_address);
}

static struct cellar__huge_map *huge_find_begin_locked(const void *block)
{
    struct cellar__huge_map *map = huge_find_locked(block);
    return map != NULL && cellar__huge_block(map) == block && !cellar__front_holds(map) ? map : NULL;
}

static void huge_insert_live_locked(struct cellar__huge_map *map)
{
    cellar__tree_insert(&huge_live, &map->by_address);
    huge_usage.nlive++;
    huge_usage.live_bytes += map->size;
}

static void huge_remove_live_locked(struct cellar__huge_map *map)
{
    cellar__tree_remove(&huge_live, &map->by_address);
    huge_usage.nlive--;
    huge_usage.live_bytes -= map->size;
}

static void huge_insert_cached_locked(struct cellar__huge_map *map)
{
    if (cellar__list_is_empty(&huge_cache)) {
        __atomic_store_n(&huge_oldest_ns, map->since_ns, __ATOMIC_RELAXED);
    }
    cellar__list_push(&huge_cache, &map->by_age);
    __atomic_add_fetch(&huge_usage.ncached, 1, __ATOMIC_RELAXED); /* read unlocked */
    __atomic_add_fetch(&huge_usage.cached_bytes, map->size, __ATOMIC_RELAXED);
}

static void huge_remove_cached_locked(struct cellar__huge_map *map)
{
    cellar__list_remove(&map->by_age);
    __atomic_sub_fetch(&huge_usage.ncached, 1, __ATOMIC_RELAXED);
    __atomic_sub_fetch(&huge_usage.cached_bytes, map->size, __ATOMIC_RELAXED);
}

/* The cached mapping that fits best and wastes at most a quarter, taken out, or NULL. */
static struct cellar__huge_map *huge_take_cached_locked(size_t size, size_t align)
{
    struct cellar__huge_map *best = NULL;
    CELLAR_LIST_EACH(node, &huge_cache)
    {
        struct cellar__huge_map *map = CELLAR_CONTAINER(node, struct cellar__huge_map, by_age);
        if (cellar__huge_fits(map, size, align) && (best == NULL || map->size < best->size)) {
            best = map;
        }
    }
    if (best != NULL) {
        huge_remove_cached_locked(best);
    }
    return best;
}

/* Never 0: whether a block has a colour tells its size. */
static size_t huge_colour(void)
{
    uint32_t n = __atomic_fetch_add(&huge_ncolours, 1, __ATOMIC_RELAXED);
    return cellar__colour_of(1 + n % (CELLAR_COLOUR_ROOM / CELLAR_COLOUR_UNIT - 1));
}

static struct cellar__huge_map *huge_map_create(size_t size, size_t align)
{
    struct cellar__huge_map *map = cellar__meta_alloc(sizeof *map);
    if (map == NULL) {
        return NULL;
    }
    if (cellar__budget_charge(size) == 0) {
        map->base = cellar__os_map(size, cellar__max(align, cellar__os_machine()->page_size));
        if (map->base != NULL) {
            map->block = map->base + huge_colour();
            map->size = size;
            map->is_zero = true;
            map->nserved = 0;
            cellar__os_name(map->base, size, "cellar huge");
            if (huge_thp) {
                cellar__os_huge_pages(map->base, size, true);
            }
            return map;
        }
        cellar__budget_uncharge(size);
    }
    cellar__meta_free(map, sizeof *map);
    return NULL;
}

/* False when the kernel keeps the mapping (its count of mappings is full). */
static bool huge_map_destroy(struct cellar__huge_map *map)
{
    if (cellar__os_unmap(map->base, map->size) != 0) {
        return false;
    }
    cellar__budget_uncharge(map->size);
    __atomic_add_fetch(&huge_usage.nrequests, map->nserved, __ATOMIC_RELAXED);
    cellar__meta_free(map, sizeof *map);
    return true;
}

/* More than the bounds of the cache allow. */
static bool huge_is_over_locked(void)
{
    size_t n;
    size_t bytes;
    cellar__front_get_usage(&n, &bytes);
    return huge_usage.cached_bytes + bytes > HUGE_CACHE_BYTES || huge_usage.ncached + n > HUGE_CACHE_MAX;
}

/* A mapping that is overdue at the front, or the oldest cached one when it is overdue or one too many; or NULL. */
static struct cellar__huge_map *huge_take_overdue(uint64_t now_ns)
{
    cellar__lock_acquire(&cellar__huge_lock);
    struct cellar__huge_map *map = cellar__front_take_old(now_ns, huge_decay_ns);
    if (map != NULL) {
        huge_remove_live_locked(map);
    } else if (!cellar__list_is_empty(&huge_cache)) {
        map = CELLAR_CONTAINER(huge_cache.prev, struct cellar__huge_map, by_age);
        if (huge_is_over_locked() || cellar__os_elapsed_ns(map->since_ns, now_ns) >= huge_decay_ns) {
            huge_remove_cached_locked(map);
        } else {
            __atomic_store_n(&huge_oldest_ns, map->since_ns, __ATOMIC_RELAXED);
            map = NULL;
        }
    }
    cellar__lock_release(&cellar__huge_lock);
    return map;
}

static size_t huge_purge_overdue(uint64_t now_ns)
{
    size_t purged = 0;
    for (struct cellar__huge_map *map; (map = huge_take_overdue(now_ns)) != NULL;) {
        size_t size = map->size;
        if (!huge_map_destroy(map)) {
            map->is_zero = cellar__os_purge(map->base, map->size) == 0;
            map->since_ns = now_ns;
            cellar__lock_acquire(&cellar__huge_lock);
            huge_insert_cached_locked(map);
            cellar__lock_release(&cellar__huge_lock);
            break;
        }
        purged += size;
    }
    return purged;
}

static bool huge_has_cached(void)
{
    return __atomic_load_n(&huge_usage.ncached, __ATOMIC_RELAXED) != 0;
}

bool cellar__huge_waits(void)
{
    return huge_has_cached() || !cellar__front_is_empty();
}

size_t cellar__huge_waiting_bytes(void)
{
    size_t n;
    size_t bytes;
    cellar__front_get_usage(&n, &bytes);
    return bytes + __atomic_load_n(&huge_usage.cached_bytes, __ATOMIC_RELAXED);
}

void cellar__huge_tick(void)
{
    bool has_cached = huge_has_cached();
    if (!has_cached && cellar__front_is_empty()) {
        return;
    }
    uint64_t now_ns = cellar__os_now_ns();
    uint64_t oldest_ns = __atomic_load_n(&huge_oldest_ns, __ATOMIC_RELAXED);
    if ((has_cached && cellar__os_elapsed_ns(oldest_ns, now_ns) >= huge_decay_ns) ||
        cellar__front_has_old(now_ns, huge_decay_ns)) {
        uint64_t mask = cellar__os_signals_block();
        huge_purge_overdue(now_ns);
        cellar__os_signals_restore(mask);
    }
}

size_t cellar__huge_purge_all(void)
{
    uint64_t mask = cellar__os_signals_block();
    size_t purged = huge_purge_overdue(UINT64_MAX);
    cellar__os_signals_restore(mask);
    return purged;
}

/* A fresh mapping; when it is refused, once more after everything cached went back. */
static struct cellar__huge_map *huge_map_obtain(size_t size, size_t align)
{
    struct cellar__huge_map *map = huge_map_create(size, align);
    if (map == NULL && huge_purge_overdue(UINT64_MAX) + cellar__dirty_purge_last() != 0) {
        map = huge_map_create(size, align);
    }
    cellar__dirty_give_way();
    return map;
}

/* A live mapping, from the cache or from the kernel. *ret_dirty: it may not read as zero. With signals blocked. */
static struct cellar__huge_map *huge_take(size_t size, size_t align, bool *ret_dirty)
{
    cellar__lock_acquire(&cellar__huge_lock);
    struct cellar__huge_map *map = huge_take_cached_locked(size, align);
    if (map == NULL) {
        cellar__lock_release(&cellar__huge_lock);
        map = huge_map_obtain(size, align);
        if (map == NULL) {
            return NULL;
        }
        cellar__lock_acquire(&cellar__huge_lock);
    }
    *ret_dirty = !map->is_zero;
    map->is_zero = false;
    huge_insert_live_locked(map);
    cellar__lock_release(&cellar__huge_lock);
    cellar__front_adopt(map);
    return map;
}

static bool huge_give(void *block, uint64_t now_ns);

/* The caller has it alone, so a sum is no atomic instruction. Without room there is no colour from now on. */
CELLAR_INLINE void *huge_serve(struct cellar__huge_map *map, size_t room)
{
    if (room == 0 && map->block != map->base) {
        __atomic_store_n(&map->block, map->base, __ATOMIC_RELAXED);
    }
    __atomic_store_n(&map->nserved, __atomic_load_n(&map->nserved, __ATOMIC_RELAXED) + 1, __ATOMIC_RELAXED);
    return map->block;
}

/* What was taken was another's by then. */
static CELLAR_COLD void *huge_give_back(const struct cellar__huge_map *map)
{
    uint64_t mask = cellar__os_signals_block();
    huge_give(map->block, cellar__os_now_ns());
    cellar__os_signals_restore(mask);
    return NULL;
}

/* The way of a program that uses such blocks again and again: no lock, no system call. */
CELLAR_INLINE void *huge_take_front(size_t size, size_t align, size_t room)
{
    struct cellar__huge_map *map = cellar__front_take(size, align);
    if (CELLAR_UNLIKELY(map == NULL)) {
        return NULL;
    }
    return CELLAR_LIKELY(cellar__huge_fits(map, size, align)) ? huge_serve(map, room) : huge_give_back(map);
}

static CELLAR_NOINLINE void *huge_alloc_slow(size_t size, size_t align, size_t room, bool *ret_dirty)
{
    cellar__dirty_tick();
    cellar__huge_tick();
    uint64_t mask = cellar__os_signals_block();
    struct cellar__huge_map *map = huge_take(size, align, ret_dirty);
    void *block = map == NULL ? NULL : huge_serve(map, room);
    cellar__os_signals_restore(mask);
    return block;
}

/*
 * Bytes for a colour. Multiples of a huge page have none: the kernel lays such mappings at multiples, so that it can use huge
 * pages and moves whole tables of pages when realloc asks it to.
 */
CELLAR_INLINE size_t huge_room(size_t size, size_t align)
{
    return align > CELLAR_COLOUR_UNIT || size % HUGE_WHOLE == 0 ? 0 : CELLAR_COLOUR_ROOM;
}

/* Bytes of the mapping for a block of that size; 0 when it is too large. */
CELLAR_INLINE size_t huge_map_size(size_t size, size_t room)
{
    uint64_t rounded;
    bool fits =
        size <= PTRDIFF_MAX && cellar__round_up_try(size + room, cellar__os_machine()->page_size, &rounded);
    return fits ? rounded : 0;
}

size_t cellar__huge_good_size(size_t size)
{
    size_t room = huge_room(size, 1);
    size_t map_size = huge_map_size(size, room);
    return map_size == 0 ? size : map_size - room;
}

void *cellar__huge_reuse(size_t size)
{
    size_t room = huge_room(size, 1);
    size_t map_size = huge_map_size(size, room);
    return map_size == 0 ? NULL : huge_take_front(map_size, 1, room);
}

void *cellar__huge_alloc(size_t size, size_t align, bool zero)
{
    size_t room = huge_room(size, align);
    size_t map_size = huge_map_size(size, room);
    bool dirty = true;
    if (map_size == 0) {
        return NULL;
    }
    void *block = huge_take_front(map_size, align, room);
    if (block == NULL) {
        block = huge_alloc_slow(map_size, align, room, &dirty);
    }
    return block != NULL && zero && dirty ? cellar__zero_fill(block, size) : block;
}

/* With signals blocked. */
static bool huge_give(void *block, uint64_t now_ns)
{
    cellar__lock_acquire(&cellar__huge_lock);
    struct cellar__huge_map *map = huge_find_begin_locked(block);
    if (map != NULL) {
        cellar__front_remove(map);
        huge_remove_live_locked(map);
        map->since_ns = now_ns;
        huge_insert_cached_locked(map);
    }
    cellar__lock_release(&cellar__huge_lock);
    if (map == NULL) {
        return false;
    }
    huge_purge_overdue(now_ns);
    return true;
}

/* Bytes that may wait at the front beside what is cached. */
CELLAR_INLINE size_t huge_front_room(void)
{
    size_t n = __atomic_load_n(&huge_usage.ncached, __ATOMIC_RELAXED);
    size_t bytes = __atomic_load_n(&huge_usage.cached_bytes, __ATOMIC_RELAXED);
    return n + CELLAR_FRONT_NSLOTS > HUGE_CACHE_MAX || bytes > HUGE_CACHE_BYTES ? 0
                                                                                : HUGE_CACHE_BYTES - bytes;
}

static CELLAR_NOINLINE bool huge_free_turn(void)
{
    cellar__dirty_tick();
    cellar__huge_tick();
    return true;
}

/* A program that comes by with no lock has to look after the old ones all the same. A lost count is no harm. */
CELLAR_INLINE bool huge_free_front(void)
{
    static unsigned nfrees; /* atomic */
    unsigned n = __atomic_load_n(&nfrees, __ATOMIC_RELAXED) + 1;
    __atomic_store_n(&nfrees, n, __ATOMIC_RELAXED);
    return CELLAR_LIKELY(n % HUGE_TURN != 0) ? true : huge_free_turn();
}

static CELLAR_NOINLINE bool huge_free_slow(void *block)
{
    uint64_t mask = cellar__os_signals_block();
    bool given = huge_give(block, cellar__os_now_ns());
    cellar__os_signals_restore(mask);
    return given;
}

bool cellar__huge_free(void *block)
{
    return CELLAR_LIKELY(cellar__front_put(block, huge_front_room())) ? huge_free_front()
                                                                      : huge_free_slow(block);
}

size_t cellar__huge_size(const void *block)
{
    void *begin;
    size_t size;
    return cellar__huge_find(block, &begin, &size) && begin == block ? size : 0;
}

bool cellar__huge_find(const void *addr, void **ret_block, size_t *ret_size)
{
    uint64_t mask = cellar__os_signals_block();
    cellar__lock_acquire(&cellar__huge_lock);
    const struct cellar__huge_map *map = huge_find_locked(addr);
    bool found = map != NULL &&
                 (uintptr_t)addr - (uintptr_t)cellar__huge_block(map) < cellar__huge_usable(map) &&
                 !cellar__front_holds(map);
    if (found) {
        *ret_block = cellar__huge_block(map);
        *ret_size = cellar__huge_usable(map);
    }
    cellar__lock_release(&cellar__huge_lock);
    cellar__os_signals_restore(mask);
    return found;
}

static bool huge_map_contains(const struct cellar__huge_map *map, const void *addr)
{
    return (uintptr_t)addr - (uintptr_t)map->base < map->size;
}

static bool huge_contains_locked(const void *addr)
{
    const struct cellar__huge_map *live = huge_find_locked(addr);
    if (live != NULL && huge_map_contains(live, addr)) {
        return true;
    }
    CELLAR_LIST_EACH(node, &huge_cache)
    {
        if (huge_map_contains(CELLAR_CONTAINER(node, struct cellar__huge_map, by_age), addr)) {
            return true;
        }
    }
    return false;
}

bool cellar__huge_contains(const void *addr)
{
    uint64_t mask = cellar__os_signals_block();
    cellar__lock_acquire(&cellar__huge_lock);
    bool found = huge_contains_locked(addr);
    cellar__lock_release(&cellar__huge_lock);
    cellar__os_signals_restore(mask);
    return found;
}

static struct cellar__huge_map *huge_take_live(void *block)
{
    cellar__lock_acquire(&cellar__huge_lock);
    struct cellar__huge_map *map = huge_find_begin_locked(block);
    if (map != NULL) {
        cellar__front_remove(map);
        huge_remove_live_locked(map);
    }
    cellar__lock_release(&cellar__huge_lock);
    return map;
}

/* Changes the mapping's size through the kernel. False with the mapping as it was. The map is on no list. */
static bool huge_map_resize(struct cellar__huge_map *map, size_t size)
{
    size_t old_size = map->size;
    if (size > old_size && cellar__budget_charge(size - old_size) != 0) {
        return false;
    }
    char *base = cellar__os_remap(map->base, old_size, size);
    if (base == NULL) {
        if (size > old_size) {
            cellar__budget_uncharge(size - old_size);
        }
        return false;
    }
    if (size < old_size) {
        cellar__budget_uncharge(old_size - size);
    }
    cellar__dirty_give_way();
    map->block = base + (map->block - map->base);
    map->base = base;
    map->size = size;
    return true;
}

/* With signals blocked. */
static void *huge_resize(void *block, size_t size)
{
    struct cellar__huge_map *map = huge_take_live(block);
    if (map == NULL) {
        return NULL;
    }
    size_t map_size = huge_map_size(size, map->block == map->base ? 0 : CELLAR_COLOUR_ROOM);
    bool done = map_size == map->size || (map_size != 0 && huge_map_resize(map, map_size));
    block = done ? map->block : NULL;
    cellar__lock_acquire(&cellar__huge_lock);
    huge_insert_live_locked(map);
    cellar__lock_release(&cellar__huge_lock);
    cellar__front_adopt(map);
    return block;
}

void *cellar__huge_resize(void *block, size_t size)
{
    if (size == 0) {
        return NULL;
    }
    uint64_t mask = cellar__os_signals_block();
    block = huge_resize(block, size);
    cellar__os_signals_restore(mask);
    return block;
}

static uint64_t huge_nserved_locked(void)
{
    uint64_t nserved = 0;
    struct cellar__tree_node *live = cellar__tree_first(&huge_live);
    for (; live != NULL; live = cellar__tree_find_at_least(&huge_live, huge_key(live) + 1)) {
        nserved += __atomic_load_n(&CELLAR_CONTAINER(live, struct cellar__huge_map, by_address)->nserved,
                                   __ATOMIC_RELAXED);
    }
    CELLAR_LIST_EACH(node, &huge_cache)
    {
        nserved += CELLAR_CONTAINER(node, struct cellar__huge_map, by_age)->nserved;
    }
    return nserved;
}

void cellar__huge_usage(struct cellar__huge_usage *ret_usage)
{
    cellar__lock_acquire(&cellar__huge_lock);
    *ret_usage = huge_usage;
    ret_usage->nrequests += huge_nserved_locked();
    size_t n;
    size_t bytes;
    cellar__front_get_usage(&n, &bytes);
    ret_usage->nlive -= n;
    ret_usage->live_bytes -= bytes;
    ret_usage->ncached += n;
    ret_usage->cached_bytes += bytes;
    cellar__lock_release(&cellar__huge_lock);
}
