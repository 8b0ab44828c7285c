#include "large/large.h"

#include "base/assert.h"
#include "meta/meta.h"
#include "os/os.h"

static uint32_t large_ncolours; /* atomic; given out */

static void *large_create(struct cellar__large_source *source)
{
    struct cellar__large *large = cellar__meta_alloc(sizeof *large);
    if (large == NULL) {
        return NULL;
    }
    large->run = (struct cellar__run){.tag = source->tag, .kind = CELLAR_RUN_LARGE};
    large->source = source;
    large->colour = cellar__colour_of(__atomic_fetch_add(&large_ncolours, 1, __ATOMIC_RELAXED));
    if (cellar__run_take(&large->run, source->ngranules, CELLAR_GRANULE) != 0) {
        cellar__meta_free(large, sizeof *large);
        return NULL;
    }
    __atomic_add_fetch(&source->nout, 1, __ATOMIC_RELAXED);
    return cellar__large_block(large);
}

/* One run an import: a run is work enough that filling a bucket ahead of need would waste memory, not save time. */
static size_t large_import(void *source, void **items, size_t n)
{
    uint64_t mask = cellar__os_signals_block();
    items[0] = n == 0 ? NULL : large_create(source);
    cellar__os_signals_restore(mask);
    return items[0] == NULL ? 0 : 1;
}

static enum cellar__item_fault large_destroy(struct cellar__large_source *source, void *item)
{
    struct cellar__run *run = cellar__run_find(item);
    if (run == NULL || run->kind != CELLAR_RUN_LARGE) {
        return CELLAR_ITEM_NOT_HERE;
    }
    struct cellar__large *large = cellar__large_of(run);
    if (cellar__large_block(large) != item || large->source != source) {
        return CELLAR_ITEM_MISALIGNED;
    }
    cellar__run_give(run);
    cellar__meta_free(large, sizeof *large);
    __atomic_sub_fetch(&source->nout, 1, __ATOMIC_RELAXED);
    return CELLAR_ITEM_OK;
}

static size_t large_release(void *source, void **items, size_t n, enum cellar__item_fault *ret_fault)
{
    size_t given = 0;
    *ret_fault = CELLAR_ITEM_OK;
    uint64_t mask = cellar__os_signals_block();
    for (; given < n; given++) {
        *ret_fault = large_destroy(source, items[given]);
        if (*ret_fault != CELLAR_ITEM_OK) {
            break;
        }
    }
    cellar__os_signals_restore(mask);
    return given;
}

const struct cellar__zone_backend cellar__large_backend = {
    .kind = "run", .import = large_import, .release = large_release};

/* With signals blocked. */
static int large_resize(struct cellar__large *large, struct cellar__large_source *to)
{
    struct cellar__large_source *from = large->source;
    int status = cellar__run_resize(&large->run, to->ngranules);
    if (status != 0) {
        return status;
    }
    large->source = to;
    large->run.tag = to->tag;
    cellar__page_map_set(large->run.base, large->run.ngranules, cellar__meta_ref(large), to->tag);
    __atomic_sub_fetch(&from->nout, 1, __ATOMIC_RELAXED);
    __atomic_add_fetch(&to->nout, 1, __ATOMIC_RELAXED);
    return 0;
}

int cellar__large_resize(struct cellar__large *large, struct cellar__large_source *to)
{
    uint64_t mask = cellar__os_signals_block();
    int status = large_resize(large, to);
    cellar__os_signals_restore(mask);
    return status;
}
