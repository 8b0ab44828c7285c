/* levels: base os submap meta arena slab keg bucket smr zone; with: */
#include "model/user_ops.h"

TEST(zones_hold_what_the_model_holds)
{
    ops_test(zones_replay, USER_OP_KINDS, 600, 15);
}

TEST_MAIN()
