#include "malloc/block.h"

#include <stdint.h>
#include <string.h>

#include "arena/dirty.h"
#include "base/bits.h"
#include "large/huge.h"
#include "large/zero.h"
#include "malloc/fast.h"
#include "malloc/foreign.h"
#include "malloc/heap.h"
#include "malloc/janitor.h"
#include "malloc/options.h"
#include "os/panic.h"
#include "zone/deep.h"
#include "zone/item.h"
#include "zone/pressure.h"
#include "zone/thread.h"

#define BLOCK_NEAR_PART 4
#define BLOCK_PAGE ((size_t)4 << 10)

/* The clockwork of decay: looked at whenever a bucket has run dry, so a process that allocates gives memory back. */
static void block_tick(void)
{
    cellar__dirty_tick();
    cellar__huge_tick();
}

/*
 * A block that waits in the class, whose zone is given, or in one that is larger by a quarter at most, the smallest first;
 * *zone is its own then. NULL: none waits. What would else wait for its own class, while clean memory is taken, is warm, and
 * costs no way to slabs and runs (ADR 0046).
 */
static void *block_alloc_near(unsigned id, struct cellar__zone **zone)
{
    size_t most = (*zone)->attr.size + (*zone)->attr.size / BLOCK_NEAR_PART;
    for (; id < CELLAR_CLASS_END; id++) {
        struct cellar__zone *near = cellar__zone_own((uint16_t)id);
        if (near != NULL && near->attr.size > most) {
            break;
        }
        void *block = near == NULL ? NULL : cellar__zone_alloc_waiting(near);
        if (block != NULL) {
            *zone = near;
            return block;
        }
    }
    return NULL;
}

/* What the thread's bucket does not have; of that class, or of any that serves. It is the sample for internal fragmentation. */
static void *block_alloc_slow(unsigned id, size_t size, bool of_any)
{
    struct cellar__zone *zone = cellar__heap_zone(id);
    block_tick();
    void *block = of_any && zone->is_wide ? block_alloc_near(id, &zone) : NULL;
    if (block == NULL) {
        block = cellar__zone_alloc_slow(zone, cellar__self);
    }
    if (block != NULL) {
        cellar__zone_sample(zone, size);
    }
    return block;
}

/* Pops from the thread's cache or goes to the zone. */
static void *block_alloc_class(unsigned id, size_t size, bool of_any)
{
    void *block = cellar__cache_pop(&cellar__self->caches[id]);
    return block != NULL ? block : block_alloc_slow(id, size, of_any);
}

/* Whether the run still reads as zero; from now on it does not count as such. */
static bool block_take_zero(struct cellar__run *run)
{
    bool is_zero = run->is_zero;
    if (is_zero) {
        run->is_zero = false;
    }
    return is_zero;
}

static void *block_alloc(size_t size, bool zero, bool of_any)
{
    if (size > CELLAR_CLASS_MAX) {
        return cellar__huge_alloc(size, 1, zero);
    }
    unsigned id = cellar__fast_class(size);
    void *block = block_alloc_class(id, size, of_any);
    if (block == NULL) {
        return NULL;
    }
    if (id > CELLAR_CLASS_NSLAB) {
        return block_take_zero(cellar__run_find(block)) || !zero ? block : cellar__zero_fill(block, size);
    }
    return zero ? memset(block, 0, size) : block;
}

/* Once more after the program has freed what it can spare. */
static void *block_alloc_start(size_t size, bool zero, bool of_any)
{
    if (!cellar__heap_start()) {
        return NULL;
    }
    void *block = block_alloc(size, zero, of_any);
    bool again = CELLAR_UNLIKELY(block == NULL) && cellar__pressure_call();
    return again ? block_alloc(size, zero, of_any) : block;
}

void *cellar__block_alloc(size_t size)
{
    return block_alloc_start(size, false, true);
}

void *cellar__block_alloc_deep(struct cellar__cache *cache)
{
    struct cellar__thread *thread = cellar__self;
    uint16_t id = (uint16_t)(cache - thread->caches);
    return cellar__change_has(cache, CELLAR_WANT_ITEMS)
               ? cellar__deep_raise(cellar__zone_own(id), thread, cache)
               : NULL;
}

void *cellar__block_alloc_zero(size_t size)
{
    return block_alloc_start(size, true, true);
}

static void *block_alloc_aligned(size_t size, size_t align)
{
    unsigned id = cellar__class_of_aligned(size, align);
    if (id == 0) {
        return cellar__huge_alloc(size == 0 ? 1 : size, align, false);
    }
    void *block = block_alloc_class(id, size, false); /* items of others lie otherwise */
    if (block == NULL || id <= CELLAR_CLASS_NSLAB) {
        return block;
    }
    struct cellar__run *run = cellar__run_find(block);
    block_take_zero(run);
    return align <= CELLAR_COLOUR_UNIT ? block : cellar__large_align(cellar__large_of(run));
}

void *cellar__block_alloc_aligned(size_t size, size_t align)
{
    if (!cellar__heap_start()) {
        return NULL;
    }
    void *block = block_alloc_aligned(size, align);
    bool again = CELLAR_UNLIKELY(block == NULL) && cellar__pressure_call();
    return again ? block_alloc_aligned(size, align) : block;
}

/* An item of a zone of the program: its slab tells. False when it is none. */
static CELLAR_NOINLINE bool block_free_item(void *block)
{
    struct cellar__slab *slab;
    struct cellar_zone *zone = cellar__user_find(block, &slab);
    if (zone == NULL) {
        return false;
    }
    const char *name = zone->base.attr.name;
    if (cellar__options_get()->zone_free == CELLAR_ZONE_FREE_ABORT) {
        cellar__panic("free(%p): an item of zone %s, stopped by the option zone_free:abort", block, name);
    }
    if (zone->zone_keg->zones.next != zone->zone_keg->zones.prev) {
        cellar__panic("free(%p): several zones share the slabs of zone %s, and free cannot tell whose it is",
                      block, name);
    }
    cellar__item_free(zone, block, NULL);
    return true;
}

void cellar__block_free(void *block)
{
    if (block == NULL) {
        return;
    }
    uint16_t tag = cellar__page_map_tag(block);
    if (tag != 0) {
        unsigned id = tag / sizeof(struct cellar__cache);
        struct cellar__zone *zone = cellar__zone_own((uint16_t)id);
        struct cellar__thread *thread = cellar__self;
        bool is_deep = zone->is_wide && cellar__deep_push(zone, thread, &thread->caches[id], block);
        if (!is_deep) {
            cellar__zone_free_slow(zone, thread, block);
        }
    } else if ((cellar__run_find(block) == NULL || !block_free_item(block)) && !cellar__huge_free(block)) {
        cellar__foreign_free(block);
    }
    cellar__janitor_call();
}

size_t cellar__block_usable(const void *block)
{
    uint16_t tag = cellar__page_map_tag(block);
    if (tag != 0) {
        return cellar__fast_size(tag);
    }
    struct cellar__slab *slab;
    const struct cellar_zone *zone = cellar__user_find(block, &slab);
    return zone != NULL ? zone->size : cellar__huge_size(block);
}

/*
 * Of a block that has moved. A run that a block outgrew is wanted by the next size, or by a neighbour that grows, rather than
 * by another block of its own size, so it does not wait for one in a bucket: it joins what is free beside it (ADR 0035). The
 * same is true of pages that a block outgrew by so little that it was given room, as such a block comes through every class;
 * one that doubles leaves out most, and the next that doubles wants the same (ADR 0047).
 */
static void block_leave(void *block, size_t old_size, size_t size, bool has_room)
{
    uint16_t tag = cellar__page_map_tag(block);
    size_t kept = has_room ? BLOCK_PAGE : CELLAR_CLASS_SLAB_MAX;
    if (old_size > kept && size > old_size && tag != 0) {
        uint16_t id = (uint16_t)(tag / sizeof(struct cellar__cache));
        cellar__zone_free_past(cellar__zone_own(id), cellar__self, block);
        cellar__janitor_call();
    } else if (!cellar__fast_free(block)) {
        cellar__block_free(block);
    }
}

/* Of no other class when the size has room to grow: it would be more than is good. */
static void *block_move(void *block, size_t old_size, size_t size, bool has_room)
{
    void *moved = cellar__fast_alloc_any(size);
    if (moved == NULL) {
        moved = block_alloc_start(size, false, !has_room);
    }
    if (moved != NULL) {
        memcpy(moved, block, cellar__min(old_size, size));
        block_leave(block, old_size, size, has_room);
    }
    return moved;
}

/* A run whose size changes to that of another class of runs, in place; false when it has to move. */
static bool block_resize_run(void *block, size_t old_size, size_t size)
{
    if (old_size <= CELLAR_CLASS_SLAB_MAX || size <= CELLAR_CLASS_SLAB_MAX || size > CELLAR_CLASS_MAX) {
        return false;
    }
    struct cellar__run *run = cellar__run_find(block);
    struct cellar__large *large = cellar__large_of(run);
    if (run->kind != CELLAR_RUN_LARGE || cellar__large_block(large) != block) {
        return false;
    }
    return cellar__large_resize(large, cellar__heap_source(cellar__fast_class(size))) == 0;
}

/* Shrinking keeps the block while at least half of it stays in use. */
static bool block_stays(size_t old_size, size_t size)
{
    return size <= old_size && size >= old_size / 2;
}

/* A block with no tag: a mapping of its own, or none of malloc's. */
static CELLAR_NOINLINE void *block_resize_untagged(void *block, size_t size)
{
    struct cellar__slab *slab;
    if (cellar__user_find(block, &slab) != NULL) {
        cellar__panic("realloc of %p: an item of a zone cannot change its size", block);
    }
    size_t old_size = cellar__huge_size(block);
    if (old_size == 0) {
        return cellar__foreign_realloc(block, size);
    }
    return size > CELLAR_CLASS_MAX ? cellar__huge_resize(block, size)
                                   : block_move(block, old_size, size, false);
}

/*
 * What has to move to grow will grow again, mostly: it gets more than it had by an eighth, or by a quarter where classes are
 * as far apart, within the classes of slabs. A text that grows by a few bytes each time would be copied to each of the
 * small classes, and leave an item waiting in each.
 */
static size_t block_room(size_t old_size, size_t size)
{
    size_t more = old_size / (old_size <= CELLAR_CLASS_SMALL_MAX ? 8 : 4);
    return size > old_size ? cellar__max(size, cellar__min(old_size + more, CELLAR_CLASS_SLAB_MAX)) : size;
}

void *cellar__block_resize(void *block, size_t size)
{
    uint16_t tag = cellar__page_map_tag(block);
    if (CELLAR_UNLIKELY(tag == 0)) {
        return block_resize_untagged(block, size);
    }
    size_t old_size = cellar__fast_size(tag);
    bool stays = block_stays(old_size, size);
    if (stays && old_size <= CELLAR_CLASS_SLAB_MAX) { /* the most frequent: a string that grows */
        return block;
    }
    bool in_place =
        size <= CELLAR_CLASS_MAX && cellar__fast_class(size) == tag / sizeof(struct cellar__cache);
    if (in_place || block_resize_run(block, old_size, size) || stays) {
        return block;
    }
    size_t room = block_room(old_size, size);
    void *moved = block_move(block, old_size, room, room != size);
    return moved != NULL || room == size ? moved : block_move(block, old_size, size, false);
}
