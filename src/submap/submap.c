#include "submap/submap.h"

#include <errno.h>

#include "base/assert.h"
#include "base/bits.h"
#include "os/os.h"

/* A commit step is an eighth of what is committed, so mprotect calls grow with the logarithm of the heap. */
#define SUBMAP_STEP_MIN (256u * 1024)
#define SUBMAP_STEP_MAX (64u * 1024 * 1024)

int cellar__submap_reserve(struct cellar__submap *ret, const char *name, size_t size, size_t min_size,
                           size_t align, const char *below)
{
    for (size = cellar__round_down(size, align); size >= min_size && size != 0;
         size = cellar__round_down(size / 2, align)) {
        uintptr_t hint = (uintptr_t)below - (below == NULL ? 0 : size); /* only a wish: may wrap */
        void *base = cellar__os_reserve(size, align, (void *)hint);
        if (base != NULL) {
            *ret = (struct cellar__submap){.base = base, .size = size, .name = name};
            return 0;
        }
    }
    return -ENOMEM;
}

int cellar__submap_release(struct cellar__submap *submap)
{
    if (cellar__os_unmap(submap->base, submap->size) != 0) {
        return -ENOMEM;
    }
    *submap = (struct cellar__submap){0};
    return 0;
}

static void submap_raise_mark(struct cellar__submap *submap, size_t from, size_t to)
{
    while (from < to && !__atomic_compare_exchange_n(&submap->committed, &from, to, false, __ATOMIC_RELEASE,
                                                     __ATOMIC_RELAXED)) {
    }
}

int cellar__submap_commit(struct cellar__submap *submap, size_t end)
{
    size_t mark = __atomic_load_n(&submap->committed, __ATOMIC_ACQUIRE);
    CELLAR_ASSERT(end <= submap->size);
    if (end <= mark) {
        return 0;
    }
    size_t page_size = cellar__os_machine()->page_size;
    size_t step = cellar__clamp(mark / 8, SUBMAP_STEP_MIN, SUBMAP_STEP_MAX);
    size_t wanted = cellar__min(cellar__round_up(cellar__max(end, mark + step), page_size), submap->size);
    int status = cellar__os_commit(submap->base + mark, wanted - mark);
    if (status != 0) { /* the generous step may be what was refused */
        wanted = cellar__round_up(end, page_size);
        status = cellar__os_commit(submap->base + mark, wanted - mark);
    }
    if (status != 0) {
        return -ENOMEM;
    }
    cellar__os_name(submap->base + mark, wanted - mark, submap->name);
    submap_raise_mark(submap, mark, wanted);
    return 0;
}

bool cellar__submap_contains(const struct cellar__submap *submap, const void *addr)
{
    return (uintptr_t)addr - (uintptr_t)submap->base < submap->size;
}
