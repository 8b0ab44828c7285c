#include "malloc/classes.h"

#include "base/assert.h"
#include "submap/page_map.h"

#define CLASS_FINEST_MAX 256u
#define CLASS_LAST_SMALL (CELLAR_CLASS_SMALL_MAX / 16)
#define CLASS_GRANULE (CELLAR_CLASS_NSLAB + 1u)
#define CLASS_FIRST_RUN (CLASS_GRANULE + 1u) /* of those that are whole granules */
#define CLASS_LINEAR_GRANULES 8u
#define CLASS_FIVES 5u /* a doubling */
#define CLASS_FIVES_LG_BASE 11
#define CLASS_FIVES_BASE ((size_t)1 << CLASS_FIVES_LG_BASE)
#define CLASS_FIRST_FIVE (CLASS_LAST_SMALL + 5u)

/* Steps above 2^lg_base: `per` of them a doubling; step 0 is 2^lg_base itself. */
static size_t class_geometric_size(unsigned lg_base, unsigned lg_per, unsigned step)
{
    unsigned doubling = step >> lg_per;
    unsigned part = step & ((1u << lg_per) - 1);
    size_t base = (size_t)1 << (lg_base + doubling);
    return base + part * (base >> lg_per);
}

/* The smallest step whose size is at least n > 2^lg_base. */
static unsigned class_geometric_step(unsigned lg_base, unsigned lg_per, size_t n)
{
    unsigned lg = cellar__lg_floor(n - 1); /* 2^lg < n <= 2^(lg+1) */
    unsigned lg_step = lg - lg_per;
    size_t part = (n - ((size_t)1 << lg) + ((size_t)1 << lg_step) - 1) >> lg_step;
    return ((lg - lg_base) << lg_per) + (unsigned)part;
}

static size_t class_fives_size(unsigned index)
{
    static const uint8_t eighths[CLASS_FIVES] = {9, 10, 12, 14, 16};
    return (CLASS_FIVES_BASE >> 3 << index / CLASS_FIVES) * eighths[index % CLASS_FIVES];
}

/* The smallest of them whose size is at least n > CLASS_FIVES_BASE. */
static unsigned class_fives_index(size_t n)
{
    unsigned lg = cellar__lg_floor(n - 1); /* 2^lg < n <= 2^(lg+1) */
    unsigned eighth = (unsigned)((n - 1 - ((size_t)1 << lg)) >> (lg - 3));
    return (lg - CLASS_FIVES_LG_BASE) * CLASS_FIVES + (eighth < 2 ? eighth : eighth / 2 + 1);
}

size_t cellar__class_size(unsigned id)
{
    CELLAR_ASSERT(id > 0 && id < CELLAR_CLASS_END);
    if (id <= CLASS_LAST_SMALL) {
        return id * 16;
    }
    if (id < CLASS_FIRST_FIVE) {
        return class_geometric_size(10, 2, id - CLASS_LAST_SMALL);
    }
    if (id < CLASS_GRANULE) {
        return class_fives_size(id - CLASS_FIRST_FIVE);
    }
    if (id == CLASS_GRANULE) {
        return CELLAR_CLASS_GRANULE_MAX;
    }
    unsigned granules = id - CLASS_FIRST_RUN + 1;
    return granules <= CLASS_LINEAR_GRANULES
               ? granules << CELLAR_LG_GRANULE
               : class_geometric_size(CELLAR_LG_GRANULE + 3, 2, granules - CLASS_LINEAR_GRANULES);
}

unsigned cellar__class_of(size_t n)
{
    CELLAR_ASSERT(n <= CELLAR_CLASS_MAX);
    if (n <= CELLAR_CLASS_SMALL_MAX) {
        size_t step = n <= CLASS_FINEST_MAX ? 16 : n <= 2 * CLASS_FINEST_MAX ? 32 : 64;
        return (unsigned)(cellar__round_up(cellar__max(n, 1), step) / 16);
    }
    if (n <= CLASS_FIVES_BASE) {
        return CLASS_LAST_SMALL + class_geometric_step(10, 2, n);
    }
    if (n <= CELLAR_CLASS_SLAB_MAX) {
        return CLASS_FIRST_FIVE + class_fives_index(n);
    }
    if (n <= CELLAR_CLASS_GRANULE_MAX) {
        return CLASS_GRANULE;
    }
    if (n <= CLASS_LINEAR_GRANULES << CELLAR_LG_GRANULE) {
        return CLASS_FIRST_RUN + (unsigned)((n - 1) >> CELLAR_LG_GRANULE);
    }
    return CLASS_FIRST_RUN - 1 + CLASS_LINEAR_GRANULES + class_geometric_step(CELLAR_LG_GRANULE + 3, 2, n);
}

/*
 * Slabs begin at granules, so item i is aligned when the size is a multiple. A multiple m of align up to
 * CELLAR_CLASS_SLAB_MAX has such a class: where classes are less than align apart, m is a class; elsewhere all are multiples
 * of align. The block of any run can be put at its begin.
 */
unsigned cellar__class_of_aligned(size_t n, size_t align)
{
    if (n > CELLAR_CLASS_MAX || align > CELLAR_GRANULE) {
        return 0;
    }
    size_t multiple = cellar__round_up(cellar__max(n, 1), align);
    return cellar__class_of(multiple <= CELLAR_CLASS_SLAB_MAX ? multiple
                                                              : cellar__max(n, CELLAR_CLASS_SLAB_MAX + 1));
}
