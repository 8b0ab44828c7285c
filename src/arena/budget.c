#include "arena/budget.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>

static size_t budget_held;
static size_t budget_peak;
static size_t budget_limit = SIZE_MAX;

static void budget_raise_peak(size_t held)
{
    size_t peak = __atomic_load_n(&budget_peak, __ATOMIC_RELAXED);
    while (held > peak && !__atomic_compare_exchange_n(&budget_peak, &peak, held, true, __ATOMIC_RELAXED,
                                                       __ATOMIC_RELAXED)) {
    }
}

int cellar__budget_charge(size_t size)
{
    size_t held = __atomic_add_fetch(&budget_held, size, __ATOMIC_RELAXED);
    if (held < size || held > __atomic_load_n(&budget_limit, __ATOMIC_RELAXED)) { /* wrapped, or too much */
        cellar__budget_uncharge(size);
        return -ENOMEM;
    }
    budget_raise_peak(held);
    return 0;
}

void cellar__budget_uncharge(size_t size)
{
    __atomic_sub_fetch(&budget_held, size, __ATOMIC_RELAXED);
}

void cellar__budget_set_limit(size_t limit)
{
    __atomic_store_n(&budget_limit, limit, __ATOMIC_RELAXED);
}

size_t cellar__budget_held(void)
{
    return __atomic_load_n(&budget_held, __ATOMIC_RELAXED);
}

size_t cellar__budget_peak(void)
{
    return __atomic_load_n(&budget_peak, __ATOMIC_RELAXED);
}
