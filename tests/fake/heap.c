#include "fake/heap.h"

#include <errno.h>
#include <string.h>

#include "arena/dirty.h"
#include "base/assert.h"
#include "os/lock.h"

enum { FAKE_META_BYTES = 1 << 20, FAKE_META_UNIT = 64 };

struct fake_heap fake_heap;
struct cellar__page_map cellar__page_map;
char *cellar__meta_base;

static char memory[FAKE_GRANULES * ((size_t)1 << CELLAR_LG_GRANULE)]
    __attribute__((aligned((size_t)1 << CELLAR_LG_GRANULE)));
static uint16_t tags[FAKE_GRANULES];
static uint32_t refs[FAKE_GRANULES];
static bool granule_is_out[FAKE_GRANULES];

static char meta[FAKE_META_BYTES] __attribute__((aligned(FAKE_META_UNIT)));
/* Of the block that begins at the unit, while it is out. Unit 0 is none: ref 0 names no block (M2). */
static size_t meta_size[FAKE_META_BYTES / FAKE_META_UNIT];

void fake_heap_start(void)
{
    fake_heap = (struct fake_heap){.runs_left = SIZE_MAX, .blocks_left = SIZE_MAX};
    memset(tags, 0, sizeof tags);
    memset(refs, 0, sizeof refs);
    memset(granule_is_out, 0, sizeof granule_is_out);
    memset(meta_size, 0, sizeof meta_size);
    cellar__page_map = (struct cellar__page_map){.base = (uintptr_t)memory,
                                                 .ngranules = FAKE_GRANULES,
                                                 .tags = tags,
                                                 .refs = refs,
                                                 .last = (uintptr_t)memory + sizeof memory - 1,
                                                 .nopen = FAKE_GRANULES};
    cellar__meta_base = meta;
}

char *fake_heap_base(void)
{
    return memory;
}

static void fake_note_locks(void)
{
    unsigned rank = cellar__lock_highest_held();
    fake_heap.locks_held = rank > fake_heap.locks_held ? rank : fake_heap.locks_held;
}

static bool fake_refuses(size_t *left)
{
    if (*left == SIZE_MAX) {
        return false;
    }
    if (*left == 0) {
        return true;
    }
    (*left)--;
    return false;
}

static size_t fake_nunits(size_t size)
{
    return (size + FAKE_META_UNIT - 1) / FAKE_META_UNIT;
}

void *cellar__meta_alloc(size_t size)
{
    size_t nunits = fake_nunits(size);
    if (fake_refuses(&fake_heap.blocks_left)) {
        return NULL;
    }
    for (size_t at = 1; at + nunits <= FAKE_META_BYTES / FAKE_META_UNIT;) {
        size_t used = fake_nunits(meta_size[at]);
        size_t room = 0;
        while (used == 0 && room < nunits && meta_size[at + room] == 0) {
            room++;
        }
        if (room < nunits) {
            at += used == 0 ? room : used;
            continue;
        }
        meta_size[at] = size;
        fake_heap.nblocks++;
        return memset(meta + at * FAKE_META_UNIT, 0, size);
    }
    return NULL;
}

/* A whole block, or a piece: then what is left of the block on both sides are blocks. */
void cellar__meta_free(void *block, size_t size)
{
    if (block == NULL) {
        return;
    }
    size_t at = (size_t)((char *)block - meta) / FAKE_META_UNIT;
    size_t first = at;
    while (meta_size[first] == 0) {
        CELLAR_REQUIRE(first > 0);
        first--;
    }
    size_t before = at - first;
    size_t whole = fake_nunits(meta_size[first]);
    CELLAR_REQUIRE(before + fake_nunits(size) <= whole);
    CELLAR_REQUIRE(meta_size[first] == size || meta_size[first] % FAKE_META_UNIT == 0);
    size_t behind = whole - before - fake_nunits(size);
    meta_size[first] = before * FAKE_META_UNIT;
    if (behind != 0) {
        meta_size[at + fake_nunits(size)] = behind * FAKE_META_UNIT;
    }
    fake_heap.nblocks += (before != 0) + (behind != 0);
    fake_heap.nblocks--;
}

void cellar__page_map_set(const void *addr, size_t ngranules, uint32_t ref, uint16_t tag)
{
    size_t first = (size_t)((const char *)addr - memory) >> CELLAR_LG_GRANULE;
    for (size_t i = first; i < first + ngranules; i++) {
        refs[FAKE_GRANULES - 1 - i] = ref;
        tags[i] = tag;
    }
}

static void fake_mark(size_t first, size_t ngranules, bool out)
{
    for (size_t i = first; i < first + ngranules; i++) {
        CELLAR_REQUIRE(granule_is_out[i] != out);
        granule_is_out[i] = out;
    }
}

/* First fit from the lowest address. */
int cellar__run_take(struct cellar__run *run, size_t ngranules, size_t align)
{
    size_t room = 0;
    (void)align;
    fake_note_locks();
    if (fake_refuses(&fake_heap.runs_left)) {
        return -ENOMEM;
    }
    for (size_t i = 0; i < FAKE_GRANULES; i++) {
        room = granule_is_out[i] ? 0 : room + 1;
        if (room < ngranules) {
            continue;
        }
        size_t first = i + 1 - ngranules;
        fake_mark(first, ngranules, true);
        run->base = memory + (first << CELLAR_LG_GRANULE);
        run->ngranules = (uint32_t)ngranules;
        memset(run->base, 0xa5, ngranules << CELLAR_LG_GRANULE);
        cellar__page_map_set(run->base, ngranules, cellar__meta_ref(run), run->tag);
        fake_heap.nruns++;
        fake_heap.ngranules += ngranules;
        return 0;
    }
    return -ENOMEM;
}

void cellar__run_give(struct cellar__run *run)
{
    fake_note_locks();
    fake_mark((size_t)(run->base - memory) >> CELLAR_LG_GRANULE, run->ngranules, false);
    cellar__page_map_set(run->base, run->ngranules, 0, 0);
    fake_heap.nruns--;
    fake_heap.ngranules -= run->ngranules;
}

size_t cellar__dirty_waiting;

size_t cellar__dirty_purge_all(void)
{
    return 0;
}

bool cellar__dirty_is_full(void)
{
    return fake_heap.is_full;
}

int cellar__arena_alloc(struct cellar__arena *arena, uint64_t size, uint64_t align, uint64_t *ret_base)
{
    (void)arena, (void)size, (void)align, (void)ret_base;
    return -ENOMEM;
}

int cellar__arena_free(struct cellar__arena *arena, uint64_t base, uint64_t size)
{
    (void)arena, (void)base, (void)size;
    return -EINVAL;
}
