#include "arena/quick.h"

#include <stddef.h>

struct cellar__segment *cellar__quick_pop_any(struct cellar__quick *quick)
{
    for (unsigned tries = 0; tries < CELLAR_QUICK_NLISTS; tries++) {
        quick->turn = (quick->turn + 1) % CELLAR_QUICK_NLISTS;
        struct cellar__segment *seg = cellar__quick_pop(quick, quick->turn);
        if (seg != NULL) {
            return seg;
        }
    }
    return NULL;
}

size_t cellar__quick_check(const struct cellar__quick *quick, unsigned lg_quantum)
{
    size_t count = 0;
    for (unsigned list = 0; list < CELLAR_QUICK_NLISTS; list++) {
        for (uint32_t ref = quick->lists[list]; ref != 0;) {
            const struct cellar__segment *seg = cellar__segment_get(ref);
            if (!seg->out || seg->last || !cellar__quick_has(seg) ||
                cellar__segment_size(seg) != (uint64_t)list << lg_quantum) {
                return SIZE_MAX;
            }
            ref = seg->link[1] & ~CELLAR_QUICK_MARK;
            count++;
        }
    }
    return count == quick->nsegments ? count : SIZE_MAX;
}
