/* levels: base os */
#include "base/text.h"

#include "test.h"

TEST(texts_are_equal_to_the_end)
{
    CHECK(cellar__text_equal("", ""));
    CHECK(cellar__text_equal("fast", "fast"));
    CHECK(!cellar__text_equal("fast", "fas"));
    CHECK(!cellar__text_equal("fas", "fast"));
    CHECK(!cellar__text_equal("", "f"));
    CHECK(!cellar__text_equal("fast", "last"));
}

TEST(a_span_ends_at_the_character_or_with_the_text)
{
    CHECK_EQ(cellar__text_span("", ','), 0);
    CHECK_EQ(cellar__text_span("fit", ','), 3);
    CHECK_EQ(cellar__text_span("fit:best,mode:fast", ','), 8);
    CHECK_EQ(cellar__text_span(",fit", ','), 0);
    CHECK_EQ(cellar__text_span("fit", '\0'), 3);
}

TEST_MAIN()
