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
 * The policy of most arenas, so the arena's own files have it inline. Private to the arena level.
 * Complexity: O(1) each; find takes two bit scans.
 */
#ifndef CELLAR_ARENA_FIT_SEGREGATED_H
#define CELLAR_ARENA_FIT_SEGREGATED_H

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

/* state->table from meta: 0 or -ENOMEM; and back. */
int cellar__segregated_init(struct cellar__fit_state *state);
void cellar__segregated_fini(struct cellar__fit_state *state);

struct segregated_place {
    unsigned level;
    unsigned list;
};

/* Where segments of that many quanta lie. */
CELLAR_INLINE struct segregated_place cellar__segregated_place(uint64_t nquanta)
{
    if (nquanta < SEGREGATED_NLISTS) {
        return (struct segregated_place){0, (unsigned)nquanta};
    }
    unsigned shift = cellar__lg_floor(nquanta) - SEGREGATED_LG_LISTS;
    return (struct segregated_place){shift + 1, (unsigned)(nquanta >> shift) & (SEGREGATED_NLISTS - 1)};
}

/* The list has a segment; it has none. */
CELLAR_INLINE void cellar__segregated_mark(struct cellar__fit_table *table, struct segregated_place place)
{
    table->nonempty_lists[place.level] |= 1u << place.list;
    table->nonempty |= UINT64_C(1) << place.level;
}

CELLAR_INLINE void cellar__segregated_unmark(struct cellar__fit_table *table, struct segregated_place place)
{
    table->nonempty_lists[place.level] &= ~(1u << place.list);
    if (table->nonempty_lists[place.level] == 0) {
        table->nonempty &= ~(UINT64_C(1) << place.level);
    }
}

CELLAR_INLINE void cellar__segregated_insert(struct cellar__fit_state *state, struct cellar__segment *seg,
                                             uint64_t size)
{
    struct cellar__fit_table *table = state->table;
    struct segregated_place place = cellar__segregated_place(size >> state->lg_quantum);
    cellar__fit_list_push(&table->heads[place.level][place.list], seg);
    cellar__segregated_mark(table, place);
}

CELLAR_INLINE void cellar__segregated_remove(struct cellar__fit_state *state, struct cellar__segment *seg,
                                             uint64_t size)
{
    struct cellar__fit_table *table = state->table;
    struct segregated_place place = cellar__segregated_place(size >> state->lg_quantum);
    if (cellar__fit_list_remove(&table->heads[place.level][place.list], seg)) {
        cellar__segregated_unmark(table, place);
    }
}

/* The head of the lowest list that is not empty, of those in `lists` of that level and of all above; 0: none. */
CELLAR_INLINE uint32_t cellar__segregated_lowest(const struct cellar__fit_table *table, unsigned level,
                                                 uint32_t lists)
{
    if (lists == 0) {
        uint64_t above = level == 63 ? 0 : table->nonempty >> (level + 1) << (level + 1);
        if (above == 0) {
            return 0;
        }
        level = cellar__low_bit(above);
        lists = table->nonempty_lists[level];
    }
    return table->heads[level][cellar__low_bit(lists)];
}

/* The first segment of the lowest list that is not empty, from that place on; or NULL. */
CELLAR_INLINE struct cellar__segment *cellar__segregated_first_from(const struct cellar__fit_table *table,
                                                                    struct segregated_place place)
{
    uint32_t lists = table->nonempty_lists[place.level] >> place.list << place.list;
    uint32_t ref = cellar__segregated_lowest(table, place.level, lists);
    return ref == 0 ? NULL : cellar__segment_get(ref);
}

/* So many quanta lie in no list with a segment shorter than nquanta. 0 when that is beyond 64 bits. */
CELLAR_INLINE uint64_t cellar__segregated_sure(uint64_t nquanta)
{
    if (nquanta < 2 * SEGREGATED_NLISTS) {
        return nquanta; /* lists of one size */
    }
    uint64_t slack = (UINT64_C(1) << (cellar__lg_floor(nquanta) - SEGREGATED_LG_LISTS)) - 1;
    uint64_t sure;
    return __builtin_add_overflow(nquanta, slack, &sure) ? 0 : sure;
}

/* The segment of a list that is sure, or NULL; the policy's find looks further. */
CELLAR_INLINE struct cellar__segment *cellar__segregated_find_sure(const struct cellar__fit_state *state,
                                                                   uint64_t size)
{
    uint64_t sure = cellar__segregated_sure(size >> state->lg_quantum);
    return sure == 0 ? NULL : cellar__segregated_first_from(state->table, cellar__segregated_place(sure));
}

#endif
