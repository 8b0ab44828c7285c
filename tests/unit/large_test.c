/* levels: base os submap meta arena slab keg bucket smr zone large; with: */
#include "large/large.h"

#include "arena/dirty.h"
#include "arena/fit.h"
#include "os/fault.h"
#include "test.h"

static struct cellar__large_source three = {.ngranules = 3, .tag = 30};
static struct cellar__large_source five = {.ngranules = 5, .tag = 50};

static void start(void)
{
    static bool is_started;
    if (!is_started) {
        CHECK_EQ(cellar__meta_init(), 0);
        CHECK_EQ(cellar__heap_init(&cellar__fit_instant, CELLAR_SIZING_EXACT), 0);
        is_started = true;
    }
}

/* Blocks begin at colours. */
static char *base_of(const void *block)
{
    return cellar__run_find(block)->base;
}

static char *take(struct cellar__large_source *source)
{
    void *items[4] = {NULL};
    CHECK_EQ(cellar__large_backend.import(source, items, 4), 1); /* one run an import */
    CHECK(items[0] != NULL);
    CHECK_EQ((uintptr_t)items[0] % CELLAR_COLOUR_UNIT, 0);
    return items[0];
}

static enum cellar__item_fault give(struct cellar__large_source *source, void *block)
{
    enum cellar__item_fault fault;
    size_t given = cellar__large_backend.release(source, &block, 1, &fault);
    CHECK_EQ(given, fault == CELLAR_ITEM_OK);
    return fault;
}

/* G1, G2 */
TEST(block_is_a_run_with_a_descriptor)
{
    start();
    char *block = take(&three);
    struct cellar__run *run = cellar__run_find(block + 3 * CELLAR_GRANULE - CELLAR_COLOUR_ROOM - 1);
    CHECK(run != NULL);
    CHECK_EQ((uintptr_t)run->base % CELLAR_GRANULE, 0);
    CHECK_LT((size_t)(block - run->base), CELLAR_COLOUR_ROOM);
    CHECK_PTR(cellar__large_block(cellar__large_of(run)), block);
    CHECK_EQ(run->ngranules, 3);
    CHECK_EQ(run->kind, CELLAR_RUN_LARGE);
    CHECK_PTR(cellar__large_of(run)->source, &three);
    CHECK_EQ(cellar__page_map_tag(block), three.tag);
    CHECK_EQ(three.nout, 1);
    CHECK_EQ(give(&three, block), CELLAR_ITEM_OK);
    CHECK_EQ(three.nout, 0);
    CHECK_PTR(cellar__run_find(block), NULL);
}

/* Sixty-four in a row begin in as many lines of their pages; what is next to another lies far from it. */
TEST(colours_differ)
{
    char *blocks[64];
    uint64_t seen = 0;
    size_t last = 0;
    start();
    for (size_t i = 0; i < 64; i++) {
        blocks[i] = take(&three);
        size_t line = (size_t)(blocks[i] - base_of(blocks[i])) / CELLAR_COLOUR_UNIT;
        CHECK_EQ(seen >> line & 1, 0);
        CHECK(i == 0 || line > last + 8 || last > line + 8);
        seen |= UINT64_C(1) << line;
        last = line;
    }
    for (size_t i = 0; i < 64; i++) {
        CHECK_EQ(give(&three, blocks[i]), CELLAR_ITEM_OK);
    }
}

TEST(block_without_a_colour_is_aligned)
{
    start();
    char *block = take(&three);
    while (block == base_of(block)) {
        CHECK_EQ(give(&three, block), CELLAR_ITEM_OK);
        block = take(&three);
    }
    struct cellar__large *large = cellar__large_of(cellar__run_find(block));
    char *aligned = cellar__large_align(large);
    CHECK_PTR(aligned, base_of(block));
    CHECK_EQ(give(&three, block), CELLAR_ITEM_MISALIGNED);
    CHECK_EQ(give(&three, aligned), CELLAR_ITEM_OK);
}

TEST(import_of_none_gives_none)
{
    void *item = NULL;
    start();
    CHECK_EQ(cellar__large_backend.import(&three, &item, 0), 0);
    CHECK_EQ(three.nout, 0);
}

TEST(release_refuses_what_is_no_block_of_the_source)
{
    start();
    char *block = take(&three);
    CHECK_EQ(give(&three, block + CELLAR_GRANULE), CELLAR_ITEM_MISALIGNED);
    CHECK_EQ(give(&three, block + 16), CELLAR_ITEM_MISALIGNED);
    CHECK_EQ(give(&three, block - 16),
             block == base_of(block) ? CELLAR_ITEM_NOT_HERE : CELLAR_ITEM_MISALIGNED);
    CHECK_EQ(give(&five, block), CELLAR_ITEM_MISALIGNED);
    CHECK_EQ(give(&three, &three), CELLAR_ITEM_NOT_HERE);
    CHECK_EQ(three.nout, 1);
    CHECK_EQ(give(&three, block), CELLAR_ITEM_OK);
    CHECK_EQ(give(&three, block), CELLAR_ITEM_NOT_HERE);
    CHECK_EQ(three.nout, 0);
}

TEST(release_stops_at_the_first_fault)
{
    enum cellar__item_fault fault;
    start();
    void *blocks[3] = {take(&three), &fault, take(&three)};
    CHECK_EQ(cellar__large_backend.release(&three, blocks, 3, &fault), 1);
    CHECK_EQ(fault, CELLAR_ITEM_NOT_HERE);
    CHECK_EQ(three.nout, 1);
    CHECK_EQ(give(&three, blocks[2]), CELLAR_ITEM_OK);
}

TEST(resize_changes_size_source_and_tag)
{
    start();
    char *item = take(&three);
    char *block = base_of(item);
    struct cellar__large *large = cellar__large_of(cellar__run_find(block));
    memset(block, 0x21, 3 * CELLAR_GRANULE);
    CHECK_EQ(cellar__large_resize(large, &five), 0); /* what lies behind is free */
    CHECK_EQ(three.nout, 0);
    CHECK_EQ(five.nout, 1);
    CHECK_EQ(cellar__page_map_tag(block), five.tag);
    CHECK_EQ(cellar__page_map_tag(block + 5 * CELLAR_GRANULE - 1), five.tag);
    CHECK_EQ(block[3 * CELLAR_GRANULE - 1], 0x21);
    memset(block, 0x22, 5 * CELLAR_GRANULE);
    CHECK_EQ(cellar__large_resize(large, &three), 0);
    CHECK_EQ(cellar__page_map_tag(block), three.tag);
    CHECK_EQ(cellar__page_map_tag(block + 3 * CELLAR_GRANULE), 0);
    CHECK_PTR(cellar__run_find(block + 3 * CELLAR_GRANULE), NULL);
    CHECK_PTR(cellar__large_block(large), item);
    CHECK_EQ(give(&three, item), CELLAR_ITEM_OK);
    CHECK_EQ(five.nout, 0);
}

TEST(resize_fails_when_the_neighbour_is_out)
{
    start();
    char *blocks[64] = {take(&three)};
    size_t n = 1;
    do { /* until one lies right behind the one before */
        CHECK_LT(n, 64);
        blocks[n++] = take(&three);
    } while (base_of(blocks[n - 1]) != base_of(blocks[n - 2]) + 3 * CELLAR_GRANULE);
    char *block = blocks[n - 2];
    struct cellar__large *large = cellar__large_of(cellar__run_find(block));
    CHECK_EQ(cellar__large_resize(large, &five), -ENOMEM);
    CHECK_PTR(large->source, &three);
    CHECK_EQ(cellar__page_map_tag(block), three.tag);
    CHECK_EQ(large->run.ngranules, 3);
    CHECK_EQ(five.nout, 0);
    for (size_t i = 0; i < n; i++) {
        CHECK_EQ(give(&three, blocks[i]), CELLAR_ITEM_OK);
    }
}

static size_t nspared;
static char *spared; /* a block of five to spare */

static void spare(size_t ngranules, bool is_last)
{
    (void)is_last;
    nspared++;
    if (spared != NULL && ngranules <= five.ngranules) {
        CHECK_EQ(give(&five, spared), CELLAR_ITEM_OK);
        spared = NULL;
    }
}

/* Only when no dirty run serves is one asked for, and it is what the block gets. */
TEST(waiting_runs_come_before_clean_memory)
{
    start();
    cellar__dirty_purge_all();
    cellar__run_set_spare(spare);
    spared = take(&five);
    char *begin = base_of(spared);
    nspared = 0;
    char *first = take(&three);
    CHECK_EQ(nspared, 1);
    CHECK_PTR(base_of(first), begin);
    CHECK_EQ(give(&three, first), CELLAR_ITEM_OK);
    char *again = take(&three);
    CHECK_EQ(nspared, 1);
    char *more = take(&three); /* nobody has any: clean memory */
    CHECK_EQ(nspared, 2);
    cellar__run_set_spare(NULL);
    CHECK_EQ(give(&three, again), CELLAR_ITEM_OK);
    CHECK_EQ(give(&three, more), CELLAR_ITEM_OK);
}

TEST(import_gives_none_without_memory)
{
    static struct cellar__large_source vast = {.ngranules = 4096, .tag = 7}; /* beyond what is committed */
    void *item = NULL;
    start();
    cellar__fault_arm(CELLAR_FAULT_COMMIT, 0, UINT32_MAX);
    CHECK_EQ(cellar__large_backend.import(&vast, &item, 1), 0);
    cellar__fault_disarm_all();
    CHECK_EQ(vast.nout, 0);
    CHECK_EQ(cellar__large_backend.import(&vast, &item, 1), 1);
    CHECK_EQ(give(&vast, item), CELLAR_ITEM_OK);
    CHECK_PTR(cellar__arena_check(&cellar__heap_arena), NULL);
}

TEST_MAIN()
