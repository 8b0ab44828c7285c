/* levels: base os */
#include "base/bits.h"
#include "test.h"

TEST(is_pow2)
{
    CHECK(!cellar__is_pow2(0));
    CHECK(!cellar__is_pow2(3));
    CHECK(!cellar__is_pow2(UINT64_MAX));
    for (unsigned bit = 0; bit < 64; bit++) {
        CHECK(cellar__is_pow2(UINT64_C(1) << bit));
        CHECK(bit == 0 || !cellar__is_pow2((UINT64_C(1) << bit) + 1));
    }
}

TEST(lg_floor_and_ceil)
{
    CHECK_EQ(cellar__lg_floor(1), 0);
    CHECK_EQ(cellar__lg_ceil(1), 0);
    CHECK_EQ(cellar__lg_ceil(2), 1);
    CHECK_EQ(cellar__lg_ceil(3), 2);
    CHECK_EQ(cellar__lg_floor(UINT64_MAX), 63);
    CHECK_EQ(cellar__lg_ceil(UINT64_MAX), 64);
    for (unsigned bit = 2; bit < 64; bit++) {
        uint64_t power = UINT64_C(1) << bit;
        CHECK_EQ(cellar__lg_floor(power - 1), bit - 1);
        CHECK_EQ(cellar__lg_floor(power), bit);
        CHECK_EQ(cellar__lg_ceil(power - 1), bit);
        CHECK_EQ(cellar__lg_ceil(power), bit);
        CHECK_EQ(cellar__lg_ceil(power + 1), bit + 1);
    }
}

TEST(low_bit)
{
    for (unsigned bit = 0; bit < 64; bit++) {
        CHECK_EQ(cellar__low_bit(UINT64_MAX << bit), bit);
    }
}

TEST(round)
{
    struct test_random random = {test_seed()};
    CHECK_EQ(cellar__round_up(0, 4096), 0);
    CHECK_EQ(cellar__round_up(1, 4096), 4096);
    CHECK_EQ(cellar__round_down(4095, 4096), 0);
    CHECK_EQ(cellar__round_down(UINT64_MAX, 1), UINT64_MAX);
    for (int i = 0; i < 10000; i++) {
        uint64_t align = UINT64_C(1) << test_random_below(&random, 40);
        uint64_t x = test_random_next(&random) >> 1;
        uint64_t up = cellar__round_up(x, align);
        uint64_t down = cellar__round_down(x, align);
        CHECK(down <= x && x <= up);
        CHECK(down % align == 0 && up % align == 0);
        CHECK(x - down < align && up - x < align);
    }
}

TEST(round_up_try_refuses_to_wrap)
{
    uint64_t ret = 77;
    CHECK(!cellar__round_up_try(UINT64_MAX, 4096, &ret));
    CHECK(!cellar__round_up_try(UINT64_MAX - 4094, 4096, &ret));
    CHECK_EQ(ret, 77);
    CHECK(cellar__round_up_try(UINT64_MAX - 4095, 4096, &ret));
    CHECK_EQ(ret, UINT64_MAX - 4095);
    CHECK(cellar__round_up_try(UINT64_MAX, 1, &ret));
    CHECK_EQ(ret, UINT64_MAX);
}

TEST(div_ceil)
{
    CHECK_EQ(cellar__div_ceil(0, 7), 0);
    CHECK_EQ(cellar__div_ceil(7, 7), 1);
    CHECK_EQ(cellar__div_ceil(8, 7), 2);
    CHECK_EQ(cellar__div_ceil(UINT64_MAX, 2), UINT64_C(1) << 63);
}

TEST(min_max_clamp)
{
    CHECK_EQ(cellar__min(1, UINT64_MAX), 1);
    CHECK_EQ(cellar__max(1, UINT64_MAX), UINT64_MAX);
    CHECK_EQ(cellar__clamp(4, 5, 9), 5);
    CHECK_EQ(cellar__clamp(5, 5, 9), 5);
    CHECK_EQ(cellar__clamp(7, 5, 9), 7);
    CHECK_EQ(cellar__clamp(10, 5, 9), 9);
}

TEST_MAIN()
