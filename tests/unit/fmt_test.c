/* levels: base os */
#include "base/fmt.h"
#include "test.h"

/* Cellar's text beside libc's, for one format that both know. */
#define CHECK_SAME(...)                                                                                      \
    do {                                                                                                     \
        char ours[128], theirs[128];                                                                         \
        struct cellar__fmt fmt;                                                                              \
        cellar__fmt_init(&fmt, ours, sizeof ours);                                                           \
        cellar__fmt_print(&fmt, __VA_ARGS__);                                                                \
        int length = snprintf(theirs, sizeof theirs, __VA_ARGS__);                                           \
        CHECK_STR(ours, theirs);                                                                             \
        CHECK_EQ(fmt.length, length);                                                                        \
        CHECK(!fmt.truncated);                                                                               \
    } while (0)

TEST(text)
{
    CHECK_SAME("plain");
    CHECK_SAME("[%s]", "");
    CHECK_SAME("%s, %s%c 100%%", "hello", "world", '!');
    CHECK_SAME("[%8s] [%-8s] [%2s]", "abc", "abc", "abc");
}

TEST(parts)
{
    char buffer[32];
    struct cellar__fmt fmt;
    cellar__fmt_init(&fmt, buffer, sizeof buffer);
    cellar__fmt_text(&fmt, "a");
    cellar__fmt_number(&fmt, 0);
    cellar__fmt_text(&fmt, "");
    cellar__fmt_number(&fmt, UINT64_MAX);
    CHECK_STR(buffer, "a018446744073709551615");
    CHECK(!fmt.truncated);
    cellar__fmt_number(&fmt, UINT64_MAX);
    CHECK_STR(buffer, "a018446744073709551615184467440");
    CHECK(fmt.truncated);
}

TEST(null_string)
{
    char buffer[16];
    struct cellar__fmt fmt;
    const char *volatile nothing = NULL;
    cellar__fmt_init(&fmt, buffer, sizeof buffer);
    cellar__fmt_print(&fmt, "%s", nothing);
    CHECK_STR(buffer, "(null)");
}

TEST(integers)
{
    CHECK_SAME("%d %d %d %d", 0, -1, INT32_MAX, INT32_MIN);
    CHECK_SAME("%ld %ld %lld", INT64_MAX, INT64_MIN, -5LL);
    CHECK_SAME("%u %u %lu %zu", 0u, UINT32_MAX, UINT64_MAX, SIZE_MAX);
    CHECK_SAME("%x %lx %zx", 0xdeadbeefu, UINT64_MAX, (size_t)0);
    CHECK_SAME("[%5d] [%-5d] [%05d] [%016lx] [%2d]", 42, 42, 42, UINT64_C(0xabc), 12345);
    CHECK_SAME("[%5d] [%-5d]", -42, -42);
}

TEST(zero_fill_goes_behind_the_sign)
{
    CHECK_SAME("[%05d] [%06.1f]", -42, -2.5);
}

TEST(width_of_a_character)
{
    CHECK_SAME("[%3c] [%-3c]", 'x', 'x');
}

TEST(pointers)
{
    CHECK_SAME("%p", (void *)(uintptr_t)0x7f0012345678);
}

TEST(doubles)
{
    CHECK_SAME("%.0f %.1f %.2f %.3f %.6f", 2.6, 0.25001, 99.999, 0.0005001, 3.1415926);
    CHECK_SAME("%f %.2f %.1f", 1.5, -0.75, -12.34);
    CHECK_SAME("[%8.2f] [%-8.2f]", 3.14159, 3.14159);
    CHECK_SAME("%.3f %.2f", 0.0, 1e9);
    CHECK_SAME("%.1f", 9.96); /* the carry goes into the whole part */
}

TEST(no_negative_zero)
{
    char buffer[16];
    struct cellar__fmt fmt;
    cellar__fmt_init(&fmt, buffer, sizeof buffer);
    cellar__fmt_print(&fmt, "%.1f", -0.01);
    CHECK_STR(buffer, "0.0");
}

TEST(what_does_not_fit_is_cut)
{
    char buffer[8] = "xxxxxxx";
    struct cellar__fmt fmt;
    cellar__fmt_init(&fmt, buffer, 5);
    CHECK_STR(buffer, "");
    cellar__fmt_print(&fmt, "1234");
    CHECK(!fmt.truncated);
    cellar__fmt_print(&fmt, "%d", 56);
    CHECK(fmt.truncated);
    CHECK_STR(buffer, "1234");
    CHECK_EQ(fmt.length, 4);
    CHECK_EQ(buffer[5], 'x');
}

TEST(a_buffer_of_one_byte)
{
    char buffer[2] = "xy";
    struct cellar__fmt fmt;
    cellar__fmt_init(&fmt, buffer, 1);
    cellar__fmt_print(&fmt, "%s", "a");
    CHECK(fmt.truncated && fmt.length == 0 && buffer[0] == '\0' && buffer[1] == 'y');
}

TEST(prints_append)
{
    char buffer[32];
    struct cellar__fmt fmt;
    cellar__fmt_init(&fmt, buffer, sizeof buffer);
    cellar__fmt_print(&fmt, "a%d", 1);
    cellar__fmt_print(&fmt, "b%s", "c");
    CHECK_STR(buffer, "a1bc");
}

TEST_MAIN()
