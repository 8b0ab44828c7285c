/*
 * A naive arena: an array of ranges, in the order in which the arena's walk shows them. The arena under test decides
 * where a range lies; the model says whether it may lie there, and what the arena has to look like after.
 */
#ifndef CELLAR_TESTS_MODEL_ARENA_MODEL_H
#define CELLAR_TESTS_MODEL_ARENA_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MODEL_RANGES = 4096 };

struct model_range {
    uint64_t base;
    uint64_t size;
    uint32_t span; /* number of its span: ranges coalesce inside one only */
    bool imported; /* its span was */
    bool out;
};

struct model {
    struct model_range ranges[MODEL_RANGES];
    size_t nranges;
    uint32_t nspans_ever;
    bool releases;  /* imported spans that are free from end to end go back */
    uint64_t rover; /* the end of the last range that was found free, for next fit */
};

void model_add(struct model *model, uint64_t base, uint64_t size, bool imported);

/* How many are out, and the index of the k-th of them. */
size_t model_nout(const struct model *model);
size_t model_out(const struct model *model, size_t k);

/* The index of the free range that holds [base, base + size), or SIZE_MAX. */
size_t model_find_free(const struct model *model, uint64_t base, uint64_t size);

/* Whether any free range has at least this size. */
bool model_has_free(const struct model *model, uint64_t size);

void model_alloc(struct model *model, size_t index, uint64_t base, uint64_t size);

/* Frees the range; true, with the span in *ret_span, when that span goes back as a whole. */
bool model_free(struct model *model, size_t index, struct model_range *ret_span);

/* False when it cannot grow. */
bool model_resize(struct model *model, size_t index, uint64_t new_size);
void model_split(struct model *model, size_t index, uint64_t first);

/*
 * Why the policy of that name should not have chosen range `index` for a request of `size` (alignment included), or
 * NULL when it was right.
 */
const char *model_policy_error(const struct model *model, const char *policy, uint64_t quantum, size_t index,
                               uint64_t size);

#endif
