/* levels: base os */
#include "base/hash.h"
#include "test.h"

/* Every input bit reaches every output bit: flipping one flips each of the others about half of the time. */
TEST(every_input_bit_reaches_every_output_bit)
{
    struct test_random random = {test_seed()};
    enum { TRIES = 400 };
    for (unsigned in = 0; in < 64; in++) {
        unsigned flips[64] = {0};
        for (int i = 0; i < TRIES; i++) {
            uint64_t x = test_random_next(&random);
            uint64_t changed = cellar__hash_mix(x) ^ cellar__hash_mix(x ^ UINT64_C(1) << in);
            for (unsigned out = 0; out < 64; out++) {
                flips[out] += changed >> out & 1;
            }
        }
        for (unsigned out = 0; out < 64; out++) {
            CHECK_GT(flips[out], TRIES / 4);
            CHECK_LT(flips[out], TRIES * 3 / 4);
        }
    }
}

/* The inverse of x ^= x >> shift. */
static uint64_t unshift(uint64_t x, unsigned shift)
{
    uint64_t result = x;
    for (unsigned done = shift; done < 64; done += shift) {
        result = x ^ result >> shift;
    }
    return result;
}

/* The inverse modulo 2^64 of an odd number, by Newton's iteration. */
static uint64_t inverse(uint64_t odd)
{
    uint64_t result = odd;
    for (int i = 0; i < 6; i++) {
        result *= 2 - odd * result;
    }
    return result;
}

TEST(is_a_bijection)
{
    struct test_random random = {test_seed()};
    for (int i = 0; i < 1000; i++) {
        uint64_t x = i < 10 ? (uint64_t)i : test_random_next(&random);
        uint64_t y = unshift(cellar__hash_mix(x), 31) * inverse(UINT64_C(0x94d049bb133111eb));
        y = unshift(y, 27) * inverse(UINT64_C(0xbf58476d1ce4e5b9));
        CHECK_EQ(unshift(y, 30), x);
    }
}

TEST_MAIN()
