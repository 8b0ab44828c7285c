#define _GNU_SOURCE
#include "soak/quiet.h"

#include <malloc.h>
#include <stdarg.h>
#include <stdio.h>

#include "arena/budget.h"
#include "arena/dirty.h"
#include "large/colour.h"
#include "large/huge.h"
#include "malloc/heap.h"
#include "soak/ops.h"
#include "soak/state.h"
#include "submap/page_map.h"
#include "submap/window.h"
#include "zone/thread.h"

/* Blocks of a class that are not in the table: libc has a few for each thread, and none of them grows. */
enum { QUIET_FOREIGN_MAX = 64 };
/* Slabs that kegs keep, and those that hold libc's few blocks. */
#define QUIET_LEFT_MAX ((size_t)4 << 20)

/*
 * The janitor works on while the workers rest: what it has in its hands is in no account, and back in one when it has given it
 * back. So only what is missing for ten seconds is an error.
 */
enum { QUIET_LOOKS = 200 };
#define QUIET_PAUSE_NS UINT64_C(50000000)

static char quiet_missing[256]; /* what was found missing first in this look */

__attribute__((format(printf, 1, 2))) static void quiet_miss(const char *format, ...)
{
    if (quiet_missing[0] != '\0') {
        return;
    }
    va_list args;
    va_start(args, format);
    vsnprintf(quiet_missing, sizeof quiet_missing, format, args);
    va_end(args);
}

/* Looks until nothing is missing. */
static void quiet_settle(void (*look)(void))
{
    for (unsigned i = 1;; i++) {
        quiet_missing[0] = '\0';
        look();
        if (quiet_missing[0] == '\0') {
            break;
        }
        if (i == QUIET_LOOKS) {
            soak_error("%s", quiet_missing);
            break;
        }
        soak_sleep_ns(QUIET_PAUSE_NS);
    }
}

struct quiet_sums {
    size_t live[CELLAR_CLASS_END];   /* blocks of the table, by class */
    size_t cached[CELLAR_CLASS_END]; /* items in threads' buckets */
    size_t nhuge;
    size_t huge_bytes;
};

void soak_quiet_check_structure(void)
{
    if (soak_plant_hits(SOAK_PLANT_KEG)) {
        cellar__heap_keg(1)->nout++;
    }
    if (soak_plant_hits(SOAK_PLANT_ARENA)) {
        cellar__heap_arena.given += CELLAR_GRANULE;
    }
    const char *broken = cellar__arena_check(&cellar__heap_arena);
    if (broken != NULL) {
        soak_error("the heap arena breaks invariant %s", broken);
    }
    for (unsigned id = 1; id <= CELLAR_CLASS_NSLAB; id++) {
        broken = cellar__zone_get((uint16_t)id) == NULL ? NULL : cellar__keg_check(cellar__heap_keg(id));
        if (broken != NULL) {
            soak_error("the keg of %zu bytes breaks invariant %s", cellar__class_size(id), broken);
        }
    }
    if (cellar__lock_highest_held() != CELLAR_RANK_NONE) {
        soak_error("a lock of rank %d is still held", (int)cellar__lock_highest_held());
    }
}

/* Of a huge block, which has room if it has a colour. */
static size_t quiet_map_size(void *block)
{
    return malloc_usable_size(block) + ((uintptr_t)block % CELLAR_COLOUR_ROOM == 0 ? 0 : CELLAR_COLOUR_ROOM);
}

/* Verifies a block of the table and counts it where it belongs. */
static void quiet_count(const struct soak_slot *slot, struct quiet_sums *sums)
{
    uint16_t tag = cellar__page_map_tag(slot->block.base);
    if (tag != 0) {
        sums->live[tag / sizeof(struct cellar__cache)]++;
    } else {
        sums->nhuge++;
        sums->huge_bytes += quiet_map_size(slot->block.base);
    }
    soak_ops_verify(slot, "at rest");
}

static void quiet_count_table(struct quiet_sums *sums)
{
    for (size_t i = 0; i < soak_table_nslots(); i++) {
        struct soak_slot *slot = soak_table_take_at(i);
        if (slot == NULL) {
            soak_error("slot %zu is taken though every worker rests", i);
            continue;
        }
        if (slot->block.base != NULL) {
            quiet_count(slot, sums);
        }
        soak_table_put(slot);
    }
}

static void quiet_count_cached(void *ctx, struct cellar__thread *thread)
{
    struct quiet_sums *sums = ctx;
    for (unsigned id = 1; id < CELLAR_CLASS_END; id++) {
        sums->cached[id] += cellar__cache_nitems(&thread->caches[id]);
    }
}

static size_t quiet_out(unsigned id)
{
    struct cellar__keg *keg = cellar__heap_keg(id);
    return keg != NULL ? keg->nout : cellar__heap_source(id)->nout;
}

static void quiet_check_classes(const struct quiet_sums *sums)
{
    for (unsigned id = 1; id < CELLAR_CLASS_END; id++) {
        size_t depot = cellar__depot_nitems(&cellar__heap_zone(id)->depot);
        size_t known = sums->live[id] + sums->cached[id] + depot;
        size_t out = quiet_out(id);
        if (out < known || out - known > QUIET_FOREIGN_MAX) {
            quiet_miss("%zu blocks of %zu bytes are out: %zu in the table, %zu in buckets, %zu in the depot",
                       out, cellar__class_size(id), sums->live[id], sums->cached[id], depot);
        }
    }
}

static void quiet_check_huge(const struct quiet_sums *sums, const struct cellar__huge_usage *huge)
{
    if (huge->nlive != sums->nhuge || huge->live_bytes != sums->huge_bytes) {
        quiet_miss("%zu huge blocks of %zu bytes are live: %zu of %zu bytes in the table", huge->nlive,
                   huge->live_bytes, sums->nhuge, sums->huge_bytes);
    }
}

/* Bytes of the heap arena that slabs, runs and the store of dirty runs have. */
static size_t quiet_arena_bytes(void)
{
    size_t bytes = cellar__dirty_bytes();
    for (unsigned id = 1; id < CELLAR_CLASS_END; id++) {
        struct cellar__keg *keg = cellar__heap_keg(id);
        struct cellar__keg_usage usage = {0};
        if (keg != NULL) {
            cellar__keg_usage(keg, &usage);
            bytes += usage.slab_bytes;
        } else {
            bytes += quiet_out(id) * cellar__heap_source(id)->ngranules << CELLAR_LG_GRANULE;
        }
    }
    return bytes;
}

static void quiet_check_bytes(const struct cellar__huge_usage *huge)
{
    struct cellar__arena_usage arena;
    cellar__arena_usage(&cellar__heap_arena, &arena);
    size_t held = cellar__budget_held() + (soak_plant_hits(SOAK_PLANT_BUDGET) ? 1 : 0);
    size_t known = quiet_arena_bytes();
    if (arena.allocated != known) {
        quiet_miss("%zu bytes are out of the heap arena, slabs and runs have %zu", (size_t)arena.allocated,
                   known);
    }
    if (held != arena.allocated + huge->live_bytes + huge->cached_bytes) {
        quiet_miss("the budget has %zu bytes: %zu are out of the arena, %zu in live mappings, %zu cached",
                   held, (size_t)arena.allocated, huge->live_bytes, huge->cached_bytes);
    }
}

static void quiet_look(void)
{
    struct quiet_sums sums = {.nhuge = 0};
    struct cellar__huge_usage huge;
    quiet_count_table(&sums);
    cellar__thread_walk(quiet_count_cached, &sums);
    quiet_check_classes(&sums);
    cellar__huge_usage(&huge);
    quiet_check_huge(&sums, &huge);
    quiet_check_bytes(&huge);
}

static void quiet_look_end(void)
{
    struct cellar__huge_usage huge;
    malloc_trim(0);
    quiet_look();
    cellar__huge_usage(&huge);
    if (cellar__dirty_bytes() != 0 || huge.cached_bytes != 0) {
        quiet_miss("after a trim %zu bytes are in dirty runs and %zu in cached mappings",
                   cellar__dirty_bytes(), huge.cached_bytes);
    }
    if (cellar__budget_held() > QUIET_LEFT_MAX) {
        quiet_miss("after all was freed and trimmed %zu bytes are held", cellar__budget_held());
    }
}

void soak_quiet_check(void)
{
    soak_quiet_check_structure();
    if (soak_plant_hits(SOAK_PLANT_HUGE_LEAK)) {
        void *volatile lost = malloc((size_t)2 << 20);
        (void)lost;
    }
    quiet_settle(quiet_look);
    soak_count(&soak_shared->counts.nquiet, 1);
}

void soak_quiet_check_end(void)
{
    quiet_settle(quiet_look_end);
    soak_quiet_check_structure();
}
