/* levels: base os buddy */
/*
 * The bound of src/buddy/bound.c, against programs that try their worst. Small spaces: every state that any program can
 * reach. Large ones: an adversary in Robson's manner, and random programs that keep to a limit, in a memory of just the bound.
 */
#include <cellar/buddy.h>

#include "test.h"

enum { SMALL_UNITS = 32, SMALL_METADATA = 24, STATES_MAX = 4096, LARGE_UNITS = 1 << 16 };

static struct cellar_buddy buddy;
static uint8_t metadata[CELLAR_BUDDY_METADATA_SIZE(LARGE_UNITS, 0)];

static void buddy_start(uint64_t size, unsigned lg_max)
{
    struct cellar_buddy_attr attr = {
        .version = CELLAR_BUDDY_ATTR_VERSION,
        .lg_max = lg_max,
        .size = size,
        .metadata = metadata,
        .metadata_size = sizeof metadata,
    };
    CHECK_EQ(cellar_buddy_init(&buddy, &attr), 0);
}

/* What a program has done, as far as the future is concerned: the metadata, and the counts of what is out. */
struct state {
    uint8_t metadata[SMALL_METADATA];
    size_t allocated;
    size_t nout;
};

static struct state states[STATES_MAX];
static size_t nstates;

/* Every state is kept once. The marks of the past stay in buddy: they are those of all programs together. */
static void state_keep(void)
{
    CHECK_STR(cellar_buddy_check(&buddy) == NULL ? "sound" : cellar_buddy_check(&buddy), "sound");
    for (size_t i = 0; i < nstates; i++) {
        if (memcmp(states[i].metadata, metadata, SMALL_METADATA) == 0) {
            return;
        }
    }
    CHECK_LT(nstates, STATES_MAX);
    memcpy(states[nstates].metadata, metadata, SMALL_METADATA);
    states[nstates].allocated = buddy.allocated;
    states[nstates].nout = buddy.nout;
    nstates++;
}

static void state_load(const struct state *state)
{
    memcpy(metadata, state->metadata, SMALL_METADATA);
    buddy.allocated = state->allocated;
    buddy.nout = state->nout;
}

/* The highest extent that a program reaches with `live` units and blocks of order 0 to lg_largest. */
static uint64_t worst_find(size_t live, unsigned lg_largest)
{
    uint64_t addr;
    buddy_start(SMALL_UNITS, lg_largest);
    CHECK_LE(cellar_buddy_metadata_size(SMALL_UNITS, 0), SMALL_METADATA);
    nstates = 0;
    state_keep();
    for (size_t i = 0; i < nstates; i++) {
        for (unsigned order = 0; order <= lg_largest; order++) {
            state_load(&states[i]);
            if (states[i].allocated + ((size_t)1 << order) <= live) {
                CHECK_EQ(cellar_buddy_alloc(&buddy, UINT64_C(1) << order, &addr), 0);
                state_keep();
            }
        }
        for (addr = 0; addr < SMALL_UNITS; addr++) {
            state_load(&states[i]);
            if (cellar_buddy_free(&buddy, addr) == 0) {
                state_keep();
            }
        }
    }
    return buddy.extent;
}

/* worst was found by an independent search, over sets of blocks. */
TEST(every_program_in_small_spaces_keeps_to_it)
{
    static const struct {
        size_t live;
        unsigned lg_largest;
        uint64_t worst;
        uint64_t bound;
    } cases[] = {
        {1, 0, 1, 1}, {5, 0, 5, 5},   {2, 1, 2, 2},   {3, 1, 4, 4},   {4, 1, 6, 6},
        {5, 1, 8, 8}, {6, 1, 8, 8},   {7, 1, 10, 10}, {8, 1, 12, 12}, {4, 2, 6, 8},
        {5, 2, 8, 8}, {6, 2, 12, 12}, {7, 2, 12, 12}, {8, 2, 16, 16}, {8, 3, 16, 16},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        CHECK_EQ(worst_find(cases[i].live, cases[i].lg_largest), cases[i].worst);
        CHECK_EQ(cellar_buddy_bound(cases[i].live, UINT64_C(1) << cases[i].lg_largest, 0), cases[i].bound);
        CHECK_LE(cases[i].worst, cases[i].bound);
    }
}

/* Frees all but one block in each place of that order. */
static void adversary_thin(unsigned order)
{
    uint64_t kept = UINT64_MAX;
    for (uint64_t addr = 0; addr < buddy.nunits; addr++) {
        uint64_t size;
        if (cellar_buddy_size_of(&buddy, addr, &size) != 0) {
            continue;
        }
        if (addr >> order == kept) {
            CHECK_EQ(cellar_buddy_free(&buddy, addr), 0);
        }
        kept = addr >> order;
    }
}

/* Fill with the smallest, then for each order thin out and fill up with blocks of it. False: a request failed. */
static bool adversary_run(size_t live, unsigned lg_largest)
{
    for (unsigned order = 0; order <= lg_largest; order++) {
        adversary_thin(order);
        while (buddy.allocated + ((size_t)1 << order) <= live) {
            uint64_t addr;
            if (cellar_buddy_alloc(&buddy, UINT64_C(1) << order, &addr) != 0) {
                return false;
            }
        }
        CHECK(cellar_buddy_check(&buddy) == NULL);
    }
    return true;
}

/* So nobody can promise less. */
TEST(the_adversary_needs_all_of_it)
{
    enum { LIVE = 4096 };
    for (unsigned lg = 0; lg <= 10; lg++) {
        uint64_t bound = cellar_buddy_bound(LIVE, UINT64_C(1) << lg, 0);
        buddy_start(LARGE_UNITS, lg);
        CHECK(adversary_run(LIVE, lg));
        CHECK_EQ(buddy.extent, LIVE + LIVE / 2 * lg);
        CHECK_EQ(buddy.extent, bound);
        test_print(1, "# live %d, largest %u: extent %zu, bound %" PRIu64 "\n", LIVE, 1u << lg, buddy.extent,
                   bound);
        buddy_start(bound, lg);
        CHECK(adversary_run(LIVE, lg));
        buddy_start(bound - 1, lg);
        CHECK(!adversary_run(LIVE, lg));
    }
}

TEST(rounding_costs_less_than_a_block_and_a_half)
{
    for (unsigned lg = 0; lg <= 12; lg++) {
        for (uint64_t live = UINT64_C(1) << lg; live < 3 << 12; live += 1 + live / 50) {
            uint64_t bound = cellar_buddy_bound(live, UINT64_C(1) << lg, 0);
            CHECK_LT(2 * bound, live * (2 + lg) + (UINT64_C(3) << lg));
        }
    }
}

/* A request within the limits never fails in a memory of the bound. */
TEST(memory_of_the_bound_serves_everybody)
{
    struct test_random random = {test_seed()};
    for (unsigned round = 0; round < 300; round++) {
        unsigned lg = (unsigned)test_random_below(&random, 8);
        size_t live = (size_t)(UINT64_C(1) << lg) + test_random_below(&random, 500);
        uint64_t bound = cellar_buddy_bound(live, UINT64_C(1) << lg, 0);
        buddy_start(bound, lg);
        for (unsigned i = 0; i < 1000; i++) {
            uint64_t addr = test_random_below(&random, bound);
            /* Long phases of one size each, and thinning between them, do more than a mixture. */
            unsigned order = (i / 100 + (unsigned)test_random_below(&random, 2)) % (lg + 1);
            if (i % 100 == 0) {
                adversary_thin((i / 100 + 1) % (lg + 1));
            }
            if (buddy.allocated + ((size_t)1 << order) <= live) {
                CHECK_EQ(cellar_buddy_alloc(&buddy, UINT64_C(1) << order, &addr), 0);
            } else {
                cellar_buddy_free(&buddy, addr);
            }
        }
        CHECK(cellar_buddy_check(&buddy) == NULL);
    }
}

/* With holes and resizes the bounds are wider, and hold. */
TEST(holes_and_resizes_keep_to_theirs)
{
    struct test_random random = {test_seed()};
    for (unsigned round = 0; round < 300; round++) {
        unsigned lg = (unsigned)test_random_below(&random, 6);
        buddy_start(2000, lg);
        for (unsigned i = 0; i < 400; i++) {
            uint64_t addr = test_random_below(&random, 2000);
            uint64_t size = UINT64_C(1) << test_random_below(&random, lg + 1);
            if (i < 20) {
                cellar_buddy_reserve(&buddy, addr, size);
            } else if (i % 3 == 0 || buddy.allocated > 60) {
                cellar_buddy_free(&buddy, addr);
            } else if (i % 7 == 0 && round % 2 == 0) {
                cellar_buddy_resize(&buddy, addr, size);
            } else {
                cellar_buddy_alloc(&buddy, size, &addr);
            }
            CHECK(cellar_buddy_check(&buddy) == NULL);
        }
    }
}

TEST(large_numbers_are_too_much_instead_of_wrapping)
{
    CHECK_EQ(cellar_buddy_bound(0, 1, 0), 0);
    CHECK_EQ(cellar_buddy_bound(1000, 0, 4), 992);
    CHECK_EQ(cellar_buddy_bound(64 << 10, 4 << 10, 6), (64 << 10) * 4);
    CHECK(cellar_buddy_bound(UINT64_MAX, 1, 0) == UINT64_MAX);
    CHECK(cellar_buddy_bound(UINT64_MAX, 2, 0) == UINT64_MAX);
    CHECK(cellar_buddy_bound(UINT64_C(1) << 60, UINT64_C(1) << 60, 0) == UINT64_MAX);
    CHECK(cellar_buddy_bound(1, UINT64_MAX, 0) == UINT64_MAX);
    CHECK(cellar_buddy_bound(1, 1, 64) == UINT64_MAX);
    CHECK(cellar_buddy_bound(1, UINT64_C(1) << 63, 0) < UINT64_MAX);
}

TEST_MAIN()
