#include "arena/sizing.h"

#include "arena/arena.h"
#include "base/bits.h"

static bool sizing_round_pow2(uint64_t size, uint64_t *ret_size)
{
    unsigned lg = cellar__lg_ceil(size);
    if (lg > 63) {
        return false;
    }
    *ret_size = UINT64_C(1) << lg;
    return true;
}

static bool sizing_round_unit(uint64_t size, uint64_t unit, uint64_t *ret_size)
{
    return !__builtin_mul_overflow(cellar__div_ceil(size, unit), unit, ret_size);
}

bool cellar__sizing_round(const struct cellar__arena_attr *attr, uint64_t size, uint64_t *ret_size)
{
    uint64_t rounded;
    if (!cellar__round_up_try(size, attr->quantum, &rounded)) {
        return false;
    }
    if (CELLAR_UNLIKELY(attr->fit->has_blocks || attr->sizing == CELLAR_SIZING_POW2)) {
        return sizing_round_pow2(rounded, ret_size);
    }
    if (CELLAR_UNLIKELY(attr->sizing == CELLAR_SIZING_CONSTANT)) {
        return sizing_round_unit(rounded, attr->unit, ret_size);
    }
    *ret_size = rounded;
    return true;
}

bool cellar__sizing_matches(const struct cellar__arena_attr *attr, uint64_t size, uint64_t actual)
{
    uint64_t rounded;
    return size != 0 && cellar__sizing_round(attr, size, &rounded) && rounded == actual;
}
