/* Walking a keg, measuring it, and proving its invariants. */
#include "base/bitmap.h"
#include "keg/bins.h"
#include "keg/keg_int.h"

void cellar__keg_walk(struct cellar__keg *keg, void (*visit)(void *ctx, const struct cellar__slab *slab),
                      void *ctx)
{
    cellar__keg_lock(keg);
    CELLAR_LIST_EACH(node, &keg->all)
    {
        visit(ctx, CELLAR_CONTAINER(node, struct cellar__slab, all));
    }
    cellar__lock_release(&keg->lock);
}

void cellar__keg_usage(struct cellar__keg *keg, struct cellar__keg_usage *ret_usage)
{
    cellar__keg_lock(keg);
    *ret_usage = (struct cellar__keg_usage){
        .nslabs = keg->nslabs,
        .nempty = keg->nempty,
        .nout = keg->nout,
        .slab_bytes = (keg->nslabs * keg->geometry.ngranules) << CELLAR_LG_GRANULE,
        .nitems = keg->nslabs * keg->geometry.nitems,
    };
    cellar__lock_release(&keg->lock);
}

static const char *check_slab(const struct cellar__keg *keg, struct cellar__slab *slab)
{
    for (uint32_t i = 0; i < slab->run.ngranules; i++) {
        const char *addr = slab->run.base + ((size_t)i << CELLAR_LG_GRANULE);
        if (cellar__run_find(addr) != &slab->run || cellar__page_map_tag(addr) != keg->attr.tag) {
            return "K3";
        }
    }
    return cellar__slab_check(slab, &keg->geometry);
}

static const char *check_locked(struct cellar__keg *keg)
{
    size_t nslabs = 0;
    size_t nout = 0;
    size_t npartial = 0;
    size_t nempty = 0;
    size_t nmarked = 0;
    CELLAR_LIST_EACH(node, &keg->all)
    {
        struct cellar__slab *slab = CELLAR_CONTAINER(node, struct cellar__slab, all);
        const char *broken = check_slab(keg, slab);
        if (broken != NULL) {
            return broken;
        }
        nslabs++;
        nout += slab->nout;
        nempty += slab->nout == 0 && !slab->is_frozen;
        nmarked += cellar__keg_count_marks(keg, slab);
        npartial += !slab->is_frozen && cellar__bins_index(keg, slab->nout) != CELLAR_KEG_NBINS;
    }
    if (cellar__bins_check(keg) != npartial) {
        return "K1";
    }
    if (nmarked != keg->nmarked) {
        return "K4";
    }
    bool sums_hold = nslabs == keg->nslabs && nout == keg->nout && nempty == keg->nempty;
    return sums_hold ? NULL : "K2";
}

const char *cellar__keg_check(struct cellar__keg *keg)
{
    cellar__keg_lock(keg);
    const char *broken = check_locked(keg);
    cellar__lock_release(&keg->lock);
    return broken;
}
