/* levels: base os */
#include "model/shrink.h"

static int calls;

/* Fails when a 7 comes before a 9 with a 3 anywhere. */
static bool fails(const void *ops, size_t nops, void *ctx)
{
    const int *values = ops;
    bool seven = false, nine = false, three = false;
    (void)ctx;
    calls++;
    for (size_t i = 0; i < nops; i++) {
        seven = seven || values[i] == 7;
        nine = nine || (seven && values[i] == 9);
        three = three || values[i] == 3;
    }
    return nine && three;
}

TEST(leaves_what_is_needed_in_order)
{
    int ops[1000], spare[1000];
    for (int i = 0; i < 1000; i++) {
        ops[i] = i % 11;
    }
    struct shrink shrink = {.ops = ops, .spare = spare, .nops = 1000, .op_size = sizeof(int), .fails = fails};
    shrink_run(&shrink);
    CHECK_EQ(shrink.nops, 3);
    CHECK(fails(ops, 3, NULL));
    CHECK_LT(calls, 200);
}

static bool always(const void *ops, size_t nops, void *ctx)
{
    (void)ops;
    (void)nops;
    (void)ctx;
    return true;
}

TEST(may_leave_nothing)
{
    int ops[3] = {1, 2, 3}, spare[3];
    struct shrink shrink = {.ops = ops, .spare = spare, .nops = 3, .op_size = sizeof(int), .fails = always};
    shrink_run(&shrink);
    CHECK_EQ(shrink.nops, 0);
}

static void run_child(const void *ops, size_t nops, void *ctx)
{
    (void)ctx;
    if (nops == 1) {
        _exit(1);
    }
    if (nops == 2) {
        abort();
    }
    CHECK_EQ(*(const int *)ops, 42);
}

TEST(a_child_fails_by_status_signal_or_check)
{
    int ops[3] = {42};
    CHECK(!shrink_child_fails(run_child, ops, 3, NULL, true));
    CHECK(shrink_child_fails(run_child, ops, 1, NULL, false));
    CHECK(shrink_child_fails(run_child, ops, 2, NULL, false));
    ops[0] = 41;
    CHECK(shrink_child_fails(run_child, ops, 3, NULL, false));
}

TEST_MAIN()
