/*
 * Two-level segregated fit: 32 lists a doubling of the size, and bitmaps of those that are not empty.
 * Source: Masmano, Ripoll, Crespo and Real, "TLSF: a New Dynamic Memory Allocator for Real-Time Systems" (ECRTS 2004).
 *
 *      sizes in quanta    1 2 ... 31 | 32 33 ... 63 | 64 66 ... 126 | 128 132 ... 252 | ...
 *      first level             0     |      1       |       2       |        3        |
 *
 * A request takes the lowest list whose every segment is long enough: its own when it is the shortest size of that list,
 * else the one above. So a segment less than 1/32 longer than the request may be passed over; when no list is sure, the
 * first SEGREGATED_TRIES segments of the request's own list are looked at.
 *
 * Complexity: O(1) each; find takes two bit scans.
 */
#include <errno.h>

#include "arena/fit_list.h"
#include "base/bits.h"

#define SEGREGATED_LG_LISTS 5
#define SEGREGATED_NLISTS (1u << SEGREGATED_LG_LISTS)
#define SEGREGATED_TRIES 8
#define SEGREGATED_NLEVELS (64 - SEGREGATED_LG_LISTS + 1)

struct cellar__fit_table {
    uint64_t nonempty;                           /* bit i: level i has a list that is not empty */
    uint32_t nonempty_lists[SEGREGATED_NLEVELS]; /* bit j of level i: its list j is not empty */
    uint32_t heads[SEGREGATED_NLEVELS][SEGREGATED_NLISTS];
};

struct segregated_place {
    unsigned level;
    unsigned list;
};

static int fit_segregated_init(struct cellar__fit_state *state)
{
    state->table = cellar__meta_alloc(sizeof *state->table);
    return state->table == NULL ? -ENOMEM : 0;
}

static void fit_segregated_fini(struct cellar__fit_state *state)
{
    cellar__meta_free(state->table, sizeof *state->table);
    state->table = NULL;
}

/* Where segments of that many quanta lie. */
static struct segregated_place segregated_place(uint64_t nquanta)
{
    unsigned lg = cellar__lg_floor(nquanta);
    if (lg < SEGREGATED_LG_LISTS) {
        return (struct segregated_place){0, (unsigned)nquanta};
    }
    unsigned shift = lg - SEGREGATED_LG_LISTS;
    return (struct segregated_place){shift + 1, (unsigned)(nquanta >> shift) & (SEGREGATED_NLISTS - 1)};
}

static struct segregated_place segregated_place_of(const struct cellar__fit_state *state, uint64_t size)
{
    return segregated_place(size / state->quantum);
}

/* The lists numbered through, for the check. */
static unsigned segregated_number(const struct cellar__fit_state *state, uint64_t size)
{
    struct segregated_place place = segregated_place_of(state, size);
    return place.level * SEGREGATED_NLISTS + place.list;
}

static void fit_segregated_insert(struct cellar__fit_state *state, struct cellar__segment *seg)
{
    struct cellar__fit_table *table = state->table;
    struct segregated_place place = segregated_place_of(state, cellar__segment_size(seg));
    cellar__fit_list_push(&table->heads[place.level][place.list], seg);
    table->nonempty_lists[place.level] |= 1u << place.list;
    table->nonempty |= UINT64_C(1) << place.level;
}

static void fit_segregated_remove(struct cellar__fit_state *state, struct cellar__segment *seg)
{
    struct cellar__fit_table *table = state->table;
    struct segregated_place place = segregated_place_of(state, cellar__segment_size(seg));
    if (!cellar__fit_list_remove(&table->heads[place.level][place.list], seg)) {
        return;
    }
    table->nonempty_lists[place.level] &= ~(1u << place.list);
    if (table->nonempty_lists[place.level] == 0) {
        table->nonempty &= ~(UINT64_C(1) << place.level);
    }
}

/* The first segment of the lowest list that is not empty, from that place on; or NULL. */
static struct cellar__segment *segregated_first_from(const struct cellar__fit_table *table,
                                                     struct segregated_place place)
{
    uint32_t lists = table->nonempty_lists[place.level] >> place.list << place.list;
    if (lists == 0) {
        uint64_t above = place.level == 63 ? 0 : table->nonempty >> (place.level + 1) << (place.level + 1);
        if (above == 0) {
            return NULL;
        }
        place.level = cellar__low_bit(above);
        lists = table->nonempty_lists[place.level];
    }
    return cellar__segment_get(table->heads[place.level][cellar__low_bit(lists)]);
}

static struct cellar__segment *fit_segregated_find(struct cellar__fit_state *state, uint64_t size)
{
    uint64_t nquanta = size / state->quantum;
    unsigned lg = cellar__lg_floor(nquanta);
    uint64_t slack = lg < SEGREGATED_LG_LISTS ? 0 : (UINT64_C(1) << (lg - SEGREGATED_LG_LISTS)) - 1;
    uint64_t sure; /* so many quanta lie in no list with a shorter segment than the request */
    struct cellar__segment *seg = NULL;
    if (!__builtin_add_overflow(nquanta, slack, &sure)) {
        seg = segregated_first_from(state->table, segregated_place(sure));
    }
    struct segregated_place own = segregated_place(nquanta);
    return seg != NULL
               ? seg
               : cellar__fit_list_search(state->table->heads[own.level][own.list], size, SEGREGATED_TRIES);
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
    .init = fit_segregated_init,
    .fini = fit_segregated_fini,
    .insert = fit_segregated_insert,
    .remove = fit_segregated_remove,
    .find = fit_segregated_find,
    .check = fit_segregated_check,
};
