/* levels: base os submap meta arena; with: model/arena_model.c model/arena_ops.c; timeout: 180 */
/*
 * Random operations on an arena beside a naive one. After each operation both must show the same ranges, the arena's
 * own check must find nothing, and the fit policy must have chosen as its name promises.
 */
#include "base/bits.h"
#include "model/arena_ops.h"
#include "model/shrink.h"

/* In a child. */
static void run_ops(const void *ops, size_t nops, void *ctx)
{
    arena_ops_run(ctx, ops, nops);
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

static struct arena_op random_op(struct test_random *random, uint64_t quantum)
{
    static const enum arena_op_kind kinds[] = {
        ARENA_OP_ALLOC, ARENA_OP_ALLOC,  ARENA_OP_ALLOC,  ARENA_OP_ALLOC, ARENA_OP_ALLOC,  ARENA_OP_ALLOC,
        ARENA_OP_ALLOC, ARENA_OP_FREE,   ARENA_OP_FREE,   ARENA_OP_FREE,  ARENA_OP_FREE,   ARENA_OP_FREE,
        ARENA_OP_FREE,  ARENA_OP_RESIZE, ARENA_OP_RESIZE, ARENA_OP_SPLIT, ARENA_OP_XALLOC, ARENA_OP_XALLOC};
    uint64_t rare = test_random_below(random, 60);
    unsigned lg_align = test_random_below(random, 4) == 0 ? (unsigned)test_random_below(random, 7) : 0;
    struct arena_op op = {.kind = kinds[test_random_below(random, sizeof kinds / sizeof kinds[0])],
                          .k = (uint32_t)test_random_next(random),
                          .size = random_size(random, quantum),
                          .align = test_random_below(random, 9) == 0 ? 1 : quantum << lg_align};
    if (rare < 4) {
        op.kind = rare == 0 ? ARENA_OP_ADD : rare == 1 ? ARENA_OP_REFUSE : ARENA_OP_BAD;
    }
    return op;
}

static void print_ops(const struct arena_setting *setting, const struct arena_op *ops, size_t nops)
{
    test_print(1, "# policy %s, quantum %" PRIu64 ", imports %d, releases %d; the shortest failing list:\n",
               setting->policy, setting->quantum, setting->imports, setting->releases);
    for (size_t i = 0; i < nops; i++) {
        test_print(1, "#   %-6s k %" PRIu32 " size %" PRIu64 " align %" PRIu64 "\n",
                   arena_op_name(ops[i].kind), ops[i].k, ops[i].size, ops[i].align);
    }
}

enum { OPS = 1500, LISTS = 16 };

static struct arena_op ops_list[OPS], ops_spare[OPS];

static void make_ops(uint64_t seed, uint64_t quantum)
{
    struct test_random random = {seed};
    for (size_t i = 0; i < OPS; i++) {
        ops_list[i] = random_op(&random, quantum);
        bool grows = i / 250 % 2 == 0; /* full times and empty times, so that tables grow and tags return */
        if (ops_list[i].kind == (grows ? ARENA_OP_FREE : ARENA_OP_ALLOC) &&
            test_random_below(&random, 2) == 0) {
            ops_list[i].kind = grows ? ARENA_OP_ALLOC : ARENA_OP_FREE;
        }
    }
}

static size_t shrink_ops(struct arena_setting *setting)
{
    struct shrink shrink = {.ops = ops_list,
                            .spare = ops_spare,
                            .nops = OPS,
                            .op_size = sizeof(struct arena_op),
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
        struct arena_setting setting = {.fit = fit,
                                        .policy = fit->name,
                                        .sizing = (enum cellar__sizing)(list % 5 % 3),
                                        .quantum = quanta[list % 4],
                                        .is_unlocked = list % 7 == 0,
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
    struct arena_setting setting = {
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
    expect_caught(cellar__fit_fifo, "lifo");
    expect_caught(cellar__fit_lifo, "fifo");
}

TEST_MAIN()
