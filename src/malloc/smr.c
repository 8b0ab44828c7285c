/* smr: the one entry point of include/cellar/smr.h that has something to start; the others are the smr level's own. */
#include <cellar/smr.h>

#include "malloc/heap.h"
#include "smr/smr.h"

CELLAR_API struct cellar_smr *cellar_smr_create(const struct cellar_smr_attr *attr)
{
    return cellar__heap_start() ? cellar__smr_create(attr) : NULL;
}
