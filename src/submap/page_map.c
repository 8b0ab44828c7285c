#include "submap/page_map.h"

#include <errno.h>

#include "base/assert.h"
#include "base/bits.h"
#include "os/os.h"

struct cellar__page_map cellar__page_map;

/* Entries that are writable from the first: for 64 GiB. Then all of them, as little more can be saved. */
#define PAGE_MAP_FIRST ((size_t)1 << 20)

/* Makes the entries of granules 0 to n - 1 writable; they lie around the arrays' common border. */
static int page_map_open(const struct cellar__page_map *map, size_t n)
{
    size_t page_size = cellar__os_machine()->page_size;
    char *begin = (char *)(map->refs + (map->ngranules - n));
    char *end = (char *)(map->tags + n);
    begin -= (uintptr_t)begin % page_size;
    return cellar__os_open(begin, cellar__round_up((size_t)(end - begin), page_size));
}

/*
 * One mapping for both arrays, with a page more on each side for stray indices. False with *map as it was when memory or
 * addresses are out.
 */
static bool page_map_reserve(struct cellar__page_map *map, size_t ntags, size_t nopen)
{
    size_t page_size = cellar__os_machine()->page_size;
    size_t refs_size = cellar__round_up(map->ngranules * sizeof(uint32_t), page_size);
    size_t size = refs_size + cellar__round_up(ntags * sizeof(uint16_t), page_size) + 2 * page_size;
    char *raw = cellar__os_map_zeros(size);
    if (raw == NULL) {
        return false;
    }
    char *border = raw + page_size + refs_size;
    struct cellar__page_map made = *map;
    made.near_tags = (uint16_t *)(void *)border;
    made.tags = made.near_tags + (ntags - map->ngranules);
    made.refs = (uint32_t *)(void *)border - map->ngranules;
    made.nopen = nopen;
    if (page_map_open(&made, nopen) != 0) {
        cellar__os_unmap(raw, size);
        return false;
    }
    cellar__os_name(raw, size, "cellar page map");
    *map = made;
    return true;
}

int cellar__page_map_init(uintptr_t base, size_t size, size_t open)
{
    CELLAR_ASSERT(base % CELLAR_GRANULE == 0 && size % CELLAR_GRANULE == 0);
    struct cellar__page_map map = {
        .base = base, .ngranules = size >> CELLAR_LG_GRANULE, .last = base + size - 1};
    size_t end = (base + size) >> CELLAR_LG_GRANULE;
    size_t nopen = cellar__min(cellar__max(open >> CELLAR_LG_GRANULE, PAGE_MAP_FIRST), map.ngranules);
    bool is_near = base + size <= CELLAR_PAGE_MAP_NEAR && page_map_reserve(&map, end, nopen);
    if (!is_near && !page_map_reserve(&map, map.ngranules, nopen)) {
        return -ENOMEM;
    }
    cellar__page_map.near_tags = is_near ? map.near_tags : NULL;
    cellar__page_map.tags = map.tags;
    cellar__page_map.refs = map.refs;
    cellar__page_map.base = base;
    cellar__page_map.last = map.last;
    cellar__page_map.nopen = nopen;
    __atomic_store_n(&cellar__page_map.near_end, is_near ? end : 0, __ATOMIC_RELEASE);
    __atomic_store_n(&cellar__page_map.ngranules, map.ngranules, __ATOMIC_RELEASE);
    return 0;
}

int cellar__page_map_commit(const char *end)
{
    size_t n = ((uintptr_t)end - cellar__page_map.base) >> CELLAR_LG_GRANULE;
    if (CELLAR_LIKELY(n <= __atomic_load_n(&cellar__page_map.nopen, __ATOMIC_ACQUIRE))) {
        return 0;
    }
    int status = page_map_open(&cellar__page_map, cellar__page_map.ngranules);
    if (status == 0) {
        __atomic_store_n(&cellar__page_map.nopen, cellar__page_map.ngranules, __ATOMIC_RELEASE);
    }
    return status;
}

void cellar__page_map_set(const void *addr, size_t ngranules, uint32_t ref, uint16_t tag)
{
    size_t first = ((uintptr_t)addr - cellar__page_map.base) >> CELLAR_LG_GRANULE;
    CELLAR_ASSERT(first + ngranules <= __atomic_load_n(&cellar__page_map.nopen, __ATOMIC_RELAXED));
    uint32_t *refs = &cellar__page_map.refs[cellar__page_map.ngranules - 1]; /* of granule 0 */
    for (size_t i = first; i < first + ngranules; i++) {
        __atomic_store_n(&cellar__page_map.tags[i], tag, __ATOMIC_RELAXED);
        __atomic_store_n(refs - i, ref, __ATOMIC_RELEASE);
    }
}
