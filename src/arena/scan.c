/* The look at every segment: for requests that name a policy of their own, and for what a fast policy passed over. */
#include "arena/arena_int.h"

/* Whether the policy prefers segment a to b, both of which serve. */
typedef bool scan_prefers(const struct cellar__arena *arena, const struct cellar__segment *a,
                          const struct cellar__segment *b);

static bool scan_prefers_low(const struct cellar__arena *arena, const struct cellar__segment *a,
                             const struct cellar__segment *b)
{
    (void)arena;
    return a->base < b->base;
}

static bool scan_prefers_high(const struct cellar__arena *arena, const struct cellar__segment *a,
                              const struct cellar__segment *b)
{
    (void)arena;
    return a->base > b->base;
}

static bool scan_prefers_small(const struct cellar__arena *arena, const struct cellar__segment *a,
                               const struct cellar__segment *b)
{
    uint64_t a_size = cellar__segment_size(a);
    uint64_t b_size = cellar__segment_size(b);
    return a_size != b_size ? a_size < b_size : scan_prefers_low(arena, a, b);
}

static bool scan_prefers_large(const struct cellar__arena *arena, const struct cellar__segment *a,
                               const struct cellar__segment *b)
{
    return scan_prefers_small(arena, b, a);
}

static bool scan_prefers_ahead(const struct cellar__arena *arena, const struct cellar__segment *a,
                               const struct cellar__segment *b)
{
    bool a_ahead = a->base >= arena->fit.rover;
    bool b_ahead = b->base >= arena->fit.rover;
    return a_ahead != b_ahead ? a_ahead : scan_prefers_low(arena, a, b);
}

static scan_prefers *scan_order(const struct cellar__arena *arena,
                                const struct cellar__arena_request *request)
{
    const struct cellar__fit *fit = request->fit != NULL ? request->fit : arena->attr.fit;
    if (request->high) {
        return scan_prefers_high;
    }
    if (fit == &cellar__fit_next) {
        return scan_prefers_ahead;
    }
    if (fit == &cellar__fit_first || fit == &cellar__fit_fifo || fit == &cellar__fit_lifo) {
        return scan_prefers_low;
    }
    return fit == &cellar__fit_worst ? scan_prefers_large : scan_prefers_small;
}

struct cellar__segment *cellar__arena_scan(const struct cellar__arena *arena,
                                           const struct cellar__arena_request *request)
{
    scan_prefers *prefers = scan_order(arena, request);
    struct cellar__segment *chosen = NULL;
    uint64_t base;
    for (struct cellar__segment *seg = cellar__segment_next(arena->head); seg != arena->head;
         seg = cellar__segment_next(seg)) {
        if (!seg->last && !seg->out && (chosen == NULL || prefers(arena, seg, chosen)) &&
            cellar__arena_place(seg, request, &base)) {
            chosen = seg;
        }
    }
    return chosen;
}
