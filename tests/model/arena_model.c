#include "model/arena_model.h"

#include <string.h>

#include "base/assert.h"
#include "base/bits.h"

enum { LIST_TRIES = 8 }; /* segments of the request's own list that a fast policy promises to look at */

static void model_insert(struct model *model, size_t at, struct model_range range)
{
    CELLAR_REQUIRE(model->nranges < MODEL_RANGES);
    memmove(&model->ranges[at + 1], &model->ranges[at], (model->nranges - at) * sizeof range);
    model->ranges[at] = range;
    model->nranges++;
}

static void model_erase(struct model *model, size_t at)
{
    model->nranges--;
    memmove(&model->ranges[at], &model->ranges[at + 1], (model->nranges - at) * sizeof model->ranges[0]);
}

/* The range becomes free, or its free space another than before. */
static void model_renew(struct model *model, size_t at)
{
    model->ranges[at].age = ++model->clock;
}

void model_add(struct model *model, uint64_t base, uint64_t size, bool imported)
{
    model_insert(
        model, model->nranges,
        (struct model_range){.base = base, .size = size, .span = model->nspans_ever++, .imported = imported});
    model_renew(model, model->nranges - 1);
}

bool model_drop(struct model *model, uint64_t base, uint64_t size)
{
    for (size_t i = 0; i < model->nranges; i++) {
        const struct model_range *range = &model->ranges[i];
        if (range->base == base && range->size == size && range->imported && !range->out) {
            model_erase(model, i);
            return true;
        }
    }
    return false;
}

void model_drop_last(struct model *model)
{
    CELLAR_REQUIRE(model->nranges > 0 && !model->ranges[model->nranges - 1].out);
    model_erase(model, model->nranges - 1);
}

size_t model_nout(const struct model *model)
{
    size_t count = 0;
    for (size_t i = 0; i < model->nranges; i++) {
        count += model->ranges[i].out;
    }
    return count;
}

size_t model_out(const struct model *model, size_t k)
{
    size_t i = 0;
    while (!model->ranges[i].out || k-- != 0) {
        i++;
    }
    return i;
}

static void model_show(struct model *model, struct model_range piece)
{
    CELLAR_REQUIRE(model->nview < MODEL_VIEW);
    model->view[model->nview++] = piece;
}

/* The largest power of two that the space holds and that begins at its base. */
static uint64_t model_block(uint64_t base, uint64_t size)
{
    uint64_t block = 1;
    while (block <= size / 2 && base % (2 * block) == 0) {
        block *= 2;
    }
    return block;
}

void model_look(struct model *model)
{
    model->nview = 0;
    for (size_t i = 0; i < model->nranges; i++) {
        struct model_range rest = model->ranges[i];
        rest.range = (uint32_t)i;
        while (model->has_blocks && !rest.out && rest.size != model_block(rest.base, rest.size)) {
            struct model_range block = rest;
            block.size = model_block(rest.base, rest.size);
            model_show(model, block);
            rest.base += block.size;
            rest.size -= block.size;
        }
        model_show(model, rest);
    }
}

size_t model_find_free(const struct model *model, uint64_t base, uint64_t size)
{
    for (size_t i = 0; i < model->nview; i++) {
        const struct model_range *piece = &model->view[i];
        if (!piece->out && piece->base <= base && base + size <= piece->base + piece->size) {
            return i;
        }
    }
    return SIZE_MAX;
}

bool model_has_free(const struct model *model, uint64_t size)
{
    for (size_t i = 0; i < model->nview; i++) {
        if (!model->view[i].out && model->view[i].size >= size) {
            return true;
        }
    }
    return false;
}

bool model_is_right(const struct model_request *request, uint64_t base)
{
    uint64_t last = base + request->size - 1;
    return base % request->align == request->phase && base >= request->min && last < request->max &&
           (request->nocross == 0 || base / request->nocross == last / request->nocross);
}

bool model_place(const struct model *model, size_t index, const struct model_request *request,
                 uint64_t *ret_base)
{
    const struct model_range *piece = &model->view[index];
    bool found = false;
    if (piece->out || piece->size < request->size) {
        return false;
    }
    for (uint64_t at = 0; at <= piece->size - request->size; at += model->quantum) {
        if (model_is_right(request, piece->base + at)) {
            *ret_base = piece->base + at;
            found = true;
            if (!request->high) {
                break;
            }
        }
    }
    return found;
}

bool model_has_place(const struct model *model, const struct model_request *request)
{
    uint64_t base;
    for (size_t i = 0; i < model->nview; i++) {
        if (model_place(model, i, request, &base)) {
            return true;
        }
    }
    return false;
}

/* Parts the range in two at a distance from its base. */
static void model_cut(struct model *model, size_t at, uint64_t distance)
{
    struct model_range rest = model->ranges[at];
    rest.base += distance;
    rest.size -= distance;
    model->ranges[at].size = distance;
    model_insert(model, at + 1, rest);
}

void model_alloc(struct model *model, uint64_t base, uint64_t size, uint64_t asked)
{
    size_t index = model->view[model_find_free(model, base, size)].range;
    if (base != model->ranges[index].base) {
        model_cut(model, index, base - model->ranges[index].base);
        model_renew(model, index);
        index++;
    }
    if (size != model->ranges[index].size) {
        model_cut(model, index, size);
        model_renew(model, index + 1);
    }
    model->ranges[index].out = true;
    model->ranges[index].asked = asked;
}

static bool model_may_join(const struct model *model, size_t low)
{
    const struct model_range *range = &model->ranges[low];
    return low + 1 < model->nranges && !range[0].out && !range[1].out && range[0].span == range[1].span;
}

static size_t model_coalesce(struct model *model, size_t at)
{
    if (model_may_join(model, at)) {
        model->ranges[at].size += model->ranges[at + 1].size;
        model_erase(model, at + 1);
    }
    if (at > 0 && model_may_join(model, at - 1)) {
        at--;
        model->ranges[at].size += model->ranges[at + 1].size;
        model_erase(model, at + 1);
    }
    model_renew(model, at);
    return at;
}

static bool model_is_alone(const struct model *model, size_t at)
{
    const struct model_range *range = &model->ranges[at];
    return (at == 0 || range[-1].span != range->span) &&
           (at + 1 == model->nranges || range[1].span != range->span);
}

bool model_free(struct model *model, size_t index, struct model_range *ret_span)
{
    model->ranges[index].out = false;
    index = model_coalesce(model, index);
    if (!model->releases || !model->ranges[index].imported || !model_is_alone(model, index)) {
        return false;
    }
    *ret_span = model->ranges[index];
    model_erase(model, index);
    return true;
}

bool model_resize(struct model *model, size_t index, uint64_t new_size)
{
    struct model_range *range = &model->ranges[index];
    if (new_size < range->size) {
        model_cut(model, index, new_size);
        model->ranges[index + 1].out = false;
        model_coalesce(model, index + 1);
        return true;
    }
    uint64_t more = new_size - range->size;
    bool has_next = index + 1 < model->nranges && !range[1].out && range[1].span == range->span;
    if (more != 0 && (!has_next || range[1].size < more)) {
        return false;
    }
    if (more != 0) {
        range->size += more;
        range[1].base += more;
        range[1].size -= more;
        model_renew(model, index + 1);
        if (range[1].size == 0) {
            model_erase(model, index + 1);
        }
    }
    return true;
}

void model_split(struct model *model, size_t index, uint64_t first)
{
    model_cut(model, index, first);
    model->ranges[index].asked = model->ranges[index].size;
    model->ranges[index + 1].asked = model->ranges[index + 1].size;
}

size_t model_next(const struct model *model, uint64_t size)
{
    size_t chosen = SIZE_MAX;
    for (size_t i = 0; i < model->nview; i++) {
        const struct model_range *piece = &model->view[i];
        if (piece->out || piece->size < size) {
            continue;
        }
        bool ahead = piece->base >= model->rover;
        bool chosen_ahead = chosen != SIZE_MAX && model->view[chosen].base >= model->rover;
        if (chosen == SIZE_MAX || (ahead && !chosen_ahead) ||
            (ahead == chosen_ahead && piece->base < model->view[chosen].base)) {
            chosen = i;
        }
    }
    return chosen;
}

/* Whether a policy that ranks all pieces ranks `a` before `b`; false when neither comes first for it. */
static bool model_ranks(const struct model *model, const char *policy, const struct model_range *a,
                        const struct model_range *b)
{
    bool smaller = a->size != b->size ? a->size < b->size : a->base < b->base;
    if (strcmp(policy, "best") == 0) {
        return smaller;
    }
    if (strcmp(policy, "worst") == 0) {
        return a->size != b->size ? a->size > b->size : a->base > b->base;
    }
    if (strcmp(policy, "next") == 0 && (a->base >= model->rover) != (b->base >= model->rover)) {
        return a->base >= model->rover;
    }
    return a->base < b->base;
}

/* Best, first, next and worst fit take the first of all that serve. */
static const char *model_ranked_error(const struct model *model, const char *policy, size_t index,
                                      uint64_t size)
{
    for (size_t i = 0; i < model->nview; i++) {
        const struct model_range *piece = &model->view[i];
        if (!piece->out && piece->size >= size && model_ranks(model, policy, piece, &model->view[index])) {
            return "another segment comes first for this policy";
        }
    }
    return NULL;
}

const char *model_scan_error(const struct model *model, size_t index, const struct model_request *request)
{
    static const char *const by_address[] = {"first", "fifo", "lifo", "next", "worst", NULL};
    const struct model_range *chosen = &model->view[index];
    const char *policy = "best";
    uint64_t base;
    for (size_t i = 0; by_address[i] != NULL; i++) {
        policy = strcmp(request->policy, by_address[i]) == 0 ? by_address[i] : policy;
    }
    for (size_t i = 0; i < model->nview; i++) {
        const struct model_range *piece = &model->view[i];
        bool before = request->high ? piece->base > chosen->base : model_ranks(model, policy, piece, chosen);
        if (before && model_place(model, i, request, &base)) {
            return "the look at every segment takes another";
        }
    }
    return NULL;
}

/* Buddy: a block of the smallest size that serves. */
static const char *model_buddy_error(const struct model *model, const struct model_range *chosen,
                                     uint64_t size)
{
    for (size_t i = 0; i < model->nview; i++) {
        const struct model_range *piece = &model->view[i];
        if (!piece->out && piece->size >= size && piece->size < chosen->size) {
            return "buddy: a smaller block serves";
        }
    }
    return NULL;
}

/* List of two-level segregated fit: 32 a doubling, one for each size below 32 quanta. */
static unsigned model_segregated_list(uint64_t nquanta)
{
    unsigned lg = cellar__lg_floor(nquanta);
    return lg < 5 ? (unsigned)nquanta : (lg - 4) * 32 + (unsigned)(nquanta >> (lg - 5) & 31);
}

/* Segregated fit: from the lowest list whose every segment fits; from the request's own list when there is none. */
static const char *model_segregated_error(const struct model *model, const struct model_range *chosen,
                                          uint64_t quantum, uint64_t size)
{
    unsigned own = model_segregated_list(size / quantum);
    unsigned list = model_segregated_list(chosen->size / quantum);
    bool own_is_exact = size / quantum == 1 || model_segregated_list(size / quantum - 1) != own;
    for (size_t i = 0; i < model->nview; i++) {
        const struct model_range *range = &model->view[i];
        if (range->out || range->size < size) {
            continue;
        }
        unsigned other = model_segregated_list(range->size / quantum);
        bool other_is_sure = other > own || own_is_exact;
        if (other_is_sure && (other < list || (list == own && !own_is_exact))) {
            return "segregated fit: a lower list was sure to fit";
        }
    }
    return NULL;
}

/* Instant fit: from the own list when one of its first segments fits, else from the lowest list above. */
static const char *model_instant_error(const struct model *model, const struct model_range *chosen,
                                       uint64_t quantum, uint64_t size)
{
    unsigned own = cellar__lg_floor(size / quantum);
    unsigned list = cellar__lg_floor(chosen->size / quantum);
    size_t in_own = 0;
    bool own_fits = false;
    for (size_t i = 0; i < model->nview; i++) {
        const struct model_range *range = &model->view[i];
        unsigned other = range->out ? 0 : cellar__lg_floor(range->size / quantum);
        if (!range->out && other > own && other < list) {
            return "instant fit: a lower list was not empty";
        }
        in_own += !range->out && other == own;
        own_fits = own_fits || (!range->out && other == own && range->size >= size);
    }
    return list != own && own_fits && in_own <= LIST_TRIES ? "instant fit: the own list was passed over"
                                                           : NULL;
}

static const char *model_age_error(const struct model *model, const char *policy,
                                   const struct model_range *chosen, uint64_t size)
{
    bool oldest = strcmp(policy, "fifo") == 0;
    for (size_t i = 0; i < model->nview; i++) {
        const struct model_range *piece = &model->view[i];
        bool before = oldest ? piece->age < chosen->age : piece->age > chosen->age;
        if (!piece->out && piece->size >= size && before) {
            return oldest ? "fifo: an older segment serves" : "lifo: a younger segment serves";
        }
    }
    return NULL;
}

bool model_must_find(const struct model *model, const char *policy, uint64_t size)
{
    bool instant = strcmp(policy, "instant") == 0;
    bool segregated = strcmp(policy, "segregated") == 0 || strcmp(policy, "quick") == 0;
    if (!instant && !segregated) {
        return model_has_free(model, size);
    }
    uint64_t quanta = size / model->quantum;
    unsigned own = instant ? cellar__lg_floor(quanta) : model_segregated_list(quanta);
    bool own_is_exact = !instant && (quanta == 1 || model_segregated_list(quanta - 1) != own);
    size_t in_own = 0;
    bool own_fits = false;
    for (size_t i = 0; i < model->nview; i++) {
        const struct model_range *piece = &model->view[i];
        uint64_t nquanta = piece->size / model->quantum;
        unsigned list = instant ? cellar__lg_floor(nquanta) : model_segregated_list(nquanta);
        if (!piece->out && list > own) {
            return true;
        }
        in_own += !piece->out && list == own;
        own_fits = own_fits || (!piece->out && list == own && piece->size >= size);
    }
    return own_fits && (own_is_exact || in_own <= LIST_TRIES);
}

const char *model_policy_error(const struct model *model, const char *policy, size_t index, uint64_t size)
{
    static const char *const ranked[] = {"best", "first", "next", "worst", NULL};
    const struct model_range *chosen = &model->view[index];
    if (chosen->size < size) {
        return "the segment is too small";
    }
    for (size_t i = 0; ranked[i] != NULL; i++) {
        if (strcmp(policy, ranked[i]) == 0) {
            return model_ranked_error(model, policy, index, size);
        }
    }
    if (strcmp(policy, "segregated") == 0 || strcmp(policy, "quick") == 0) {
        return model_segregated_error(model, chosen, model->quantum, size);
    }
    if (strcmp(policy, "instant") == 0) {
        return model_instant_error(model, chosen, model->quantum, size);
    }
    if (strcmp(policy, "buddy") == 0) {
        return model_buddy_error(model, chosen, size);
    }
    if (strcmp(policy, "fifo") == 0 || strcmp(policy, "lifo") == 0) {
        return model_age_error(model, policy, chosen, size);
    }
    return "a policy that the model does not know";
}
