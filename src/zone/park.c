#include "zone/park.h"

#include <stddef.h>

#include "base/bits.h"
#include "os/os.h"

static struct cellar__thread *park_places[CELLAR_PARK_NPLACES];

bool cellar__park_put(struct cellar__thread *thread)
{
    size_t nplaces = cellar__min(cellar__os_machine()->ncpus, CELLAR_PARK_NPLACES);
    for (size_t i = 0; i < nplaces; i++) {
        struct cellar__thread *none = NULL;
        if (__atomic_compare_exchange_n(&park_places[i], &none, thread, false, __ATOMIC_RELEASE,
                                        __ATOMIC_RELAXED)) {
            return true;
        }
    }
    return false;
}

struct cellar__thread *cellar__park_take_at(unsigned place)
{
    if (__atomic_load_n(&park_places[place], __ATOMIC_RELAXED) == NULL) {
        return NULL;
    }
    return __atomic_exchange_n(&park_places[place], NULL, __ATOMIC_ACQUIRE);
}

struct cellar__thread *cellar__park_take(void)
{
    struct cellar__thread *thread = NULL;
    for (unsigned i = 0; i < CELLAR_PARK_NPLACES && thread == NULL; i++) {
        thread = cellar__park_take_at(i);
    }
    return thread;
}

bool cellar__park_has(const struct cellar__thread *thread)
{
    for (unsigned i = 0; i < CELLAR_PARK_NPLACES; i++) {
        if (__atomic_load_n(&park_places[i], __ATOMIC_ACQUIRE) == thread) {
            return true;
        }
    }
    return false;
}
