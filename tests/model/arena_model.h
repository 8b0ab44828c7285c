/*
 * A naive arena: an array of ranges, in the order in which the arena's walk shows them. The arena under test decides
 * where a range lies; the model says whether it may lie there, and what the arena has to look like after.
 *
 * `ranges` has free space in one piece between what is out. `view` is what the arena shows: the same, but that a policy
 * of blocks has each free range cut into the largest powers of two that lie at multiples of their size.
 */
#ifndef CELLAR_TESTS_MODEL_ARENA_MODEL_H
#define CELLAR_TESTS_MODEL_ARENA_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MODEL_RANGES = 4096, MODEL_VIEW = 4 * MODEL_RANGES };

struct model_range {
    uint64_t base;
    uint64_t size;
    uint64_t asked; /* as the program would say it */
    uint64_t age;   /* of a free one: when it came to be, by the model's clock */
    uint32_t span;  /* number of its span: ranges coalesce inside one only */
    uint32_t range; /* of a view: the index of the range that it is a piece of */
    bool imported;  /* its span was */
    bool out;
};

struct model {
    struct model_range ranges[MODEL_RANGES];
    size_t nranges;
    struct model_range view[MODEL_VIEW];
    size_t nview;
    uint64_t quantum;
    uint32_t nspans_ever;
    bool has_blocks;
    bool releases;  /* imported spans that are free from end to end go back */
    uint64_t rover; /* the end of the last range that was found free, for next fit */
    uint64_t clock;
};

/* What a range has to be like: every field as the arena understands it, sizes rounded. */
struct model_request {
    uint64_t size;
    uint64_t enough; /* a piece of this size is sure to serve, as far as size and align go */
    uint64_t align;
    uint64_t phase;
    uint64_t nocross;
    uint64_t min;
    uint64_t max; /* UINT64_MAX: none */
    const char *policy;
    bool high;
};

void model_add(struct model *model, uint64_t base, uint64_t size, bool imported);

/* Takes an imported span away that is free from end to end. False when it has none like that. */
bool model_drop(struct model *model, uint64_t base, uint64_t size);

/* Takes the span that was added last away again. */
void model_drop_last(struct model *model);

/* How many are out, and the index of the k-th of them. */
size_t model_nout(const struct model *model);
size_t model_out(const struct model *model, size_t k);

/* Brings the view up to date. Everything below but the changes at the end looks at the view. */
void model_look(struct model *model);

/* The index, in the view, of the free piece that holds [base, base + size), or SIZE_MAX. */
size_t model_find_free(const struct model *model, uint64_t base, uint64_t size);

/* Whether any free piece has at least this size. */
bool model_has_free(const struct model *model, uint64_t size);

/* Whether the policy has promised to find a piece of this size, which a fast one may not for all that are there. */
bool model_must_find(const struct model *model, const char *policy, uint64_t size);

/* The piece that next fit goes to, or SIZE_MAX. */
size_t model_next(const struct model *model, uint64_t size);

/* Whether [base, ...) is what the request wants. */
bool model_is_right(const struct model_request *request, uint64_t base);

/* Whether the piece has a place for the request: its lowest one, or its highest for a request that is high. */
bool model_place(const struct model *model, size_t index, const struct model_request *request,
                 uint64_t *ret_base);
bool model_has_place(const struct model *model, const struct model_request *request);

/*
 * Why the policy of that name should not have chosen this piece for a request of `size` (alignment included), or NULL
 * when it was right.
 */
const char *model_policy_error(const struct model *model, const char *policy, size_t index, uint64_t size);

/* The same for the look at every segment, which takes the best of all pieces that have a place. */
const char *model_scan_error(const struct model *model, size_t index, const struct model_request *request);

/* Changes. index is one of `ranges`. */
void model_alloc(struct model *model, uint64_t base, uint64_t size, uint64_t asked);

/* Frees the range; true, with the span in *ret_span, when that span goes back as a whole. */
bool model_free(struct model *model, size_t index, struct model_range *ret_span);

/* False when it cannot grow. */
bool model_resize(struct model *model, size_t index, uint64_t new_size);
void model_split(struct model *model, size_t index, uint64_t first);

#endif
