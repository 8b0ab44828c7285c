/* levels: base os */
#include "os/fault.h"
#include "os/os.h"
#include "test.h"

TEST(disarmed_hits_nothing_and_counts_nothing)
{
    cellar__fault_disarm_all();
    for (int i = 0; i < 3; i++) {
        CHECK(!cellar__fault_hits(CELLAR_FAULT_MAP));
    }
    CHECK_EQ(cellar__fault_calls(CELLAR_FAULT_MAP), 0);
}

TEST(skips_then_fails_then_lets_through)
{
    cellar__fault_arm(CELLAR_FAULT_COMMIT, 2, 3);
    for (int call = 0; call < 10; call++) {
        CHECK_EQ(cellar__fault_hits(CELLAR_FAULT_COMMIT), call >= 2 && call < 5);
    }
    CHECK_EQ(cellar__fault_calls(CELLAR_FAULT_COMMIT), 10);
    cellar__fault_disarm_all();
}

TEST(kinds_are_apart)
{
    cellar__fault_arm(CELLAR_FAULT_PURGE, 0, 1);
    CHECK(!cellar__fault_hits(CELLAR_FAULT_RESERVE));
    CHECK(cellar__fault_hits(CELLAR_FAULT_PURGE));
    CHECK_EQ(cellar__fault_calls(CELLAR_FAULT_RESERVE), 0);
    cellar__fault_disarm_all();
}

TEST(arming_counts_anew_and_a_count_of_0_disarms)
{
    cellar__fault_arm(CELLAR_FAULT_MAP, 0, UINT32_MAX);
    CHECK(cellar__fault_hits(CELLAR_FAULT_MAP));
    cellar__fault_arm(CELLAR_FAULT_MAP, 1, 1);
    CHECK(!cellar__fault_hits(CELLAR_FAULT_MAP));
    CHECK(cellar__fault_hits(CELLAR_FAULT_MAP));
    cellar__fault_arm(CELLAR_FAULT_MAP, 0, 0);
    CHECK(!cellar__fault_hits(CELLAR_FAULT_MAP));
}

/* Every call of the contract that may fail does so on demand, with the error that its header names. */
TEST(each_call_of_the_os_fails_on_demand)
{
    size_t page = cellar__os_machine()->page_size;
    bool resident = true; /* untouched on failure */
    char *map = cellar__os_map(2 * page, page);
    CHECK(map != NULL);
    for (unsigned kind = 0; kind < CELLAR_FAULT_COUNT; kind++) {
        cellar__fault_arm((enum cellar__fault)kind, 0, 1);
    }
    CHECK_PTR(cellar__os_reserve(page, page, NULL), NULL);
    CHECK_EQ(cellar__os_commit(map, page), -ENOMEM);
    CHECK_EQ(cellar__os_purge(map, page), -ENOMEM);
    CHECK_EQ(cellar__os_resident(map, page, &resident), -ENOMEM);
    CHECK(resident);
    CHECK_PTR(cellar__os_map(page, page), NULL);
    CHECK_PTR(cellar__os_remap(map, 2 * page, page), NULL);
    CHECK_EQ(cellar__os_unmap(map, 2 * page), -ENOMEM);
    cellar__fault_disarm_all();
    map[0] = 1;
    map[2 * page - 1] = 1;
    CHECK_EQ(cellar__os_unmap(map, 2 * page), 0);
}

TEST(zeros_fail_on_demand)
{
    size_t page = cellar__os_machine()->page_size;
    char *zeros = cellar__os_map_zeros(page);
    CHECK(zeros != NULL);
    cellar__fault_arm(CELLAR_FAULT_RESERVE, 0, 1);
    CHECK_PTR(cellar__os_map_zeros(page), NULL);
    cellar__fault_arm(CELLAR_FAULT_COMMIT, 0, 1);
    CHECK_EQ(cellar__os_open(zeros, page), -ENOMEM);
    cellar__fault_disarm_all();
    CHECK_EQ(cellar__os_open(zeros, page), 0);
}

TEST_MAIN()
