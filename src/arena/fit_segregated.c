#include "arena/fit_segregated.h"

#include <errno.h>

int cellar__segregated_init(struct cellar__fit_state *state)
{
    state->table = cellar__meta_alloc(sizeof *state->table);
    return state->table == NULL ? -ENOMEM : 0;
}

void cellar__segregated_fini(struct cellar__fit_state *state)
{
    cellar__meta_free(state->table, sizeof *state->table);
    state->table = NULL;
}

/* The lists numbered through, for the check. */
static unsigned segregated_number(const struct cellar__fit_state *state, uint64_t size)
{
    struct segregated_place place = cellar__segregated_place(size >> state->lg_quantum);
    return place.level * SEGREGATED_NLISTS + place.list;
}

static void fit_segregated_insert(struct cellar__fit_state *state, struct cellar__segment *seg)
{
    cellar__segregated_insert(state, seg, cellar__segment_size(seg));
}

static void fit_segregated_remove(struct cellar__fit_state *state, struct cellar__segment *seg)
{
    cellar__segregated_remove(state, seg, cellar__segment_size(seg));
}

static struct cellar__segment *fit_segregated_find(struct cellar__fit_state *state, uint64_t size)
{
    struct cellar__segment *seg = cellar__segregated_find_sure(state, size);
    if (seg != NULL) {
        return seg;
    }
    struct segregated_place own = cellar__segregated_place(size >> state->lg_quantum);
    return cellar__fit_list_search(state->table->heads[own.level][own.list], size, SEGREGATED_TRIES);
}

static size_t fit_segregated_check(const struct cellar__fit_state *state)
{
    const struct cellar__fit_table *table = state->table;
    size_t count = 0;
    for (unsigned level = 0; level < SEGREGATED_NLEVELS; level++) {
        if ((table->nonempty_lists[level] != 0) != ((table->nonempty >> level & 1) != 0)) {
            return SIZE_MAX;
        }
        for (unsigned list = 0; list < SEGREGATED_NLISTS; list++) {
            size_t here = cellar__fit_list_check(state, table->heads[level][list],
                                                 level * SEGREGATED_NLISTS + list, segregated_number);
            if (here == SIZE_MAX || (here != 0) != ((table->nonempty_lists[level] >> list & 1) != 0)) {
                return SIZE_MAX;
            }
            count += here;
        }
    }
    return count;
}

const struct cellar__fit cellar__fit_segregated = {
    .name = "segregated",
    .seg_size = sizeof(struct cellar__segment),
    .table_size = sizeof(struct cellar__fit_table),
    .init = cellar__segregated_init,
    .fini = cellar__segregated_fini,
    .insert = fit_segregated_insert,
    .remove = fit_segregated_remove,
    .find = fit_segregated_find,
    .check = fit_segregated_check,
};

/* Quick fit: what the quick lists do not serve is segregated. */
const struct cellar__fit cellar__fit_quick = {
    .name = "quick",
    .seg_size = sizeof(struct cellar__segment),
    .table_size = sizeof(struct cellar__fit_table),
    .has_quick = true,
    .init = cellar__segregated_init,
    .fini = cellar__segregated_fini,
    .insert = fit_segregated_insert,
    .remove = fit_segregated_remove,
    .find = fit_segregated_find,
    .check = fit_segregated_check,
};
