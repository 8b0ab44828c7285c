/* levels: base os */
#include "base/bitmap.h"
#include "test.h"

TEST(nwords)
{
    CHECK_EQ(cellar__bitmap_nwords(0), 0);
    CHECK_EQ(cellar__bitmap_nwords(1), 1);
    CHECK_EQ(cellar__bitmap_nwords(64), 1);
    CHECK_EQ(cellar__bitmap_nwords(65), 2);
}

TEST(mask_covers_the_last_word_in_part)
{
    CHECK_EQ(cellar__bitmap_mask(64, 0), UINT64_MAX);
    CHECK_EQ(cellar__bitmap_mask(65, 0), UINT64_MAX);
    CHECK_EQ(cellar__bitmap_mask(65, 1), 1);
    CHECK_EQ(cellar__bitmap_mask(3, 0), 7);
    CHECK_EQ(cellar__bitmap_mask(127, 1), UINT64_MAX >> 1);
}

TEST(set_and_clear_touch_one_bit)
{
    uint64_t words[3] = {0};
    for (size_t bit = 0; bit < 192; bit++) {
        cellar__bitmap_set(words, bit);
        CHECK_EQ(cellar__bitmap_count(words, 192), 1);
        for (size_t other = 0; other < 192; other++) {
            CHECK_EQ(cellar__bitmap_test(words, other), other == bit);
        }
        cellar__bitmap_clear(words, bit);
        CHECK_EQ(cellar__bitmap_count(words, 192), 0);
    }
}

TEST(find_clear_gives_the_lowest)
{
    uint64_t words[3] = {0};
    for (size_t bit = 0; bit < 150; bit++) {
        CHECK_EQ(cellar__bitmap_find_clear(words, 150, 0), bit);
        cellar__bitmap_set(words, bit);
    }
    CHECK_EQ(cellar__bitmap_find_clear(words, 150, 0), 150);
    cellar__bitmap_clear(words, 3);
    cellar__bitmap_clear(words, 70);
    CHECK_EQ(cellar__bitmap_find_clear(words, 150, 0), 3);
    CHECK_EQ(cellar__bitmap_find_clear(words, 150, 1), 70);
    CHECK_EQ(cellar__bitmap_find_clear(words, 150, 2), 150);
    CHECK_EQ(cellar__bitmap_find_clear(words, 150, 3), 150);
}

TEST_MAIN()
