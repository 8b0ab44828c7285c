#include "os/fault.h"

#include "base/attr.h"

struct fault_plan {
    uint32_t armed;
    uint32_t skip;
    uint32_t count;
    uint32_t calls;
};

static struct fault_plan fault_plans[CELLAR_FAULT_COUNT];

void cellar__fault_arm(enum cellar__fault kind, uint32_t skip, uint32_t count)
{
    struct fault_plan *plan = &fault_plans[kind];
    plan->skip = skip;
    plan->count = count;
    __atomic_store_n(&plan->calls, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&plan->armed, count != 0, __ATOMIC_RELEASE);
}

void cellar__fault_disarm_all(void)
{
    for (unsigned kind = 0; kind < CELLAR_FAULT_COUNT; kind++) {
        __atomic_store_n(&fault_plans[kind].armed, 0, __ATOMIC_RELEASE);
    }
}

uint32_t cellar__fault_calls(enum cellar__fault kind)
{
    return __atomic_load_n(&fault_plans[kind].calls, __ATOMIC_RELAXED);
}

bool cellar__fault_hits(enum cellar__fault kind)
{
    struct fault_plan *plan = &fault_plans[kind];
    if (CELLAR_LIKELY(__atomic_load_n(&plan->armed, __ATOMIC_ACQUIRE) == 0)) {
        return false;
    }
    uint32_t call = __atomic_fetch_add(&plan->calls, 1, __ATOMIC_RELAXED);
    return call >= plan->skip && call - plan->skip < plan->count;
}
