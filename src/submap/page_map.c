#include "submap/page_map.h"

#include <errno.h>

#include "base/assert.h"
#include "base/bits.h"
#include "os/os.h"

struct cellar__page_map cellar__page_map;

/* A page on each side stays without access, so that a stray index faults. */
static void *page_map_array(size_t bytes)
{
    size_t page_size = cellar__os_machine()->page_size;
    size_t size = cellar__round_up(bytes, page_size);
    char *raw = cellar__os_reserve(size + 2 * page_size, page_size, NULL);
    if (raw == NULL) {
        return NULL;
    }
    if (cellar__os_commit(raw + page_size, size) != 0) {
        cellar__os_unmap(raw, size + 2 * page_size);
        return NULL;
    }
    cellar__os_name(raw + page_size, size, "cellar page map");
    return raw + page_size;
}

static void page_map_array_release(void *array, size_t bytes)
{
    size_t page_size = cellar__os_machine()->page_size;
    cellar__os_unmap((char *)array - page_size, cellar__round_up(bytes, page_size) + 2 * page_size);
}

int cellar__page_map_init(uintptr_t base, size_t size)
{
    CELLAR_ASSERT(base % CELLAR_GRANULE == 0 && size % CELLAR_GRANULE == 0);
    size_t ngranules = size >> CELLAR_LG_GRANULE;
    uint16_t *tags = page_map_array(ngranules * sizeof *tags);
    uint32_t *refs = tags == NULL ? NULL : page_map_array(ngranules * sizeof *refs);
    if (refs == NULL) {
        if (tags != NULL) {
            page_map_array_release(tags, ngranules * sizeof *tags);
        }
        return -ENOMEM;
    }
    cellar__page_map.tags = tags;
    cellar__page_map.refs = refs;
    cellar__page_map.base = base;
    __atomic_store_n(&cellar__page_map.ngranules, ngranules, __ATOMIC_RELEASE);
    return 0;
}

void cellar__page_map_set(const void *addr, size_t ngranules, uint32_t ref, uint16_t tag)
{
    size_t first = ((uintptr_t)addr - cellar__page_map.base) >> CELLAR_LG_GRANULE;
    CELLAR_ASSERT(first + ngranules <= cellar__page_map.ngranules);
    for (size_t i = first; i < first + ngranules; i++) {
        __atomic_store_n(&cellar__page_map.tags[i], tag, __ATOMIC_RELAXED);
        __atomic_store_n(&cellar__page_map.refs[i], ref, __ATOMIC_RELEASE);
    }
}
