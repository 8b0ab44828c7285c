/* levels: base os arena/budget */
#include "arena/budget.h"
#include "fake/fresh.h"

FRESH_TEST(held_and_peak)
{
    CHECK_EQ(cellar__budget_held(), 0);
    CHECK_EQ(cellar__budget_charge(100), 0);
    CHECK_EQ(cellar__budget_charge(50), 0);
    cellar__budget_uncharge(100);
    CHECK_EQ(cellar__budget_held(), 50);
    CHECK_EQ(cellar__budget_peak(), 150);
    CHECK_EQ(cellar__budget_charge(20), 0);
    CHECK_EQ(cellar__budget_peak(), 150);
}

FRESH_TEST(the_limit_may_be_reached_and_not_passed)
{
    cellar__budget_set_limit(1000);
    CHECK_EQ(cellar__budget_charge(600), 0);
    CHECK_EQ(cellar__budget_charge(401), -ENOMEM);
    CHECK_EQ(cellar__budget_held(), 600);
    CHECK_EQ(cellar__budget_peak(), 600); /* what was refused was never held */
    CHECK_EQ(cellar__budget_charge(400), 0);
    CHECK_EQ(cellar__budget_charge(1), -ENOMEM);
    cellar__budget_set_limit(500); /* below what is held: nothing more until enough came back */
    cellar__budget_uncharge(499);
    CHECK_EQ(cellar__budget_charge(1), -ENOMEM);
    cellar__budget_uncharge(2);
    CHECK_EQ(cellar__budget_charge(1), 0);
}

FRESH_TEST(sizes_that_wrap_are_refused)
{
    CHECK_EQ(cellar__budget_charge(4096), 0);
    cellar__budget_set_limit(8192);
    CHECK_EQ(cellar__budget_charge(SIZE_MAX - 1000), -ENOMEM);
    CHECK_EQ(cellar__budget_held(), 4096);
}

TEST_MAIN()
