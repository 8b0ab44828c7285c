#include "model/arena_ops.h"

#include <string.h>

#include "base/bits.h"
#include "meta/meta.h"
#include "model/arena_model.h"
#include "test.h"

/* The source: spans of an integer space, now and then side by side; it notes what it was asked. */
struct source {
    uint64_t next;
    bool refuse;
    unsigned imports;
    unsigned releases;
    struct model_range last; /* imported */
    bool took_back;          /* the last one, at once: it did not serve */
    struct model_range released;
};

struct run {
    const struct arena_setting *setting;
    struct cellar__arena arena;
    struct model model;
    struct source source;
    unsigned clock; /* comparisons */
};

static struct run run;

/* Quick segments coalesce when they like, so only requests with constraints, which wait for that, can be judged. */
static bool run_is_quick(void)
{
    return run.setting->fit->has_quick && run.setting->sizing == CELLAR_SIZING_EXACT;
}

static uint64_t space_take(struct source *source, uint64_t size, uint64_t quantum)
{
    uint64_t base = source->next;
    source->next += size + (size / quantum % 3 == 0 ? 0 : 5 * quantum);
    return base;
}

static int source_import(void *ctx, uint64_t size, uint64_t *ret_base, uint64_t *ret_size)
{
    struct source *source = ctx;
    source->imports++;
    if (source->refuse || size > UINT64_C(1) << 40) {
        source->refuse = false;
        return -ENOMEM;
    }
    uint64_t quantum = run.setting->quantum;
    *ret_size = cellar__round_up(size, 32 * quantum);
    *ret_base = space_take(source, *ret_size, quantum);
    source->last = (struct model_range){.base = *ret_base, .size = *ret_size};
    CHECK_GE(*ret_size, size);
    return 0;
}

static void source_release(void *ctx, uint64_t base, uint64_t size)
{
    struct source *source = ctx;
    source->releases++;
    source->released = (struct model_range){.base = base, .size = size};
    if (!run_is_quick() || !model_drop(&run.model, base, size)) {
        source->took_back = base == source->last.base;
    }
}

static bool run_has_blocks(void)
{
    return run.setting->fit->has_blocks;
}

static uint64_t round_size(uint64_t size)
{
    uint64_t quantum = run.setting->quantum;
    size = (size + quantum - 1) / quantum * quantum;
    if (run_has_blocks() || run.setting->sizing == CELLAR_SIZING_POW2) {
        uint64_t pow2 = quantum;
        while (pow2 < size) {
            pow2 *= 2;
        }
        return pow2;
    }
    uint64_t unit = 3 * quantum;
    return run.setting->sizing == CELLAR_SIZING_CONSTANT ? (size + unit - 1) / unit * unit : size;
}

/* What the model needs to know of a request; 0 where it does not matter. */
static struct model_request model_of(const struct cellar__arena_request *request)
{
    struct model_request wanted = {
        .size = round_size(request->size),
        .align = cellar__max(request->align, run.setting->quantum),
        .phase = request->phase,
        .nocross = request->nocross,
        .min = request->min,
        .max = request->max == 0 ? UINT64_MAX : request->max,
        .policy = request->fit != NULL ? request->fit->name : run.setting->policy,
        .high = request->high,
    };
    wanted.enough = run_has_blocks() ? cellar__max(wanted.size, wanted.align)
                                     : wanted.size + wanted.align - run.setting->quantum;
    return wanted;
}

static void expect_no_error(const char *error)
{
    CHECK_STR(error ? error : "", "");
}

/* Next fit goes on whenever it finds something, also where there turns out to be no place. */
static size_t ask_policy(const struct model_request *wanted)
{
    size_t found = model_next(&run.model, wanted->enough);
    if (found != SIZE_MAX && strcmp(run.setting->policy, "next") == 0) {
        run.model.rover = run.model.view[found].base + wanted->enough;
    }
    return found;
}

/*
 * Judges the choice: that of the policy when its piece has a place, else that of the look at every segment. The rover
 * that the policy met is that of the model before it was asked.
 */
static void judge(const struct model_request *wanted, uint64_t base, uint64_t rover, bool by_scan)
{
    size_t index = model_find_free(&run.model, base, wanted->size);
    CHECK_NE(index, SIZE_MAX);
    CHECK(model_is_right(wanted, base));
    uint64_t place;
    CHECK(model_place(&run.model, index, wanted, &place));
    CHECK_EQ(base, place);
    uint64_t rover_now = run.model.rover;
    run.model.rover = rover;
    const char *by_policy =
        by_scan ? "" : model_policy_error(&run.model, run.setting->policy, index, wanted->enough);
    run.model.rover = by_scan ? rover : rover_now;
    if (by_policy != NULL) {
        bool plain = wanted->phase == 0 && wanted->nocross == 0 && wanted->min == 0 &&
                     wanted->max == UINT64_MAX && !by_scan;
        CHECK(!plain || !model_must_find(&run.model, run.setting->policy, wanted->enough));
        expect_no_error(model_scan_error(&run.model, index, wanted));
    }
    run.model.rover = rover_now;
}

/* A span was asked for: whether that was right, and what became of it. */
static void after_import(const struct model_request *wanted, bool refused, bool took_back, bool by_scan)
{
    CHECK(run.setting->imports);
    CHECK(wanted->min == 0 && wanted->max == UINT64_MAX);
    model_look(&run.model);
    bool plain = wanted->phase == 0 && wanted->nocross == 0 && !by_scan;
    CHECK(!plain || !model_must_find(&run.model, run.setting->policy, wanted->enough));
    if (refused) {
        return;
    }
    model_add(&run.model, run.source.last.base, run.source.last.size, true);
    model_look(&run.model);
    if (!took_back) {
        return;
    }
    CHECK_EQ(run.source.released.base, run.source.last.base); /* it did not serve */
    CHECK_EQ(run.source.released.size, run.source.last.size);
    model_drop_last(&run.model);
    model_look(&run.model);
}

/* Whether the range lies in the span that was imported for it: then in the smallest piece that has a place. */
static bool judge_import(const struct model_request *wanted, uint64_t base, bool imported)
{
    const struct model_range *span = &run.source.last;
    if (!imported || base < span->base || base - span->base >= span->size) {
        return false;
    }
    const struct model_range *chosen = &run.model.view[model_find_free(&run.model, base, wanted->size)];
    for (size_t i = 0; i < run.model.nview; i++) {
        const struct model_range *piece = &run.model.view[i];
        uint64_t place;
        bool inside = piece->base - span->base < span->size;
        CHECK(!inside || piece->size >= chosen->size || !model_place(&run.model, i, wanted, &place));
        CHECK(piece != chosen || (model_place(&run.model, i, wanted, &place) && place == base));
    }
    return true;
}

static void do_request(const struct cellar__arena_request *request)
{
    struct model_request wanted = model_of(request);
    struct source before = run.source;
    bool by_scan = request->fit != NULL || request->high;
    uint64_t base = 0;
    run.source.took_back = false;
    bool free_choice =
        request->phase == 0 && request->nocross == 0 && request->min == 0 && request->max == 0 && !by_scan;
    int status = free_choice && request->align <= 1
                     ? cellar__arena_alloc_plain(&run.arena, request->size, &base)
                     : cellar__arena_xalloc(&run.arena, request, &base);
    model_look(&run.model); /* after: quick segments may have gone back to the source */
    bool imported = run.source.imports != before.imports;
    bool released = imported && run.source.took_back;
    uint64_t rover = run.model.rover;
    if (!by_scan) {
        ask_policy(&wanted);
    }
    if (imported) {
        after_import(&wanted, before.refuse, released, by_scan);
    }
    if (status == 0) {
        if (free_choice && run_is_quick()) {
            CHECK_NE(model_find_free(&run.model, base, wanted.size), SIZE_MAX);
            CHECK(model_is_right(&wanted, base));
        } else if (!judge_import(&wanted, base, imported && !before.refuse && !released)) {
            judge(&wanted, base, rover, by_scan);
        }
        model_alloc(&run.model, base, wanted.size, request->size);
        bool from_import = imported && !before.refuse && !released;
        if (by_scan && !from_import && strcmp(wanted.policy, "next") == 0 && request->fit != NULL) {
            run.model.rover = base + wanted.size;
        }
        return;
    }
    CHECK_EQ(status, -ENOMEM);
    CHECK(!model_has_place(&run.model, &wanted));
    bool bounds = wanted.min != 0 || wanted.max != UINT64_MAX;
    CHECK(!run.setting->imports || bounds || imported);
}

static void do_alloc(const struct arena_op *op)
{
    struct cellar__arena_request request = {.size = op->size, .align = op->align};
    do_request(&request);
}

/* Constraints from the operation's numbers, such that they make sense. */
static void do_xalloc(const struct arena_op *op)
{
    static const struct cellar__fit *const fits[] = {
        NULL, NULL, NULL, &cellar__fit_first, &cellar__fit_best, &cellar__fit_worst, &cellar__fit_next, NULL};
    uint64_t quantum = run.setting->quantum;
    uint64_t align = cellar__max(op->align, quantum);
    struct cellar__arena_request request = {.size = op->size, .align = op->align};
    request.phase = (op->k & 1) != 0 ? (op->k >> 8) * quantum % align : 0;
    uint64_t room = round_size(op->size) + request.phase;
    request.nocross = (op->k & 2) != 0 ? UINT64_C(1) << (cellar__lg_ceil(room) + (op->k >> 4) % 3) : 0;
    request.fit = fits[op->k >> 13 & 7];
    request.high = (op->k & 4) != 0;
    if ((op->k & 8) != 0 && run.model.nranges > 0) { /* bounds round some range */
        const struct model_range *range = &run.model.ranges[(op->k >> 16) % run.model.nranges];
        request.min = range->base;
        request.max = range->base + range->size + (op->k >> 5) % 8 * quantum;
    }
    do_request(&request);
}

static void do_free(size_t index)
{
    struct model_range range = run.model.ranges[index];
    struct model_range span;
    unsigned releases = run.source.releases;
    uint64_t size = range.base / run.setting->quantum % 2 == 0 ? range.size : range.asked;
    if (run_is_quick()) { /* before: the span may go back */
        model_free(&run.model, index, &span);
    }
    CHECK_EQ(cellar__arena_free(&run.arena, range.base, size), 0);
    bool goes_back = !run_is_quick() && model_free(&run.model, index, &span);
    CHECK(run_is_quick() || run.source.releases - releases == goes_back);
    if (goes_back) {
        CHECK_EQ(run.source.released.base, span.base);
        CHECK_EQ(run.source.released.size, span.size);
    }
}

static void do_resize(size_t index, const struct arena_op *op)
{
    struct model_range range = run.model.ranges[index];
    bool fits = model_resize(&run.model, index, round_size(op->size));
    CHECK_EQ(cellar__arena_resize(&run.arena, range.base, range.size, op->size), fits ? 0 : -ENOMEM);
    if (fits) {
        run.model.ranges[index].asked = op->size;
    }
}

static void do_split(size_t index, const struct arena_op *op)
{
    struct model_range range = run.model.ranges[index];
    bool right = op->size % run.setting->quantum == 0 && op->size < range.size;
    if (right) { /* there and back */
        CHECK_EQ(cellar__arena_split(&run.arena, range.base, range.size, op->size), 0);
        CHECK_EQ(cellar__arena_merge(&run.arena, range.base, op->size, range.size - op->size), 0);
    }
    CHECK_EQ(cellar__arena_split(&run.arena, range.base, range.size, op->size), right ? 0 : -EINVAL);
    if (right) {
        model_split(&run.model, index, op->size);
    }
}

/* Requests that make no sense, and must change nothing. */
static void do_bad(const struct arena_op *op)
{
    uint64_t quantum = run.setting->quantum;
    uint64_t base;
    const struct model_range *range = &run.model.ranges[op->k % run.model.nranges];
    CHECK_EQ(cellar__arena_free(&run.arena, range->base, 2 * range->size + quantum), -EINVAL);
    CHECK_EQ(cellar__arena_free(&run.arena, range->base, 0), -EINVAL);
    CHECK_EQ(cellar__arena_split(&run.arena, range->base, range->size, range->size), -EINVAL);
    CHECK_EQ(cellar__arena_split(&run.arena, range->base, range->size, 0), -EINVAL);
    CHECK_EQ(cellar__arena_resize(&run.arena, range->base, range->size, 0), -EINVAL);
    CHECK_EQ(cellar__arena_alloc(&run.arena, 0, 1, &base), -EINVAL);
    CHECK_EQ(cellar__arena_alloc(&run.arena, op->size, 3, &base), -EINVAL);
    CHECK_EQ(cellar__arena_alloc(&run.arena, UINT64_MAX, 1, &base), -ENOMEM);
    struct cellar__arena_request crossing = {.size = 3 * quantum, .nocross = 2 * quantum};
    CHECK_EQ(cellar__arena_xalloc(&run.arena, &crossing, &base), -EINVAL);
    struct cellar__arena_request nowhere = {.size = 1, .min = 2 * quantum, .max = quantum};
    CHECK_EQ(cellar__arena_xalloc(&run.arena, &nowhere, &base), -EINVAL);
    struct cellar__arena_request skewed = {.size = 1, .align = 2 * quantum, .phase = 2 * quantum};
    CHECK_EQ(cellar__arena_xalloc(&run.arena, &skewed, &base), -EINVAL);
    if (!range->out) {
        CHECK_EQ(cellar__arena_free(&run.arena, range->base, range->size), -EINVAL);
        CHECK_EQ(cellar__arena_resize(&run.arena, range->base, range->size, range->size), -EINVAL);
        CHECK_EQ(cellar__arena_split(&run.arena, range->base, range->size, quantum), -EINVAL);
    }
}

static void do_add(const struct arena_op *op)
{
    uint64_t size = cellar__round_up(op->size, run.setting->quantum);
    uint64_t base = space_take(&run.source, size, run.setting->quantum);
    CHECK_EQ(cellar__arena_add(&run.arena, base, size), 0);
    model_add(&run.model, base, size, false);
}

static void do_op(const struct arena_op *op)
{
    size_t nout = model_nout(&run.model);
    if (op->kind == ARENA_OP_ALLOC) {
        do_alloc(op);
    } else if (op->kind == ARENA_OP_XALLOC) {
        do_xalloc(op);
    } else if (op->kind == ARENA_OP_ADD) {
        do_add(op);
    } else if (op->kind == ARENA_OP_REFUSE) {
        run.source.refuse = true;
    } else if (op->kind == ARENA_OP_BAD && run.model.nranges > 0) {
        do_bad(op);
    } else if (op->kind == ARENA_OP_FREE && nout > 0) {
        do_free(model_out(&run.model, op->k % nout));
    } else if (op->kind == ARENA_OP_RESIZE && nout > 0) {
        do_resize(model_out(&run.model, op->k % nout), op);
    } else if (op->kind == ARENA_OP_SPLIT && nout > 0) {
        do_split(model_out(&run.model, op->k % nout), op);
    }
}

static void compare_range(void *ctx, const struct cellar_arena_range *range)
{
    size_t *at = ctx;
    CHECK_LT(*at, run.model.nview);
    const struct model_range *expected = &run.model.view[(*at)++];
    CHECK_EQ(range->base, expected->base);
    CHECK_EQ(range->size, expected->size);
    CHECK_EQ(range->out, expected->out);
}

static void compare_usage(void)
{
    struct cellar__arena_usage usage, expected = {0};
    for (size_t i = 0; i < run.model.nview; i++) {
        const struct model_range *range = &run.model.view[i];
        bool last = i + 1 == run.model.nview || range[1].span != range->span;
        expected.imported += range->imported ? range->size : 0;
        expected.largest_free = cellar__max(expected.largest_free, range->out ? 0 : range->size);
        expected.total += range->size;
        expected.allocated += range->out ? range->size : 0;
        expected.nsegments++;
        expected.nfree += !range->out;
        expected.nspans += last;
        if (!range->out && !last) {
            expected.free_below += range->size;
            expected.largest_free_below = cellar__max(expected.largest_free_below, range->size);
        }
    }
    cellar__arena_usage(&run.arena, &usage);
    CHECK_EQ(usage.total, expected.total);
    CHECK_EQ(usage.imported, expected.imported);
    CHECK_EQ(usage.largest_free, expected.largest_free);
    CHECK_EQ(usage.allocated, expected.allocated);
    CHECK_EQ(usage.nsegments, expected.nsegments);
    CHECK_EQ(usage.nfree, expected.nfree);
    CHECK_EQ(usage.nspans, expected.nspans);
    CHECK_EQ(usage.free_below, expected.free_below);
    CHECK_EQ(usage.largest_free_below, expected.largest_free_below);
}

static void compare(void)
{
    size_t at = 0;
    const char *broken = cellar__arena_check(&run.arena);
    CHECK_STR(broken ? broken : "", "");
    if (run_is_quick()) {
        struct cellar_arena_range ranges[1];
        if (run.clock++ % 16 != 0) {
            return;
        }
        cellar__arena_snapshot(&run.arena, ranges, 1); /* coalesces, and gives spans back */
    }
    model_look(&run.model);
    cellar__arena_walk(&run.arena, compare_range, &at);
    CHECK_EQ(at, run.model.nview);
    compare_usage();
}

void arena_ops_run(const struct arena_setting *setting, const struct arena_op *ops, size_t nops)
{
    struct cellar__meta_usage before, after;
    memset(&run, 0, sizeof run);
    run.setting = setting;
    run.source.next = UINT64_C(1) << 60;
    run.model.releases = setting->releases && !run_is_quick();
    run.model.has_blocks = setting->fit->has_blocks;
    run.model.quantum = setting->quantum;
    CHECK_EQ(cellar__meta_init(), 0);
    cellar__meta_usage(&before);
    struct cellar__arena_attr attr = {.name = "test",
                                      .quantum = setting->quantum,
                                      .fit = setting->fit,
                                      .sizing = setting->sizing,
                                      .unit = 3 * setting->quantum,
                                      .is_unlocked = setting->is_unlocked,
                                      .import_span = setting->imports ? source_import : NULL,
                                      .release_span = setting->releases ? source_release : NULL,
                                      .source = &run.source};
    CHECK_EQ(cellar__arena_init(&run.arena, &attr), 0);
    for (size_t i = 0; i < nops; i++) {
        do_op(&ops[i]);
        compare();
    }
    while (model_nout(&run.model) > 0) {
        do_free(model_out(&run.model, model_nout(&run.model) / 2));
    }
    run.clock = 0;
    compare();
    cellar__arena_fini(&run.arena);
    cellar__meta_usage(&after);
    CHECK_EQ(after.used, before.used);
}

const char *arena_op_name(enum arena_op_kind kind)
{
    static const char *const names[ARENA_OP_KINDS] = {"alloc", "xalloc", "free",   "resize",
                                                      "split", "add",    "refuse", "bad"};
    return names[kind];
}

/* Two bytes of setting, then eight an operation: kind, alignment, two of size, four of k. */
size_t arena_ops_decode(const uint8_t *bytes, size_t size, struct arena_setting *ret_setting,
                        struct arena_op *ops, size_t capacity)
{
    static const uint64_t quanta[] = {1, 16, 4096, 65536};
    size_t nfits = 0;
    size_t nops = 0;
    while (cellar__fits[nfits] != NULL) {
        nfits++;
    }
    if (size < 2) {
        return 0;
    }
    const struct cellar__fit *fit = cellar__fits[bytes[0] % nfits];
    *ret_setting = (struct arena_setting){.fit = fit,
                                          .policy = fit->name,
                                          .sizing = (enum cellar__sizing)(bytes[1] % 3),
                                          .quantum = quanta[bytes[1] >> 2 & 3],
                                          .imports = (bytes[1] & 16) != 0,
                                          .releases = (bytes[1] & 48) == 48,
                                          .is_unlocked = (bytes[1] & 64) != 0};
    for (size_t at = 2; at + 8 <= size && nops < capacity; at += 8, nops++) {
        uint16_t amount;
        memcpy(&amount, &bytes[at + 2], sizeof amount);
        memcpy(&ops[nops].k, &bytes[at + 4], sizeof ops[nops].k);
        ops[nops].kind = (enum arena_op_kind)(bytes[at] % ARENA_OP_KINDS);
        ops[nops].align = ret_setting->quantum << bytes[at + 1] % 7;
        ops[nops].size = 1 + amount % 2048 * ret_setting->quantum / (bytes[at + 1] < 128 ? 1 : 16);
    }
    return nops;
}
