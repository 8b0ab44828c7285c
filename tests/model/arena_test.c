/* levels: base os submap meta arena; with: model/arena_model.c; timeout: 180 */
/*
 * Random operations on an arena beside a naive one. After each operation both must show the same ranges, the arena's
 * own check must find nothing, and the fit policy must have chosen as its name promises.
 */
#include "arena/arena.h"
#include "base/bits.h"
#include "model/arena_model.h"
#include "model/shrink.h"

enum op_kind { OP_ALLOC, OP_FREE, OP_RESIZE, OP_SPLIT, OP_ADD, OP_REFUSE, OP_BAD, OP_KINDS };

/* k names the (k mod n)-th of the n ranges that are out; sizes are taken in bytes. */
struct op {
    enum op_kind kind;
    uint32_t k;
    uint64_t size;
    uint64_t align;
};

struct setting {
    const struct cellar__fit *fit;
    const char *policy; /* what the model judges by */
    uint64_t quantum;
    bool imports;
    bool releases;
};

/* The source: spans of an integer space, now and then side by side; it notes what it was asked. */
struct source {
    uint64_t next;
    bool refuse;
    unsigned imports;
    unsigned releases;
    struct model_range last; /* imported or released */
};

struct run {
    const struct setting *setting;
    struct cellar__arena arena;
    struct model model;
    struct source source;
};

static struct run run; /* of a forked child */

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
    source->last = (struct model_range){.base = base, .size = size};
}

static void do_alloc(const struct op *op)
{
    uint64_t quantum = run.setting->quantum;
    uint64_t size = cellar__round_up(op->size, quantum);
    uint64_t enough = size + (op->align > quantum ? op->align - quantum : 0);
    bool fits = model_has_free(&run.model, enough);
    unsigned imports = run.source.imports;
    bool refused = run.source.refuse;
    uint64_t base;
    int status = cellar__arena_alloc(&run.arena, op->size, op->align, &base);
    CHECK_EQ(run.source.imports - imports, !fits && run.setting->imports);
    if (!fits && (!run.setting->imports || refused)) {
        CHECK_EQ(status, -ENOMEM);
        return;
    }
    CHECK_EQ(status, 0);
    if (!fits) {
        model_add(&run.model, run.source.last.base, run.source.last.size, true);
    }
    CHECK_EQ(base % op->align, 0);
    size_t index = model_find_free(&run.model, base, size);
    CHECK_NE(index, SIZE_MAX);
    const char *error = model_policy_error(&run.model, run.setting->policy, quantum, index, enough);
    CHECK_STR(error ? error : "", "");
    if (fits) {
        run.model.rover = run.model.ranges[index].base + enough;
    }
    model_alloc(&run.model, index, base, size);
}

static void do_free(size_t index)
{
    struct model_range range = run.model.ranges[index];
    struct model_range span;
    unsigned releases = run.source.releases;
    CHECK_EQ(cellar__arena_free(&run.arena, range.base, range.size), 0);
    bool goes_back = model_free(&run.model, index, &span);
    CHECK_EQ(run.source.releases - releases, goes_back);
    if (goes_back) {
        CHECK_EQ(run.source.last.base, span.base);
        CHECK_EQ(run.source.last.size, span.size);
    }
}

static void do_resize(size_t index, const struct op *op)
{
    struct model_range range = run.model.ranges[index];
    uint64_t new_size = cellar__round_up(op->size, run.setting->quantum);
    bool fits = model_resize(&run.model, index, new_size);
    CHECK_EQ(cellar__arena_resize(&run.arena, range.base, range.size, op->size), fits ? 0 : -ENOMEM);
}

static void do_split(size_t index, const struct op *op)
{
    struct model_range range = run.model.ranges[index];
    bool right = op->size % run.setting->quantum == 0 && op->size < range.size;
    CHECK_EQ(cellar__arena_split(&run.arena, range.base, range.size, op->size), right ? 0 : -EINVAL);
    if (right) {
        model_split(&run.model, index, op->size);
    }
}

/* Requests that make no sense, and must change nothing. */
static void do_bad(const struct op *op)
{
    uint64_t quantum = run.setting->quantum;
    uint64_t base;
    const struct model_range *range = &run.model.ranges[op->k % run.model.nranges];
    CHECK_EQ(cellar__arena_free(&run.arena, range->base, range->size + quantum), -EINVAL);
    CHECK_EQ(cellar__arena_split(&run.arena, range->base, range->size, range->size), -EINVAL);
    CHECK_EQ(cellar__arena_split(&run.arena, range->base, range->size, 0), -EINVAL);
    CHECK_EQ(cellar__arena_resize(&run.arena, range->base, range->size, 0), -EINVAL);
    CHECK_EQ(cellar__arena_alloc(&run.arena, 0, 1, &base), -EINVAL);
    CHECK_EQ(cellar__arena_alloc(&run.arena, op->size, 3, &base), -EINVAL);
    CHECK_EQ(cellar__arena_alloc(&run.arena, UINT64_MAX, 1, &base), -ENOMEM);
    if (!range->out) {
        CHECK_EQ(cellar__arena_free(&run.arena, range->base, range->size), -EINVAL);
        CHECK_EQ(cellar__arena_resize(&run.arena, range->base, range->size, range->size), -EINVAL);
        CHECK_EQ(cellar__arena_split(&run.arena, range->base, range->size, quantum), -EINVAL);
    }
}

static void do_add(const struct op *op)
{
    uint64_t size = cellar__round_up(op->size, run.setting->quantum);
    uint64_t base = space_take(&run.source, size, run.setting->quantum);
    CHECK_EQ(cellar__arena_add(&run.arena, base, size), 0);
    model_add(&run.model, base, size, false);
}

static void do_op(const struct op *op)
{
    size_t nout = model_nout(&run.model);
    if (op->kind == OP_ALLOC) {
        do_alloc(op);
    } else if (op->kind == OP_ADD) {
        do_add(op);
    } else if (op->kind == OP_REFUSE) {
        run.source.refuse = true;
    } else if (op->kind == OP_BAD && run.model.nranges > 0) {
        do_bad(op);
    } else if (op->kind == OP_FREE && nout > 0) {
        do_free(model_out(&run.model, op->k % nout));
    } else if (op->kind == OP_RESIZE && nout > 0) {
        do_resize(model_out(&run.model, op->k % nout), op);
    } else if (op->kind == OP_SPLIT && nout > 0) {
        do_split(model_out(&run.model, op->k % nout), op);
    }
}

static void compare_range(void *ctx, const struct cellar__arena_range *range)
{
    size_t *at = ctx;
    CHECK_LT(*at, run.model.nranges);
    const struct model_range *expected = &run.model.ranges[(*at)++];
    CHECK_EQ(range->base, expected->base);
    CHECK_EQ(range->size, expected->size);
    CHECK_EQ(range->out, expected->out);
}

static void compare_usage(void)
{
    struct cellar__arena_usage usage, expected = {0};
    for (size_t i = 0; i < run.model.nranges; i++) {
        const struct model_range *range = &run.model.ranges[i];
        bool last = i + 1 == run.model.nranges || range[1].span != range->span;
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
    cellar__arena_walk(&run.arena, compare_range, &at);
    CHECK_EQ(at, run.model.nranges);
    compare_usage();
}

/* In a child. At the end everything is freed, which must leave the spans that were added, and meta empty. */
static void run_ops(const void *list, size_t nops, void *ctx)
{
    const struct op *ops = list;
    struct cellar__meta_usage before, after;
    run.setting = ctx;
    run.source.next = UINT64_C(1) << 60;
    run.model.releases = run.setting->releases;
    CHECK_EQ(cellar__meta_init(), 0);
    cellar__meta_usage(&before);
    struct cellar__arena_attr attr = {.name = "test",
                                      .quantum = run.setting->quantum,
                                      .fit = run.setting->fit,
                                      .import_span = run.setting->imports ? source_import : NULL,
                                      .release_span = run.setting->releases ? source_release : NULL,
                                      .source = &run.source};
    CHECK_EQ(cellar__arena_init(&run.arena, &attr), 0);
    for (size_t i = 0; i < nops; i++) {
        do_op(&ops[i]);
        compare();
    }
    while (model_nout(&run.model) > 0) {
        do_free(model_out(&run.model, model_nout(&run.model) / 2));
    }
    compare();
    cellar__arena_fini(&run.arena);
    cellar__meta_usage(&after);
    CHECK_EQ(after.used, before.used);
}

static bool ops_fail(const void *ops, size_t nops, void *ctx)
{
    return shrink_child_fails(run_ops, ops, nops, ctx, false);
}

static uint64_t random_size(struct test_random *random, uint64_t quantum)
{
    uint64_t quanta = 1 + test_random_below(random, test_random_below(random, 8) == 0 ? 100 : 9);
    bool odd = quantum > 1 && test_random_below(random, 3) == 0;
    return quanta * quantum - (odd ? test_random_below(random, quantum - 1) : 0);
}

static struct op random_op(struct test_random *random, uint64_t quantum)
{
    static const enum op_kind kinds[] = {OP_ALLOC, OP_ALLOC,  OP_ALLOC,  OP_ALLOC, OP_ALLOC, OP_ALLOC,
                                         OP_ALLOC, OP_FREE,   OP_FREE,   OP_FREE,  OP_FREE,  OP_FREE,
                                         OP_FREE,  OP_RESIZE, OP_RESIZE, OP_SPLIT};
    uint64_t rare = test_random_below(random, 60);
    unsigned lg_align = test_random_below(random, 4) == 0 ? (unsigned)test_random_below(random, 7) : 0;
    struct op op = {.kind = kinds[test_random_below(random, sizeof kinds / sizeof kinds[0])],
                    .k = (uint32_t)test_random_next(random),
                    .size = random_size(random, quantum),
                    .align = test_random_below(random, 9) == 0 ? 1 : quantum << lg_align};
    if (rare < 4) {
        op.kind = rare == 0 ? OP_ADD : rare == 1 ? OP_REFUSE : OP_BAD;
    }
    return op;
}

static void print_ops(const struct setting *setting, const struct op *ops, size_t nops)
{
    static const char *const names[OP_KINDS] = {"alloc", "free", "resize", "split", "add", "refuse", "bad"};
    test_print(1, "# policy %s, quantum %" PRIu64 ", imports %d, releases %d; the shortest failing list:\n",
               setting->policy, setting->quantum, setting->imports, setting->releases);
    for (size_t i = 0; i < nops; i++) {
        test_print(1, "#   %-6s k %" PRIu32 " size %" PRIu64 " align %" PRIu64 "\n", names[ops[i].kind],
                   ops[i].k, ops[i].size, ops[i].align);
    }
}

enum { OPS = 1500, LISTS = 16 };

static struct op ops_list[OPS], ops_spare[OPS];

static void make_ops(uint64_t seed, uint64_t quantum)
{
    struct test_random random = {seed};
    for (size_t i = 0; i < OPS; i++) {
        ops_list[i] = random_op(&random, quantum);
        bool grows = i / 250 % 2 == 0; /* full times and empty times, so that tables grow and tags return */
        if (ops_list[i].kind == (grows ? OP_FREE : OP_ALLOC) && test_random_below(&random, 2) == 0) {
            ops_list[i].kind = grows ? OP_ALLOC : OP_FREE;
        }
    }
}

static size_t shrink_ops(struct setting *setting)
{
    struct shrink shrink = {.ops = ops_list,
                            .spare = ops_spare,
                            .nops = OPS,
                            .op_size = sizeof(struct op),
                            .fails = ops_fail,
                            .ctx = setting};
    shrink_run(&shrink);
    return shrink.nops;
}

static void try_policy(const struct cellar__fit *fit)
{
    static const uint64_t quanta[] = {1, 16, 4096, 65536};
    uint64_t seed = test_seed();
    for (unsigned list = 0; list < LISTS; list++) {
        struct setting setting = {.fit = fit,
                                  .policy = fit->name,
                                  .quantum = quanta[list % 4],
                                  .imports = list % 8 != 3,
                                  .releases = list % 3 != 0 && list % 8 != 3};
        make_ops(seed * 1000003 + list, setting.quantum);
        if (ops_fail(ops_list, OPS, &setting)) {
            size_t nops = shrink_ops(&setting);
            print_ops(&setting, ops_list, nops);
            shrink_child_fails(run_ops, ops_list, nops, &setting, true);
            TEST_FAIL("list %u of CELLAR_TEST_SEED=%" PRIu64 " fails", list, seed);
        }
    }
}

TEST(every_policy_keeps_its_promise)
{
    for (size_t i = 0; cellar__fits[i] != NULL; i++) {
        try_policy(cellar__fits[i]);
    }
}

/* Planted faults, which the model must catch and the shrinker must bring down to a handful of operations. */
static struct cellar__segment *find_short(struct cellar__fit_state *state, uint64_t size)
{
    return cellar__fit_best.find(state, size > state->quantum ? size - state->quantum : size);
}

static void remove_nothing(struct cellar__fit_state *state, struct cellar__segment *seg)
{
    if (cellar__segment_size(seg) != 7 * state->quantum) {
        cellar__fit_best.remove(state, seg);
    }
}

static void expect_caught(struct cellar__fit fit, const char *policy)
{
    struct setting setting = {
        .fit = &fit, .policy = policy, .quantum = 16, .imports = true, .releases = true};
    make_ops(test_seed(), setting.quantum);
    CHECK(ops_fail(ops_list, OPS, &setting));
    size_t nops = shrink_ops(&setting);
    print_ops(&setting, ops_list, nops);
    CHECK_GT(nops, 0);
    CHECK_LE(nops, 25);
    CHECK(ops_fail(ops_list, nops, &setting));
}

TEST(a_segment_too_short_is_caught)
{
    struct cellar__fit fit = cellar__fit_best;
    fit.find = find_short;
    expect_caught(fit, "best");
}

TEST(a_segment_that_stays_in_the_policy_is_caught)
{
    struct cellar__fit fit = cellar__fit_best;
    fit.remove = remove_nothing;
    expect_caught(fit, "best");
}

TEST(another_policy_than_promised_is_caught)
{
    expect_caught(cellar__fit_first, "best");
    expect_caught(cellar__fit_best, "first");
    expect_caught(cellar__fit_first, "instant");
    expect_caught(cellar__fit_instant, "best");
    expect_caught(cellar__fit_first, "next");
    expect_caught(cellar__fit_next, "first");
    expect_caught(cellar__fit_best, "worst");
    expect_caught(cellar__fit_worst, "segregated");
    expect_caught(cellar__fit_instant, "segregated");
    expect_caught(cellar__fit_segregated, "best");
}

TEST_MAIN()
