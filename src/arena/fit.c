#include "arena/fit.h"

#include "base/text.h"

const struct cellar__fit *const cellar__fits[] = {
    &cellar__fit_instant,
    &cellar__fit_segregated,
    &cellar__fit_quick,
    &cellar__fit_best,
    &cellar__fit_first,
    &cellar__fit_next,
    &cellar__fit_worst,
    &cellar__fit_buddy,
    &cellar__fit_fifo,
    &cellar__fit_lifo,
    NULL,
};

const struct cellar__fit *cellar__fit_find(const char *name)
{
    for (size_t i = 0; cellar__fits[i] != NULL; i++) {
        if (cellar__text_equal(cellar__fits[i]->name, name)) {
            return cellar__fits[i];
        }
    }
    return NULL;
}
