/* levels: base os slab malloc/classes */
#include "malloc/classes.h"

#include "large/colour.h"
#include "slab/slab.h"
#include "submap/page_map.h"
#include "test.h"
#include "zone/thread.h"

TEST(sizes_rise_by_multiples_of_16)
{
    CHECK_EQ(cellar__class_size(1), 16);
    for (unsigned id = 2; id < CELLAR_CLASS_END; id++) {
        CHECK_GT(cellar__class_size(id), cellar__class_size(id - 1));
        CHECK_EQ(cellar__class_size(id) % 16, 0);
    }
    CHECK_EQ(cellar__class_size(CELLAR_CLASS_NSLAB), CELLAR_CLASS_SLAB_MAX);
    CHECK_EQ(cellar__class_size(CELLAR_CLASS_END - 1), CELLAR_CLASS_MAX);
    CHECK_LE(CELLAR_CLASS_END, CELLAR_THREAD_NOWN);
}

TEST(runs_but_the_first_are_whole_granules)
{
    CHECK_EQ(cellar__class_size(CELLAR_CLASS_NSLAB + 1) + CELLAR_COLOUR_ROOM, CELLAR_GRANULE);
    for (unsigned id = CELLAR_CLASS_NSLAB + 2; id < CELLAR_CLASS_END; id++) {
        CHECK_EQ(cellar__class_size(id) % CELLAR_GRANULE, 0);
    }
}

/* Some ids are of no class: nothing is asked of them. */
static bool class_exists(unsigned id)
{
    return cellar__class_of(cellar__class_size(id)) == id;
}

static unsigned class_below(unsigned id)
{
    do {
        id--;
    } while (!class_exists(id));
    return id;
}

TEST(ids_are_left_out_between_small_classes_alone)
{
    size_t nclasses = 0;
    for (unsigned id = 1; id < CELLAR_CLASS_END; id++) {
        CHECK(class_exists(id) || id < CELLAR_CLASS_SMALL_MAX / 16);
        nclasses += class_exists(id);
    }
    CHECK_EQ(nclasses, CELLAR_CLASS_END - 1 - (8 + 24));
}

/* Every size there is: the class holds it, and the one below does not. */
TEST(class_of_is_the_smallest_that_holds)
{
    CHECK_EQ(cellar__class_of(0), 1);
    for (size_t n = 1; n <= CELLAR_CLASS_MAX; n++) {
        unsigned id = cellar__class_of(n);
        CHECK(id >= 1 && id < CELLAR_CLASS_END);
        CHECK_GE(cellar__class_size(id), n);
        CHECK(id == 1 || cellar__class_size(class_below(id)) < n);
    }
}

/* The bounds that the header promises: less than 16 bytes, then less than an eighth, a quarter and a fifth of what was asked. */
TEST(rounding_is_bounded)
{
    for (size_t n = 1; n <= CELLAR_CLASS_SLAB_MAX; n++) {
        size_t waste = cellar__class_size(cellar__class_of(n)) - n;
        if (n <= 256) {
            CHECK_LT(waste, 16);
        } else if (n <= 1024) {
            CHECK_LT(8 * waste, n);
        } else if (n <= 2048) {
            CHECK_LT(4 * waste, n);
        } else {
            CHECK_LT(5 * waste, n);
        }
    }
}

TEST(a_power_of_two_and_a_header_lose_an_eighth_at_most)
{
    for (size_t power = 2048; power < CELLAR_CLASS_SLAB_MAX; power *= 2) {
        for (size_t header = 1; header <= power / 4; header++) {
            CHECK_LT(8 * (cellar__class_size(cellar__class_of(power + header)) - power - header),
                     power + header);
        }
    }
}

/* What the arithmetic of malloc/fast.h stands on. */
TEST(small_classes_are_numbered_by_size)
{
    for (size_t n = 1; n <= CELLAR_CLASS_SMALL_MAX; n++) {
        CHECK_EQ(cellar__class_size(cellar__class_of(n)), 16 * cellar__class_of(n));
    }
}

/* Slabs begin at granules, so the size tells the alignment of every item; and so do runs. */
static bool class_aligns(unsigned id, size_t align)
{
    return id > CELLAR_CLASS_NSLAB || cellar__class_size(id) % align == 0;
}

TEST(aligned_class_aligns)
{
    for (size_t align = 1; align <= CELLAR_GRANULE; align *= 2) {
        for (size_t n = 0; n <= CELLAR_CLASS_MAX; n += n < 5000 ? 1 : 997) {
            unsigned id = cellar__class_of_aligned(n, align);
            CHECK(id != 0);
            CHECK_GE(cellar__class_size(id), n);
            CHECK(class_aligns(id, align));
            unsigned first = cellar__class_of(n); /* none below serves */
            while (!class_exists(first) || !class_aligns(first, align)) {
                first++;
            }
            CHECK_EQ(id, first);
        }
    }
}

TEST(aligned_class_of_16_is_that_of_the_size)
{
    for (size_t n = 0; n <= CELLAR_CLASS_MAX; n += 7) {
        CHECK_EQ(cellar__class_of_aligned(n, 16), cellar__class_of(n < 16 ? 16 : n));
    }
}

TEST(no_class_beyond_the_limits)
{
    CHECK_EQ(cellar__class_of_aligned(CELLAR_CLASS_MAX + 1, 16), 0);
    CHECK_EQ(cellar__class_of_aligned(16, 2 * CELLAR_GRANULE), 0);
}

TEST(slab_classes_can_be_cut)
{
    for (unsigned id = 1; id <= CELLAR_CLASS_NSLAB; id++) {
        struct cellar__geometry geometry = cellar__geometry_make(cellar__class_size(id), false);
        CHECK_GE(geometry.nitems, 2);
    }
}

TEST_MAIN()
