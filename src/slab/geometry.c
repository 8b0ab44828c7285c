#include "base/assert.h"
#include "base/bitmap.h"
#include "base/bits.h"
#include "slab/slab.h"

/*
 * Exactness of cellar__slab_index asks offset * size < 2^40 with offset below the slab's size: 2^19 here for both. Longer
 * items have a slab each.
 */
#define GEOMETRY_MAX_GRANULES 8
#define GEOMETRY_SHARED_MAX ((size_t)GEOMETRY_MAX_GRANULES << CELLAR_LG_GRANULE)

/*
 * A tail up to an eighth of the run is accepted: its pages are not touched, and a short run comes back as free memory sooner
 * than a long one.
 */
static bool geometry_is_good(size_t run_size, size_t size)
{
    return run_size >= size && run_size % size <= run_size / 8;
}

static size_t geometry_ngranules(size_t size)
{
    if (size > GEOMETRY_SHARED_MAX) {
        return cellar__div_ceil(size, CELLAR_GRANULE);
    }
    size_t ngranules = 1;
    while (ngranules < GEOMETRY_MAX_GRANULES && !geometry_is_good(ngranules << CELLAR_LG_GRANULE, size)) {
        ngranules++;
    }
    return ngranules;
}

struct cellar__geometry cellar__geometry_make(size_t size, bool has_ready)
{
    CELLAR_REQUIRE(size >= 16 && size % 16 == 0 && size <= CELLAR_SLAB_SIZE_MAX);
    size_t ngranules = geometry_ngranules(size);
    struct cellar__geometry geometry = {
        .size = (uint32_t)size,
        .nitems = (uint32_t)((ngranules << CELLAR_LG_GRANULE) / size),
        .reciprocal = cellar__div_ceil(UINT64_C(1) << 40, size),
        .ngranules = (uint32_t)ngranules,
        .has_ready = has_ready,
    };
    if (geometry.nitems == 1) {
        geometry.reciprocal = 0;
    }
    geometry.nwords = (uint32_t)cellar__bitmap_nwords(geometry.nitems);
    return geometry;
}

size_t cellar__slab_header_size(const struct cellar__geometry *geometry)
{
    size_t nmasks = 1u + geometry->has_ready + geometry->has_marks;
    return sizeof(struct cellar__slab) + nmasks * geometry->nwords * sizeof(uint64_t);
}
