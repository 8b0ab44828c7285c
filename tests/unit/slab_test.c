/* levels: base os slab */
#include "slab/slab.h"

#include "test.h"

/* A slab on a plain buffer: nothing here reads or writes what the buffer holds. */
enum { ITEM_SIZE = 672, RUN_SIZE = 64 << 10, NITEMS = RUN_SIZE / ITEM_SIZE };

static char buffer[RUN_SIZE] __attribute__((aligned(16)));
static struct cellar__geometry geometry;
static union {
    struct cellar__slab slab;
    uint64_t space[64];
} header;
static struct cellar__slab *const slab = &header.slab;
static void *items[NITEMS + 1];

static void start(bool has_ready)
{
    geometry = cellar__geometry_make(ITEM_SIZE, has_ready);
    CHECK_EQ(geometry.ngranules, 1);
    CHECK_EQ(geometry.nitems, NITEMS);
    CHECK_LE(cellar__slab_header_size(&geometry), sizeof header);
    memset(&header, 0, sizeof header);
    slab->run = (struct cellar__run){.base = buffer, .ngranules = 1, .kind = CELLAR_RUN_SLAB};
}

static void check(uint32_t nout)
{
    const char *broken = cellar__slab_check(slab, &geometry);
    CHECK_STR(broken ? broken : "no invariant", "no invariant");
    CHECK_EQ(slab->nout, nout);
}

static enum cellar__item_fault give(void *item)
{
    enum cellar__item_fault fault;
    size_t given = cellar__slab_give(slab, &geometry, &item, 1, &fault);
    CHECK_EQ(given, fault == CELLAR_ITEM_OK);
    return fault;
}

/* Up to the first at fault, or of another run. */
TEST(give_of_many)
{
    enum cellar__item_fault fault;
    start(false);
    cellar__slab_take(slab, &geometry, items, 80);
    void *out[] = {items[70], items[3], items[70], items[4]};
    CHECK_EQ(cellar__slab_give(slab, &geometry, out, 4, &fault), 2);
    CHECK_EQ(fault, CELLAR_ITEM_FREE);
    check(78);
    void *some[] = {items[4], (char *)items[5] + 1};
    CHECK_EQ(cellar__slab_give(slab, &geometry, some, 2, &fault), 1);
    CHECK_EQ(fault, CELLAR_ITEM_MISALIGNED);
    check(77);
    void *others[] = {items[9], buffer + RUN_SIZE, items[10]};
    CHECK_EQ(cellar__slab_give(slab, &geometry, others, 3, &fault), 1);
    CHECK_EQ(fault, CELLAR_ITEM_OK);
    check(76);
    CHECK_EQ(cellar__slab_take(slab, &geometry, items, 1), 1);
    CHECK_PTR(items[0], buffer + 3 * ITEM_SIZE); /* the lowest of all that came back */
}

/* n items from `from` on, upwards or downwards; all are given. */
static void give_row(uint32_t from, uint32_t n, bool is_up)
{
    void *row[NITEMS];
    enum cellar__item_fault fault;
    for (uint32_t i = 0; i < n; i++) {
        row[i] = buffer + (is_up ? from + i : from - i) * ITEM_SIZE;
    }
    CHECK_EQ(cellar__slab_give(slab, &geometry, row, n, &fault), n);
    CHECK_EQ(fault, CELLAR_ITEM_OK);
}

/* Rows that lie in one word or pass its end, and what the slab holds after each. */
TEST(give_of_rows)
{
    start(false);
    cellar__slab_take(slab, &geometry, items, NITEMS);
    give_row(10, 5, true);
    check(NITEMS - 5);
    CHECK_EQ(slab->out[0], ~(UINT64_C(31) << 10));
    give_row(70, 20, false); /* down to 51 */
    check(NITEMS - 25);
    CHECK_EQ(slab->out[0], ~(UINT64_C(31) << 10 | UINT64_C(0x1fff) << 51));
    give_row(71, NITEMS - 71, true);
    give_row(50, 36, false); /* down to 15 */
    give_row(9, 10, false);
    check(0);
    CHECK_EQ(cellar__slab_take(slab, &geometry, items, NITEMS), NITEMS);
    give_row(0, NITEMS, true);
    check(0);
    cellar__slab_take(slab, &geometry, items, NITEMS);
    give_row(NITEMS - 1, NITEMS, false);
    check(0);
}

/* A row in which one item is free already, or that leaves the slab: what lies before is given. */
TEST(give_of_rows_with_a_fault)
{
    enum cellar__item_fault fault;
    start(false);
    cellar__slab_take(slab, &geometry, items, NITEMS);
    CHECK_EQ(give(items[5]), CELLAR_ITEM_OK);
    CHECK_EQ(cellar__slab_give(slab, &geometry, items + 2, 10, &fault), 3);
    CHECK_EQ(fault, CELLAR_ITEM_FREE);
    check(NITEMS - 4);
    void *past[] = {items[NITEMS - 2], items[NITEMS - 1], buffer + NITEMS * ITEM_SIZE};
    CHECK_EQ(cellar__slab_give(slab, &geometry, past, 3, &fault), 2);
    CHECK_EQ(fault, CELLAR_ITEM_MISALIGNED);
    check(NITEMS - 6);
    void *inside[] = {buffer + 16, buffer + 16 + ITEM_SIZE, buffer + 16 + 2 * ITEM_SIZE};
    CHECK_EQ(cellar__slab_give(slab, &geometry, inside, 3, &fault), 0);
    CHECK_EQ(fault, CELLAR_ITEM_MISALIGNED);
    void *before[] = {items[1], items[0], (char *)((uintptr_t)buffer - ITEM_SIZE)};
    CHECK_EQ(cellar__slab_give(slab, &geometry, before, 3, &fault), 2);
    CHECK_EQ(fault, CELLAR_ITEM_OK);
    check(NITEMS - 8);
}

TEST(take_goes_in_address_order)
{
    start(false);
    CHECK_EQ(cellar__slab_take(slab, &geometry, items, 3), 3);
    CHECK_EQ(cellar__slab_take(slab, &geometry, items + 3, 70), 70);
    for (uint32_t i = 0; i < 73; i++) {
        CHECK_PTR(items[i], buffer + i * ITEM_SIZE);
        CHECK(cellar__slab_is_out(slab, i));
    }
    CHECK(!cellar__slab_is_out(slab, 73));
    check(73);
}

TEST(take_stops_at_the_last_item)
{
    start(false);
    CHECK_EQ(cellar__slab_take(slab, &geometry, items, NITEMS + 1), NITEMS);
    CHECK_PTR(items[NITEMS - 1], buffer + (NITEMS - 1) * ITEM_SIZE);
    check(NITEMS);
    CHECK_EQ(cellar__slab_take(slab, &geometry, items, 1), 0);
    check(NITEMS);
}

TEST(take_of_none_changes_nothing)
{
    start(false);
    CHECK_EQ(cellar__slab_take(slab, &geometry, items, 0), 0);
    check(0);
}

TEST(lowest_given_goes_out_first)
{
    start(false);
    cellar__slab_take(slab, &geometry, items, NITEMS);
    const uint32_t given[] = {90, 7, 65, 0};
    for (size_t i = 0; i < 4; i++) {
        CHECK_EQ(give(items[given[i]]), CELLAR_ITEM_OK);
        CHECK(!cellar__slab_is_out(slab, given[i]));
        check(NITEMS - 1 - (uint32_t)i);
    }
    void *again[4];
    CHECK_EQ(cellar__slab_take(slab, &geometry, again, 4), 4);
    CHECK_PTR(again[0], items[0]);
    CHECK_PTR(again[1], items[7]);
    CHECK_PTR(again[2], items[65]);
    CHECK_PTR(again[3], items[90]);
    check(NITEMS);
}

TEST(give_refuses_what_is_inside_an_item)
{
    start(false);
    cellar__slab_take(slab, &geometry, items, 2);
    CHECK_EQ(give(buffer + 16), CELLAR_ITEM_MISALIGNED);
    CHECK_EQ(give(buffer + ITEM_SIZE - 1), CELLAR_ITEM_MISALIGNED);
    CHECK_EQ(give(buffer + ITEM_SIZE + 1), CELLAR_ITEM_MISALIGNED);
    check(2);
}

TEST(give_refuses_the_tail)
{
    start(false);
    cellar__slab_take(slab, &geometry, items, NITEMS);
    CHECK_EQ(give(buffer + NITEMS * ITEM_SIZE), CELLAR_ITEM_MISALIGNED);
    CHECK_EQ(give(buffer + RUN_SIZE - 1), CELLAR_ITEM_MISALIGNED);
    check(NITEMS);
}

TEST(give_refuses_what_is_free)
{
    start(false);
    cellar__slab_take(slab, &geometry, items, 2);
    CHECK_EQ(give(items[0]), CELLAR_ITEM_OK);
    CHECK_EQ(give(items[0]), CELLAR_ITEM_FREE);
    CHECK_EQ(give(buffer + 5 * ITEM_SIZE), CELLAR_ITEM_FREE);
    check(1);
}

/* L3: an item comes marked once, until its ready bit is cleared. */
TEST(fresh_items_come_marked_once)
{
    start(true);
    CHECK_EQ(cellar__slab_take(slab, &geometry, items, 2), 2);
    CHECK_PTR(items[0], buffer + 1);
    CHECK_PTR(items[1], buffer + ITEM_SIZE + 1);
    CHECK_EQ(give(buffer), CELLAR_ITEM_OK);
    CHECK_EQ(cellar__slab_take(slab, &geometry, items, 2), 2);
    CHECK_PTR(items[0], buffer);
    CHECK_PTR(items[1], buffer + 2 * ITEM_SIZE + 1);
    CHECK_EQ(cellar__slab_ready(slab, &geometry)[0], 7);
    check(3);
    CHECK_EQ(give(buffer), CELLAR_ITEM_OK);
    cellar__slab_ready(slab, &geometry)[0] &= ~UINT64_C(1);
    CHECK_EQ(cellar__slab_take(slab, &geometry, items, 1), 1);
    CHECK_PTR(items[0], buffer + 1);
}

TEST(memory_of_items_is_not_touched)
{
    start(true);
    memset(buffer, 0x5a, sizeof buffer);
    cellar__slab_take(slab, &geometry, items, NITEMS);
    for (uint32_t i = 0; i < NITEMS; i++) {
        CHECK_EQ(give(buffer + i * ITEM_SIZE), CELLAR_ITEM_OK);
    }
    for (size_t i = 0; i < sizeof buffer; i++) {
        CHECK_EQ(buffer[i], 0x5a);
    }
}

/* The checker has to see each kind of damage. */
TEST(check_names_what_is_broken)
{
    start(false);
    cellar__slab_take(slab, &geometry, items, 70);
    slab->nout = 69;
    CHECK_STR(cellar__slab_check(slab, &geometry), "L2");
    slab->nout = 70;
    slab->out[1] |= UINT64_C(1) << 63; /* bit 127 of 97 */
    CHECK_STR(cellar__slab_check(slab, &geometry), "L2");
    slab->out[1] &= ~(UINT64_C(1) << 63);
    slab->out[0] &= ~UINT64_C(1);
    slab->nout = 69;
    slab->first_word = 1;
    CHECK_STR(cellar__slab_check(slab, &geometry), "L4");
    slab->first_word = 0;
    check(69);
    slab->run.ngranules = 0;
    CHECK_STR(cellar__slab_check(slab, &geometry), "L1");
}

TEST_MAIN()
