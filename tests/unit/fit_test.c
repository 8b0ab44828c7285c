/* levels: base os submap arena; with: fake/meta.c */
/* The policies, and the orders of their trees, on segments laid out by hand: fit.c, fit_list.c, fit_bins.c, fit_address.c, fit_*.c. */
#include "arena/fit.h"
#include "base/bits.h"
#include "fake/fresh.h"
#include "fake/meta.h"

enum { QUANTUM = 16, SEGMENTS = 400 };

static struct cellar__fit_state state;
static struct cellar__segment *segments[SEGMENTS];

/*
 * Segment i is free and has sizes[i] quanta; between two of them lies at least one quantum that is out. Blocks lie at
 * multiples of their size.
 */
static void lay_out(const struct cellar__fit *fit, const uint64_t *sizes, size_t count)
{
    uint64_t base = 1024 * QUANTUM;
    state = (struct cellar__fit_state){.quantum = QUANTUM, .lg_quantum = 4};
    CHECK(fit->init == NULL || fit->init(&state) == 0);
    for (size_t i = 0; i < count; i++) {
        struct cellar__segment *seg = cellar__meta_alloc(fit->seg_size);
        struct cellar__segment *next = cellar__meta_alloc(fit->seg_size);
        seg->base = fit->has_blocks ? cellar__round_up(base, sizes[i] * QUANTUM) : base;
        next->base = seg->base + sizes[i] * QUANTUM;
        next->out = 1;
        seg->next = cellar__meta_ref(next) & INT32_MAX;
        next->prev = cellar__meta_ref(seg) & INT32_MAX;
        base = next->base + QUANTUM;
        segments[i] = seg;
    }
}

static void insert_all(const struct cellar__fit *fit, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        fit->insert(&state, segments[i]);
        CHECK_EQ(fit->check(&state), i + 1);
    }
}

TEST(find_by_name)
{
    CHECK_PTR(cellar__fit_find("instant"), &cellar__fit_instant);
    CHECK_PTR(cellar__fit_find("best"), &cellar__fit_best);
    CHECK_PTR(cellar__fit_find("first"), &cellar__fit_first);
    for (size_t i = 0; cellar__fits[i] != NULL; i++) {
        CHECK_PTR(cellar__fit_find(cellar__fits[i]->name), cellar__fits[i]);
    }
    CHECK_PTR(cellar__fit_find("wors"), NULL);
    CHECK_PTR(cellar__fit_find(""), NULL);
}

FRESH_TEST(best_takes_the_smallest_then_the_lowest)
{
    static const uint64_t sizes[] = {9, 4, 7, 4, 30};
    lay_out(&cellar__fit_best, sizes, 5);
    CHECK_PTR(cellar__fit_best.find(&state, QUANTUM), NULL);
    insert_all(&cellar__fit_best, 5);
    CHECK_PTR(cellar__fit_best.find(&state, 1 * QUANTUM), segments[1]);
    CHECK_PTR(cellar__fit_best.find(&state, 4 * QUANTUM), segments[1]);
    CHECK_PTR(cellar__fit_best.find(&state, 5 * QUANTUM), segments[2]);
    CHECK_PTR(cellar__fit_best.find(&state, 8 * QUANTUM), segments[0]);
    CHECK_PTR(cellar__fit_best.find(&state, 30 * QUANTUM), segments[4]);
    CHECK_PTR(cellar__fit_best.find(&state, 31 * QUANTUM), NULL);
}

FRESH_TEST(first_takes_the_lowest)
{
    static const uint64_t sizes[] = {2, 9, 3, 12, 30};
    lay_out(&cellar__fit_first, sizes, 5);
    CHECK_PTR(cellar__fit_first.find(&state, QUANTUM), NULL);
    insert_all(&cellar__fit_first, 5);
    CHECK_PTR(cellar__fit_first.find(&state, 1 * QUANTUM), segments[0]);
    CHECK_PTR(cellar__fit_first.find(&state, 3 * QUANTUM), segments[1]);
    CHECK_PTR(cellar__fit_first.find(&state, 10 * QUANTUM), segments[3]);
    CHECK_PTR(cellar__fit_first.find(&state, 30 * QUANTUM), segments[4]);
    CHECK_PTR(cellar__fit_first.find(&state, 31 * QUANTUM), NULL);
}

FRESH_TEST(instant_looks_at_eight_of_its_own_list_before_it_goes_up)
{
    /* List 3 has sizes 8 to 15. The youngest is looked at first: 12 is the ninth, then the eighth. */
    static const uint64_t sizes[] = {12, 8, 8, 8, 8, 8, 8, 8, 8, 40};
    lay_out(&cellar__fit_instant, sizes, 10);
    insert_all(&cellar__fit_instant, 10);
    CHECK_PTR(cellar__fit_instant.find(&state, 10 * QUANTUM), segments[9]);
    cellar__fit_instant.remove(&state, segments[8]);
    CHECK_PTR(cellar__fit_instant.find(&state, 10 * QUANTUM), segments[0]);
}

/* Segment 0 is the longest of its list and the ninth on it, then the eighth. */
static void look_behind_the_eighth(const struct cellar__fit *fit)
{
    static const uint64_t sizes[] = {66, 65, 65, 65, 65, 65, 65, 65, 65}; /* for both policies one list */
    lay_out(fit, sizes, 9);
    insert_all(fit, 9);
    CHECK_PTR(fit->find(&state, 66 * QUANTUM), NULL);
    fit->remove(&state, segments[4]);
    CHECK_PTR(fit->find(&state, 66 * QUANTUM), segments[0]);
    CHECK_PTR(fit->find(&state, UINT64_MAX - QUANTUM), NULL);
}

FRESH_TEST(fast_policies_pass_over_what_is_behind_the_eighth)
{
    look_behind_the_eighth(&cellar__fit_instant);
}

FRESH_TEST(segregated_looks_at_eight_when_no_list_is_sure)
{
    static const uint64_t sizes[] = {131, 130, 130, 130, 130, 130, 130, 130, 130}; /* 128 to 131: one list */
    lay_out(&cellar__fit_segregated, sizes, 9);
    insert_all(&cellar__fit_segregated, 9);
    CHECK_PTR(cellar__fit_segregated.find(&state, 131 * QUANTUM), NULL);
    cellar__fit_segregated.remove(&state, segments[4]);
    CHECK_PTR(cellar__fit_segregated.find(&state, 131 * QUANTUM), segments[0]);
    CHECK_PTR(cellar__fit_segregated.find(&state, UINT64_MAX - QUANTUM), NULL);
}

FRESH_TEST(lists_by_age)
{
    static const uint64_t sizes[] = {5, 9, 4, 9, 5};
    lay_out(&cellar__fit_fifo, sizes, 5);
    CHECK_PTR(cellar__fit_fifo.find(&state, QUANTUM), NULL);
    insert_all(&cellar__fit_fifo, 5);
    CHECK_PTR(cellar__fit_fifo.find(&state, 5 * QUANTUM), segments[0]);
    CHECK_PTR(cellar__fit_fifo.find(&state, 6 * QUANTUM), segments[1]);
    cellar__fit_fifo.remove(&state, segments[0]);
    cellar__fit_fifo.remove(&state, segments[4]);
    cellar__fit_fifo.insert(&state, segments[0]);
    CHECK_PTR(cellar__fit_fifo.find(&state, 5 * QUANTUM), segments[1]);
    lay_out(&cellar__fit_lifo, sizes, 5);
    insert_all(&cellar__fit_lifo, 5);
    CHECK_PTR(cellar__fit_lifo.find(&state, 4 * QUANTUM), segments[4]);
    CHECK_PTR(cellar__fit_lifo.find(&state, 6 * QUANTUM), segments[3]);
    CHECK_PTR(cellar__fit_lifo.find(&state, 10 * QUANTUM), NULL);
}

FRESH_TEST(instant_goes_to_the_lowest_list_above)
{
    static const uint64_t sizes[] = {3, 200, 20, 70};
    lay_out(&cellar__fit_instant, sizes, 4);
    insert_all(&cellar__fit_instant, 4);
    CHECK_PTR(cellar__fit_instant.find(&state, 5 * QUANTUM), segments[2]);
    CHECK_PTR(cellar__fit_instant.find(&state, 33 * QUANTUM), segments[3]);
    CHECK_PTR(cellar__fit_instant.find(&state, 71 * QUANTUM), segments[1]);
}

FRESH_TEST(worst_takes_the_largest)
{
    static const uint64_t sizes[] = {9, 30, 7, 30, 4};
    lay_out(&cellar__fit_worst, sizes, 5);
    CHECK_PTR(cellar__fit_worst.find(&state, QUANTUM), NULL);
    insert_all(&cellar__fit_worst, 5);
    CHECK_PTR(cellar__fit_worst.find(&state, QUANTUM), segments[3]);
    CHECK_PTR(cellar__fit_worst.find(&state, 30 * QUANTUM), segments[3]);
    CHECK_PTR(cellar__fit_worst.find(&state, 31 * QUANTUM), NULL);
    cellar__fit_worst.remove(&state, segments[3]);
    cellar__fit_worst.remove(&state, segments[1]);
    CHECK_PTR(cellar__fit_worst.find(&state, QUANTUM), segments[0]);
}

FRESH_TEST(next_goes_on_where_it_was_and_round_the_end)
{
    static const uint64_t sizes[] = {5, 9, 5, 9, 5};
    lay_out(&cellar__fit_next, sizes, 5);
    CHECK_PTR(cellar__fit_next.find(&state, QUANTUM), NULL);
    insert_all(&cellar__fit_next, 5);
    CHECK_PTR(cellar__fit_next.find(&state, 5 * QUANTUM), segments[0]);
    CHECK_PTR(cellar__fit_next.find(&state, 7 * QUANTUM), segments[1]);
    CHECK_PTR(cellar__fit_next.find(&state, 7 * QUANTUM), segments[3]);
    CHECK_PTR(cellar__fit_next.find(&state, 7 * QUANTUM), segments[1]); /* none ahead: from the begin */
    CHECK_PTR(cellar__fit_next.find(&state, 5 * QUANTUM), segments[2]);
    CHECK_PTR(cellar__fit_next.find(&state, 10 * QUANTUM), NULL);
    CHECK_PTR(cellar__fit_next.find(&state, 5 * QUANTUM), segments[3]); /* a failure moves nothing */
}

FRESH_TEST(segregated_takes_the_lowest_list_that_is_sure)
{
    /* Lists of one size below 64 quanta, of two to 127, of four to 255. */
    static const uint64_t sizes[] = {31, 33, 64, 65, 200};
    lay_out(&cellar__fit_segregated, sizes, 5);
    CHECK_PTR(cellar__fit_segregated.find(&state, QUANTUM), NULL);
    insert_all(&cellar__fit_segregated, 5);
    CHECK_PTR(cellar__fit_segregated.find(&state, 1 * QUANTUM), segments[0]);
    CHECK_PTR(cellar__fit_segregated.find(&state, 32 * QUANTUM), segments[1]);
    CHECK_PTR(cellar__fit_segregated.find(&state, 64 * QUANTUM),
              segments[3]); /* the youngest of list 64, 65 */
    CHECK_PTR(cellar__fit_segregated.find(&state, 65 * QUANTUM), segments[4]); /* that list is not sure */
    cellar__fit_segregated.remove(&state, segments[4]);
    CHECK_PTR(cellar__fit_segregated.find(&state, 65 * QUANTUM), segments[3]); /* but searched in the end */
    CHECK_PTR(cellar__fit_segregated.find(&state, 66 * QUANTUM), NULL);
    CHECK_PTR(cellar__fit_segregated.find(&state, UINT64_MAX - QUANTUM), NULL);
    cellar__fit_segregated.fini(&state);
    CHECK_PTR(state.table, NULL);
}

/* Inserts and removes in random order; what find gives is in, fits, and is NULL only when nothing fits. */
static void churn(const struct cellar__fit *fit)
{
    struct test_random random = {test_seed()};
    uint64_t sizes[SEGMENTS];
    bool in[SEGMENTS] = {false};
    size_t count = 0;
    size_t nfound = 0;
    for (size_t i = 0; i < SEGMENTS; i++) {
        sizes[i] =
            fit->has_blocks ? 1u << test_random_below(&random, 9) : 1 + test_random_below(&random, 300);
    }
    lay_out(fit, sizes, SEGMENTS);
    for (int step = 0; step < 4000; step++) {
        size_t i = test_random_below(&random, SEGMENTS);
        uint64_t size = 1 + test_random_below(&random, 320);
        bool any = false, found_in = false;
        (in[i] ? fit->remove : fit->insert)(&state, segments[i]);
        in[i] = !in[i];
        count += in[i] ? 1 : (size_t)-1;
        struct cellar__segment *found = fit->find(&state, size * QUANTUM);
        for (size_t j = 0; j < SEGMENTS; j++) {
            any = any || (in[j] && sizes[j] >= size);
            found_in = found_in || (in[j] && sizes[j] >= size && segments[j] == found);
        }
        CHECK_EQ(found_in, found != NULL);
        CHECK(found_in || !any || !fit->is_exact);
        nfound += found_in;
        CHECK_EQ(fit->check(&state), count);
    }
    CHECK_GT(nfound, 3000);
    for (size_t i = 0; i < SEGMENTS; i++) {
        if (in[i]) {
            fit->remove(&state, segments[i]);
        }
    }
    CHECK_EQ(fit->check(&state), 0);
    CHECK_PTR(fit->find(&state, QUANTUM), NULL);
}

FRESH_TEST(every_policy_finds_what_there_is)
{
    for (size_t i = 0; cellar__fits[i] != NULL; i++) {
        churn(cellar__fits[i]);
    }
}

/* A size that changes under the policy's feet, or a segment that is out, is what check is for. */
static void check_sees(const struct cellar__fit *fit)
{
    static const uint64_t sizes[] = {4, 8, 16, 32, 2};
    uint64_t less =
        fit == &cellar__fit_fifo || fit == &cellar__fit_lifo ? 32 : 31; /* they know no sizes but 0 */
    lay_out(fit, sizes, 5);
    insert_all(fit, 5);
    segments[2]->out = 1;
    CHECK_EQ(fit->check(&state), SIZE_MAX);
    segments[2]->out = 0;
    CHECK_EQ(fit->check(&state), 5);
    struct cellar__segment *behind = cellar__segment_next(segments[3]);
    behind->base -= less * QUANTUM;
    CHECK_EQ(fit->check(&state), SIZE_MAX);
    behind->base += less * QUANTUM;
    CHECK_EQ(fit->check(&state), 5);
}

FRESH_TEST(check_sees_damage)
{
    for (size_t i = 0; cellar__fits[i] != NULL; i++) {
        check_sees(cellar__fits[i]);
    }
}

TEST_MAIN()
