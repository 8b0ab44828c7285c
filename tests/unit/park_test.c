/* levels: base os slab keg bucket smr zone; with: fake/heap.c */
#include "zone/park.h"

#include <stddef.h>

#include "base/bits.h"
#include "os/os.h"
#include "test.h"
#include "zone/thread.h"

static struct cellar__thread park_threads[CELLAR_PARK_NPLACES + 1];

TEST(nothing_is_parked_at_first)
{
    CHECK_PTR(cellar__park_take(), NULL);
    for (unsigned i = 0; i < CELLAR_PARK_NPLACES; i++) {
        CHECK_PTR(cellar__park_take_at(i), NULL);
    }
    CHECK(!cellar__park_has(&park_threads[0]));
}

TEST(as_many_as_there_are_cpus)
{
    size_t nplaces = cellar__min(cellar__os_machine()->ncpus, CELLAR_PARK_NPLACES);
    for (size_t i = 0; i < nplaces; i++) {
        CHECK(cellar__park_put(&park_threads[i]));
        CHECK(cellar__park_has(&park_threads[i]));
    }
    CHECK(!cellar__park_put(&park_threads[nplaces]));
    CHECK(!cellar__park_has(&park_threads[nplaces]));
    for (size_t i = 0; i < nplaces; i++) {
        struct cellar__thread *thread = cellar__park_take();
        CHECK(thread != NULL);
        CHECK(!cellar__park_has(thread));
    }
    CHECK_PTR(cellar__park_take(), NULL);
}

TEST(place_is_emptied_alone)
{
    CHECK(cellar__park_put(&park_threads[0]));
    CHECK_PTR(cellar__park_take_at(0), &park_threads[0]);
    CHECK_PTR(cellar__park_take_at(0), NULL);
    CHECK(!cellar__park_has(&park_threads[0]));
}

TEST_MAIN()
