#include "malloc/quantum.h"

#include <errno.h>

#include "base/fmt.h"
#include "os/panic.h"
#include "zone/item.h"

/* What a cache's source needs to know: the arena, and which of its caches it is. */
struct quantum_source {
    struct cellar_arena *arena;
    uint64_t size; /* of its ranges */
};

static unsigned quantum_lg(const struct cellar_arena *arena)
{
    return arena->arena.fit.lg_quantum;
}

static void *quantum_item(const struct cellar_arena *arena, uint64_t base)
{
    return (void *)(uintptr_t)((base >> quantum_lg(arena)) + 1); // NOLINT(performance-no-int-to-ptr)
}

static uint64_t quantum_base(const struct cellar_arena *arena, const void *item)
{
    return ((uint64_t)(uintptr_t)item - 1) << quantum_lg(arena);
}

static size_t quantum_import(void *ctx, void **items, size_t n)
{
    const struct quantum_source *source = ctx;
    uint64_t base;
    size_t got = 0;
    while (got < n && cellar__arena_alloc_plain(&source->arena->arena, source->size, &base) == 0) {
        items[got++] = quantum_item(source->arena, base);
    }
    return got;
}

static void quantum_release(void *ctx, void **items, size_t n)
{
    const struct quantum_source *source = ctx;
    for (size_t i = 0; i < n; i++) {
        uint64_t base = quantum_base(source->arena, items[i]);
        if (cellar__arena_free(&source->arena->arena, base, source->size) != 0) {
            cellar__panic("arena %s: free of %zu at %zu, where no such range is out", source->arena->name,
                          (size_t)source->size, (size_t)base);
        }
    }
}

static struct cellar_zone *quantum_cache_create(struct cellar_arena *arena, uint64_t size)
{
    static const struct cellar_zone_source functions = {quantum_import, quantum_release};
    struct quantum_source *source = cellar__user_meta_alloc(sizeof *source);
    if (source == NULL) {
        return NULL;
    }
    *source = (struct quantum_source){.arena = arena, .size = size};
    char name[CELLAR_ZONE_NAME_MAX + 1];
    struct cellar__fmt out;
    int error;
    cellar__fmt_init(&out, name, sizeof name);
    cellar__fmt_print(&out, "%s.%zu", arena->name, (size_t)size);
    /* A size for the bounds of buckets and depot, which are in bytes; the ranges themselves are no memory of ours. */
    struct cellar_zone_attr attr = {
        .version = CELLAR_ZONE_ATTR_VERSION, .name = name, .size = 256, .ctx = source};
    struct cellar_zone *zone = cellar__user_create(&attr, NULL, &functions, &error);
    if (zone == NULL) {
        cellar__user_meta_free(source, sizeof *source);
    }
    return zone;
}

int cellar__quantum_init(struct cellar_arena *arena, uint64_t ncaches)
{
    for (uint64_t i = 0; i < ncaches; i++) {
        arena->caches[i] = quantum_cache_create(arena, (i + 1) << quantum_lg(arena));
        if (arena->caches[i] == NULL) {
            cellar__quantum_fini(arena);
            return -ENOMEM;
        }
    }
    return 0;
}

void cellar__quantum_fini(struct cellar_arena *arena)
{
    for (size_t i = 0; i < CELLAR_ARENA_NCACHES && arena->caches[i] != NULL; i++) {
        void *source = arena->caches[i]->attr.ctx;
        cellar__user_end(arena->caches[i]);
        cellar__user_meta_free(source, sizeof(struct quantum_source));
        arena->caches[i] = NULL;
    }
}

static struct cellar_zone *quantum_cache(struct cellar_arena *arena, uint64_t size)
{
    return arena->caches[(size - 1) >> quantum_lg(arena)];
}

int cellar__quantum_alloc(struct cellar_arena *arena, uint64_t size, uint64_t *ret_base)
{
    struct cellar_zone *zone = quantum_cache(arena, size);
    void *item = cellar__cache_pop_counted(cellar__user_cache(zone, cellar__self));
    if (CELLAR_UNLIKELY(item == NULL)) {
        struct cellar__request request = {0};
        item = cellar__item_alloc(zone, &request);
    }
    if (item == NULL) {
        return -ENOMEM;
    }
    *ret_base = quantum_base(arena, item);
    return 0;
}

void cellar__quantum_free(struct cellar_arena *arena, uint64_t base, uint64_t size)
{
    struct cellar_zone *zone = quantum_cache(arena, size);
    void *item = quantum_item(arena, base);
    if (CELLAR_UNLIKELY(!cellar__cache_push(cellar__user_cache(zone, cellar__self), item))) {
        cellar__item_free(zone, item, NULL);
    }
}
