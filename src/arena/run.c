#include "arena/run.h"

#include <errno.h>

#include "arena/budget.h"
#include "arena/dirty.h"
#include "base/assert.h"
#include "base/bits.h"
#include "submap/window.h"

static void (*run_spare)(size_t ngranules, bool is_last); /* or NULL */

struct cellar__arena cellar__heap_arena;

static int run_import(void *source, uint64_t size, uint64_t *ret_base, uint64_t *ret_size)
{
    (void)source;
    struct cellar__submap *window = cellar__window_add(size);
    if (window == NULL) {
        return -ENOMEM;
    }
    *ret_base = (uintptr_t)window->base;
    *ret_size = window->size;
    return 0;
}

static void run_release(void *source, uint64_t base, uint64_t size)
{
    (void)source;
    (void)size;
    cellar__window_release((void *)(uintptr_t)base);
}

/* Of constant sizing: 256 KiB, so that a slab's free run serves most other slabs whole. */
#define RUN_UNIT (4 * CELLAR_GRANULE)

int cellar__heap_init(const struct cellar__fit *fit, enum cellar__sizing sizing)
{
    struct cellar__arena_attr attr = {.name = "heap",
                                      .quantum = CELLAR_GRANULE,
                                      .fit = fit,
                                      .sizing = sizing,
                                      .unit = RUN_UNIT,
                                      .import_span = run_import,
                                      .release_span = run_release};
    cellar__dirty_init();
    if (cellar__window_count() == 0 && cellar__window_init() != 0) {
        return -ENOMEM;
    }
    if (cellar__arena_init(&cellar__heap_arena, &attr) != 0) {
        return -ENOMEM;
    }
    struct cellar__submap *first = cellar__window_get(0);
    if (cellar__arena_add(&cellar__heap_arena, (uintptr_t)first->base, first->size) != 0) {
        cellar__arena_fini(&cellar__heap_arena);
        return -ENOMEM;
    }
    return 0;
}

static int run_commit(const char *base, size_t size)
{
    struct cellar__submap *window = cellar__window_find(base);
    size_t end = (size_t)(base - window->base) + size;
    if (end > window->size || cellar__page_map_commit(base + size) != 0) {
        return -ENOMEM;
    }
    return cellar__submap_commit(window, end);
}

/* Fresh addresses from the arena, committed and charged. */
static int run_take_clean(size_t size, size_t align, char **ret_base)
{
    uint64_t base;
    if (cellar__budget_charge(size) != 0) {
        return -ENOMEM;
    }
    int status = cellar__arena_alloc(&cellar__heap_arena, size, align, &base);
    if (status == 0 && run_commit((char *)(uintptr_t)base, size) != 0) {
        cellar__arena_free(&cellar__heap_arena, base, size);
        status = -ENOMEM;
    }
    if (status != 0) {
        cellar__budget_uncharge(size);
        return -ENOMEM;
    }
    *ret_base = (char *)(uintptr_t)base;
    return 0;
}

/* Bytes that the heap gives for a run; granules are too few for that to wrap. */
static size_t run_round(size_t ngranules)
{
    uint64_t size = ngranules << CELLAR_LG_GRANULE;
    cellar__sizing_round(&cellar__heap_arena.attr, size, &size);
    return size;
}

void cellar__run_set_spare(void (*spare)(size_t ngranules, bool is_last))
{
    run_spare = spare;
}

/* From the dirty runs, after what waits elsewhere joined them if none is found. */
static char *run_take_dirty(size_t ngranules, bool is_last)
{
    char *base = cellar__dirty_take(ngranules);
    if (base == NULL && run_spare != NULL && ngranules <= CELLAR_DIRTY_MAX_GRANULES) {
        run_spare(ngranules, is_last);
        base = cellar__dirty_take(ngranules);
    }
    return base;
}

/* There is no clean memory: all that waits serves, or dirty memory goes back and leaves room. 0 or -ENOMEM. */
static CELLAR_COLD int run_take_last(struct cellar__run *run, size_t size, size_t align, char **ret_base)
{
    char *base = align <= CELLAR_GRANULE ? run_take_dirty(size >> CELLAR_LG_GRANULE, true) : NULL;
    if (base != NULL) {
        run->is_zero = false;
        *ret_base = base;
        return 0;
    }
    return cellar__dirty_purge_last() == 0 ? -ENOMEM : run_take_clean(size, align, ret_base);
}

int cellar__run_take(struct cellar__run *run, size_t ngranules, size_t align)
{
    size_t size = run_round(ngranules);
    ngranules = size >> CELLAR_LG_GRANULE;
    char *base = align <= CELLAR_GRANULE ? run_take_dirty(ngranules, false) : NULL;
    run->is_zero = base == NULL;
    cellar__dirty_tick();
    if (base == NULL) {
        if (run_take_clean(size, align, &base) != 0 && run_take_last(run, size, align, &base) != 0) {
            return -ENOMEM;
        }
        cellar__dirty_give_way();
    }
    run->base = base;
    run->ngranules = (uint32_t)ngranules;
    cellar__page_map_set(base, ngranules, cellar__meta_ref(run), run->tag);
    return 0;
}

void cellar__run_give(struct cellar__run *run)
{
    cellar__page_map_set(run->base, run->ngranules, 0, 0);
    cellar__dirty_give(run->base, run->ngranules);
}

/* Grows into dirty memory right behind the run; false when there is too little. */
static bool run_grow_dirty(const struct cellar__run *run, size_t more)
{
    char *end = run->base + cellar__run_size(run);
    if (!cellar__dirty_take_at(end, more)) {
        return false;
    }
    if (cellar__arena_merge(&cellar__heap_arena, (uintptr_t)run->base, cellar__run_size(run),
                            more << CELLAR_LG_GRANULE) != 0) { /* another window */
        cellar__dirty_give(end, more);
        return false;
    }
    return true;
}

/* Grows into addresses that nobody has. */
static int run_grow_clean(const struct cellar__run *run, size_t ngranules)
{
    size_t size = cellar__run_size(run);
    size_t new_size = ngranules << CELLAR_LG_GRANULE;
    if (cellar__budget_charge(new_size - size) != 0) {
        return -ENOMEM;
    }
    /* First the commit, which needs no way back: addresses that stay free may be committed early. */
    int status = run_commit(run->base, new_size);
    if (status == 0) {
        status = cellar__arena_resize(&cellar__heap_arena, (uintptr_t)run->base, size, new_size);
    }
    if (status != 0) {
        cellar__budget_uncharge(new_size - size);
    }
    return status;
}

static int run_grow(struct cellar__run *run, size_t ngranules)
{
    size_t more = ngranules - run->ngranules;
    int status = run_grow_dirty(run, more) ? 0 : run_grow_clean(run, ngranules);
    if (status == 0) {
        char *end = run->base + cellar__run_size(run);
        run->is_zero = false;
        cellar__page_map_set(end, more, cellar__meta_ref(run), run->tag);
        run->ngranules = (uint32_t)ngranules;
    }
    return status;
}

/* The tail becomes a run of its own that is given back dirty. */
static int run_shrink(struct cellar__run *run, size_t ngranules)
{
    size_t new_size = ngranules << CELLAR_LG_GRANULE;
    int status =
        cellar__arena_split(&cellar__heap_arena, (uintptr_t)run->base, cellar__run_size(run), new_size);
    if (status != 0) {
        return status;
    }
    size_t rest = run->ngranules - ngranules;
    cellar__page_map_set(run->base + new_size, rest, 0, 0);
    run->ngranules = (uint32_t)ngranules;
    cellar__dirty_give(run->base + new_size, rest);
    return 0;
}

int cellar__run_resize(struct cellar__run *run, size_t ngranules)
{
    CELLAR_ASSERT(ngranules > 0);
    ngranules = run_round(ngranules) >> CELLAR_LG_GRANULE;
    if (ngranules == run->ngranules) {
        return 0;
    }
    return ngranules > run->ngranules ? run_grow(run, ngranules) : run_shrink(run, ngranules);
}
