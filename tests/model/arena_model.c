#include "model/arena_model.h"

#include <string.h>

#include "base/assert.h"
#include "base/bits.h"

enum { INSTANT_TRIES = 8 }; /* segments of the request's own list that instant fit promises to look at */

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

void model_add(struct model *model, uint64_t base, uint64_t size, bool imported)
{
    model_insert(
        model, model->nranges,
        (struct model_range){.base = base, .size = size, .span = model->nspans_ever++, .imported = imported});
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

size_t model_find_free(const struct model *model, uint64_t base, uint64_t size)
{
    for (size_t i = 0; i < model->nranges; i++) {
        const struct model_range *range = &model->ranges[i];
        if (!range->out && range->base <= base && base + size <= range->base + range->size) {
            return i;
        }
    }
    return SIZE_MAX;
}

bool model_has_free(const struct model *model, uint64_t size)
{
    for (size_t i = 0; i < model->nranges; i++) {
        if (!model->ranges[i].out && model->ranges[i].size >= size) {
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

void model_alloc(struct model *model, size_t index, uint64_t base, uint64_t size)
{
    if (base != model->ranges[index].base) {
        model_cut(model, index, base - model->ranges[index].base);
        index++;
    }
    if (size != model->ranges[index].size) {
        model_cut(model, index, size);
    }
    model->ranges[index].out = true;
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
        if (range[1].size == 0) {
            model_erase(model, index + 1);
        }
    }
    return true;
}

void model_split(struct model *model, size_t index, uint64_t first)
{
    model_cut(model, index, first);
}

static const char *model_best_error(const struct model *model, const struct model_range *chosen,
                                    uint64_t size)
{
    for (size_t i = 0; i < model->nranges; i++) {
        const struct model_range *range = &model->ranges[i];
        if (!range->out && range->size >= size && range->size < chosen->size) {
            return "best fit: a smaller segment fits";
        }
        if (!range->out && range->size == chosen->size && range->base < chosen->base) {
            return "best fit: a segment of the same size lies lower";
        }
    }
    return NULL;
}

static const char *model_first_error(const struct model *model, const struct model_range *chosen,
                                     uint64_t size)
{
    for (size_t i = 0; i < model->nranges; i++) {
        const struct model_range *range = &model->ranges[i];
        if (!range->out && range->size >= size && range->base < chosen->base) {
            return "first fit: a lower segment fits";
        }
    }
    return NULL;
}

static const char *model_worst_error(const struct model *model, const struct model_range *chosen)
{
    for (size_t i = 0; i < model->nranges; i++) {
        const struct model_range *range = &model->ranges[i];
        if (!range->out && range->size > chosen->size) {
            return "worst fit: there is a larger segment";
        }
    }
    return NULL;
}

/* Next fit: the lowest at or above the rover; one below it only when none there fits, and then the lowest. */
static const char *model_next_error(const struct model *model, const struct model_range *chosen,
                                    uint64_t size)
{
    for (size_t i = 0; i < model->nranges; i++) {
        const struct model_range *range = &model->ranges[i];
        if (range->out || range->size < size) {
            continue;
        }
        bool ahead = range->base >= model->rover;
        bool chosen_ahead = chosen->base >= model->rover;
        if (ahead && !chosen_ahead) {
            return "next fit: a segment ahead fits";
        }
        if (ahead == chosen_ahead && range->base < chosen->base) {
            return "next fit: a lower segment comes sooner";
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
    for (size_t i = 0; i < model->nranges; i++) {
        const struct model_range *range = &model->ranges[i];
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
    for (size_t i = 0; i < model->nranges; i++) {
        const struct model_range *range = &model->ranges[i];
        unsigned other = range->out ? 0 : cellar__lg_floor(range->size / quantum);
        if (!range->out && other > own && other < list) {
            return "instant fit: a lower list was not empty";
        }
        in_own += !range->out && other == own;
        own_fits = own_fits || (!range->out && other == own && range->size >= size);
    }
    return list != own && own_fits && in_own <= INSTANT_TRIES ? "instant fit: the own list was passed over"
                                                              : NULL;
}

const char *model_policy_error(const struct model *model, const char *policy, uint64_t quantum, size_t index,
                               uint64_t size)
{
    const struct model_range *chosen = &model->ranges[index];
    if (chosen->size < size) {
        return "the segment is too small";
    }
    if (strcmp(policy, "best") == 0) {
        return model_best_error(model, chosen, size);
    }
    if (strcmp(policy, "first") == 0) {
        return model_first_error(model, chosen, size);
    }
    if (strcmp(policy, "worst") == 0) {
        return model_worst_error(model, chosen);
    }
    if (strcmp(policy, "next") == 0) {
        return model_next_error(model, chosen, size);
    }
    if (strcmp(policy, "segregated") == 0) {
        return model_segregated_error(model, chosen, quantum, size);
    }
    return strcmp(policy, "instant") == 0 ? model_instant_error(model, chosen, quantum, size)
                                          : "a policy that the model does not know";
}
