/*
 * arena: the entry points of include/cellar/arena.h. Policy only: the start of the heap, arguments, sources; ranges of few
 * quanta come from the arena's quantum caches (malloc/quantum.h) when it has some.
 */
#include <cellar/arena.h>

#include <errno.h>

#include "arena/arena.h"
#include "arena/registry.h"
#include "base/bits.h"
#include "base/fmt.h"
#include "malloc/heap.h"
#include "malloc/quantum.h"
#include "os/os.h"

static const struct cellar__fit *arena_fit(enum cellar_fit fit)
{
    return fit == CELLAR_FIT_DEFAULT ? &cellar__fit_quick : cellar__fits[fit - CELLAR_FIT_INSTANT];
}

static int arena_import(void *source, uint64_t size, uint64_t *ret_base, uint64_t *ret_size)
{
    struct cellar_arena *arena = source;
    const struct cellar_arena_attr *attr = &arena->attr;
    if (attr->source == NULL) {
        return attr->import(attr->ctx, size, ret_base, ret_size);
    }
    uint64_t base;
    int status = cellar_arena_alloc(attr->source, size, &base);
    if (status == 0) {
        *ret_base = base;
        *ret_size = size;
    }
    return status;
}

static void arena_release(void *source, uint64_t base, uint64_t size)
{
    struct cellar_arena *arena = source;
    const struct cellar_arena_attr *attr = &arena->attr;
    if (attr->source == NULL) {
        attr->release(attr->ctx, base, size);
    } else {
        cellar_arena_free(attr->source, base, size);
    }
}

static bool arena_source_is_sound(const struct cellar_arena_attr *attr, uint64_t quantum)
{
    if (attr->source != NULL) {
        uint64_t of_source = attr->source->arena.attr.quantum;
        return attr->import == NULL && attr->release == NULL && of_source % quantum == 0;
    }
    return attr->release == NULL || attr->import != NULL;
}

static bool arena_attr_is_sound(const struct cellar_arena_attr *attr, uint64_t quantum)
{
    bool unit_is_sound =
        attr->sizing == CELLAR_SIZE_CONSTANT ? attr->unit != 0 && attr->unit % quantum == 0 : attr->unit == 0;
    return attr->version == CELLAR_ARENA_VERSION && attr->name != NULL &&
           (attr->flags & ~(uint32_t)(CELLAR_ARENA_UNLOCKED | CELLAR_ARENA_BOUNDED)) == 0 &&
           attr->fit <= CELLAR_FIT_LIFO && attr->sizing <= CELLAR_SIZE_POW2 && cellar__is_pow2(quantum) &&
           unit_is_sound && attr->cache_max % quantum == 0 &&
           attr->cache_max / quantum <= CELLAR_ARENA_NCACHES &&
           (attr->import_quantum == 0 || cellar__is_pow2(attr->import_quantum)) &&
           arena_source_is_sound(attr, quantum);
}

static struct cellar__arena_attr arena_attr(struct cellar_arena *arena, uint64_t quantum)
{
    const struct cellar_arena_attr *attr = &arena->attr;
    bool imports = attr->source != NULL || attr->import != NULL;
    bool releases = attr->source != NULL || attr->release != NULL;
    return (struct cellar__arena_attr){
        .name = arena->name,
        .quantum = quantum,
        .fit = arena_fit(attr->fit),
        .sizing = (enum cellar__sizing)attr->sizing,
        .unit = attr->unit,
        .is_unlocked = (attr->flags & CELLAR_ARENA_UNLOCKED) != 0,
        .is_bounded = (attr->flags & CELLAR_ARENA_BOUNDED) != 0,
        .limit = attr->limit,
        .import_min = attr->import_quantum,
        .import_span = imports ? arena_import : NULL,
        .release_span = releases ? arena_release : NULL,
        .source = arena,
    };
}

int cellar_arena_create(const struct cellar_arena_attr *attr, struct cellar_arena **ret_arena)
{
    uint64_t quantum = attr->quantum == 0 ? 1 : attr->quantum;
    if (!arena_attr_is_sound(attr, quantum)) {
        return -EINVAL;
    }
    struct cellar_arena *arena = cellar__heap_start() ? cellar__registry_create() : NULL;
    if (arena == NULL) {
        return -ENOMEM;
    }
    arena->attr = *attr;
    struct cellar__fmt name;
    cellar__fmt_init(&name, arena->name, sizeof arena->name);
    cellar__fmt_print(&name, "%s", attr->name);
    struct cellar__arena_attr internal = arena_attr(arena, quantum);
    if (cellar__arena_init(&arena->arena, &internal) != 0) {
        cellar__registry_destroy(arena);
        return -ENOMEM;
    }
    if (cellar__quantum_init(arena, attr->cache_max / quantum) != 0) {
        cellar__arena_fini(&arena->arena);
        cellar__registry_destroy(arena);
        return -ENOMEM;
    }
    cellar__registry_enter(arena);
    *ret_arena = arena;
    return 0;
}

struct arena_left {
    void (*left)(void *ctx, const struct cellar_arena_range *range);
    void *ctx;
    size_t count;
    uint64_t size;
};

static void arena_see_left(void *ctx, const struct cellar_arena_range *range)
{
    struct arena_left *left = ctx;
    if (!range->out) {
        return;
    }
    left->count++;
    left->size += range->size;
    if (left->left != NULL) {
        left->left(left->ctx, range);
    }
}

static void arena_report_left(const struct cellar_arena *arena, const struct arena_left *left)
{
    char text[160];
    struct cellar__fmt out;
    cellar__fmt_init(&out, text, sizeof text);
    cellar__fmt_print(&out, "cellar: arena %s destroyed with %zu ranges out, %zu in all\n", arena->name,
                      left->count, (size_t)left->size);
    cellar__os_write(2, text, out.length);
}

size_t cellar_arena_destroy(struct cellar_arena *arena,
                            void (*left)(void *ctx, const struct cellar_arena_range *range), void *ctx)
{
    struct arena_left seen = {.left = left, .ctx = ctx};
    if (arena == NULL) {
        return 0;
    }
    cellar__quantum_fini(arena);
    cellar__registry_leave(arena);
    cellar__arena_walk(&arena->arena, arena_see_left, &seen);
    if (seen.count != 0 && left == NULL) {
        arena_report_left(arena, &seen);
    }
    cellar__arena_release_spans(&arena->arena);
    cellar__arena_fini(&arena->arena);
    cellar__registry_destroy(arena);
    return seen.count;
}

int cellar_arena_add(struct cellar_arena *arena, uint64_t base, uint64_t size)
{
    return cellar__arena_add(&arena->arena, base, size);
}

/* Whether the owner found something to free for a request that failed. */
static bool arena_reclaim(const struct cellar_arena *arena, uint64_t size)
{
    return arena->attr.reclaim != NULL && arena->attr.reclaim(arena->attr.ctx, size);
}

static int arena_alloc(struct cellar_arena *arena, const struct cellar__arena_request *request,
                       uint64_t *ret_base)
{
    int status = cellar__arena_xalloc(&arena->arena, request, ret_base);
    if (CELLAR_UNLIKELY(status == -ENOMEM) && arena_reclaim(arena, request->size)) {
        status = cellar__arena_xalloc(&arena->arena, request, ret_base);
    }
    return status;
}

static CELLAR_NOINLINE int arena_alloc_unusual(struct cellar_arena *arena, uint64_t size, uint64_t *ret_base)
{
    struct cellar__arena_request request = {.size = size};
    if (cellar__quantum_serves(arena, size)) {
        int status = cellar__quantum_alloc(arena, size, ret_base);
        if (status != -ENOMEM || !arena_reclaim(arena, size)) {
            return status;
        }
    }
    return arena_alloc(arena, &request, ret_base);
}

int cellar_arena_alloc(struct cellar_arena *arena, uint64_t size, uint64_t *ret_base)
{
    if (CELLAR_UNLIKELY(arena->attr.reclaim != NULL || arena->attr.cache_max != 0)) {
        return arena_alloc_unusual(arena, size, ret_base);
    }
    return cellar__arena_alloc_plain(&arena->arena, size, ret_base);
}

int cellar_arena_xalloc(struct cellar_arena *arena, const struct cellar_arena_request *request,
                        uint64_t *ret_base)
{
    bool fit_is_sound = request->fit == CELLAR_FIT_DEFAULT ||
                        (request->fit >= CELLAR_FIT_BEST && request->fit <= CELLAR_FIT_WORST);
    if (!fit_is_sound) {
        return -EINVAL;
    }
    struct cellar__arena_request internal = {
        .size = request->size,
        .align = request->align,
        .phase = request->phase,
        .nocross = request->nocross,
        .min = request->min,
        .max = request->max,
        .fit = request->fit == CELLAR_FIT_DEFAULT ? NULL : arena_fit(request->fit),
        .high = request->high,
    };
    return arena_alloc(arena, &internal, ret_base);
}

int cellar_arena_free(struct cellar_arena *arena, uint64_t base, uint64_t size)
{
    if (CELLAR_UNLIKELY(cellar__quantum_serves(arena, size))) {
        cellar__quantum_free(arena, base, size);
        return 0;
    }
    return cellar__arena_free(&arena->arena, base, size);
}

int cellar_arena_resize(struct cellar_arena *arena, uint64_t base, uint64_t size, uint64_t new_size)
{
    return cellar__arena_resize(&arena->arena, base, size, new_size);
}

int cellar_arena_split(struct cellar_arena *arena, uint64_t base, uint64_t size, uint64_t first)
{
    return cellar__arena_split(&arena->arena, base, size, first);
}

int cellar_arena_set_limit(struct cellar_arena *arena, uint64_t limit)
{
    return cellar__arena_set_limit(&arena->arena, limit);
}

bool cellar_arena_contains(struct cellar_arena *arena, uint64_t base, uint64_t size)
{
    return cellar__arena_contains(&arena->arena, base, size);
}

int cellar_arena_find(struct cellar_arena *arena, uint64_t address, struct cellar_arena_range *ret_range)
{
    return cellar__arena_range_of(&arena->arena, address, ret_range) ? 0 : -ENOENT;
}

size_t cellar_arena_snapshot(struct cellar_arena *arena, struct cellar_arena_range *ranges, size_t capacity)
{
    return cellar__arena_snapshot(&arena->arena, ranges, capacity);
}

/* A copy of all ranges in memory of its own; the arena may grow between the count and the copy. */
static struct cellar_arena_range *arena_copy(struct cellar_arena *arena, size_t *ret_count, size_t *ret_size)
{
    size_t page_size = cellar__os_machine()->page_size;
    size_t count = cellar__arena_snapshot(&arena->arena, NULL, 0);
    for (;;) {
        size_t size =
            cellar__round_up((count + count / 8 + 1) * sizeof(struct cellar_arena_range), page_size);
        size_t capacity = size / sizeof(struct cellar_arena_range);
        struct cellar_arena_range *ranges = cellar__os_map(size, page_size);
        if (ranges == NULL) {
            return NULL;
        }
        count = cellar__arena_snapshot(&arena->arena, ranges, capacity);
        if (count <= capacity) {
            *ret_count = count;
            *ret_size = size;
            return ranges;
        }
        cellar__os_unmap(ranges, size);
    }
}

int cellar_arena_walk(struct cellar_arena *arena,
                      bool (*visit)(void *ctx, const struct cellar_arena_range *range), void *ctx)
{
    size_t count;
    size_t size;
    struct cellar_arena_range *ranges = arena_copy(arena, &count, &size);
    if (ranges == NULL) {
        return -ENOMEM;
    }
    for (size_t i = 0; i < count && visit(ctx, &ranges[i]); i++) {
    }
    cellar__os_unmap(ranges, size);
    return 0;
}

void cellar_arena_get_usage(struct cellar_arena *arena, struct cellar_arena_usage *ret_usage)
{
    struct cellar__arena_usage usage;
    cellar__arena_usage(&arena->arena, &usage);
    *ret_usage = (struct cellar_arena_usage){
        .total = usage.total,
        .imported = usage.imported,
        .allocated = usage.allocated,
        .largest_free = usage.largest_free,
        .limit = usage.limit,
        .nranges = usage.nsegments,
        .nfree = usage.nfree,
        .nspans = usage.nspans,
        .metadata = usage.metadata + sizeof *arena,
        .nallocs = usage.nallocs,
        .nfrees = usage.nfrees,
        .nfails = usage.nfails,
        .asked = usage.asked,
        .given = usage.given,
    };
}

const char *cellar_arena_name(const struct cellar_arena *arena)
{
    return arena->name;
}

const char *cellar_arena_check(struct cellar_arena *arena)
{
    return cellar__arena_check(&arena->arena);
}

int cellar_arena_map_pages(void *ctx, uint64_t size, uint64_t *ret_base, uint64_t *ret_size)
{
    (void)ctx;
    size_t page_size = cellar__os_machine()->page_size;
    uint64_t rounded;
    void *pages = cellar__round_up_try(size, page_size, &rounded) ? cellar__os_map(rounded, page_size) : NULL;
    if (pages == NULL) {
        return -ENOMEM;
    }
    cellar__os_name(pages, rounded, "cellar arena");
    *ret_base = (uintptr_t)pages;
    *ret_size = rounded;
    return 0;
}

void cellar_arena_unmap_pages(void *ctx, uint64_t base, uint64_t size)
{
    (void)ctx;
    cellar__os_unmap((void *)(uintptr_t)base, size);
}
