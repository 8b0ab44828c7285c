#include "arena/fit.h"

#include <string.h>

#include "base/attr.h"

static const struct cellar__fit *const fit_policies[] = {
    &cellar__fit_instant,
    &cellar__fit_best,
    &cellar__fit_first,
};

const struct cellar__fit *cellar__fit_find(const char *name)
{
    for (size_t i = 0; i < CELLAR_COUNTOF(fit_policies); i++) {
        if (strcmp(fit_policies[i]->name, name) == 0) {
            return fit_policies[i];
        }
    }
    return NULL;
}
