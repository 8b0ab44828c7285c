/* levels: base os slab keg; with: fake/heap.c */
#include "keg/bins.h"

#include "fake/heap.h"
#include "test.h"

static struct cellar__keg keg;

/* For every number of items that a slab can have. */
TEST(the_bin_is_the_eighth_of_the_items_that_are_out)
{
    for (size_t size = 16; size <= (size_t)1 << 19; size += size < 32768 ? 16 : 4096) {
        struct cellar__keg_attr attr = {.size = size};
        cellar__keg_init(&keg, &attr);
        uint32_t nitems = keg.geometry.nitems;
        CHECK_EQ(cellar__bins_index(&keg, 0), CELLAR_KEG_NBINS);
        CHECK_EQ(cellar__bins_index(&keg, nitems), CELLAR_KEG_NBINS);
        for (uint32_t nout = 1; nout < nitems; nout++) {
            CHECK_EQ(cellar__bins_index(&keg, nout), nout * CELLAR_KEG_NBINS / nitems);
        }
    }
}

TEST_MAIN()
