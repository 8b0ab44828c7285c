/* levels: base os */
#include "base/assert.h"
#include "os/panic.h"
#include "test.h"

static char long_text[3000];

TEST(message_is_one_line)
{
    EXPECT_EXIT((cellar__message("%s %d", "answer", 42), _exit(3)), 3, "cellar: answer 42\n");
}

TEST(panic_aborts)
{
    EXPECT_DEATH(cellar__panic("bad block %p", (void *)long_text), "cellar: bad block PTR\n");
}

TEST(long_text_is_cut_and_ends_in_a_newline)
{
    char expected[1025];
    memset(long_text, 'x', sizeof long_text - 1);
    memset(expected, 'x', sizeof expected);
    memcpy(expected, "cellar: ", 8);
    expected[1022] = '\n';
    expected[1023] = '\0';
    EXPECT_EXIT((cellar__message("%s", long_text), _exit(0)), 0, expected);
}

TEST(require_names_what_was_expected)
{
    volatile int one = 1;
    CELLAR_REQUIRE(one == 1);
    struct test_child child;
    if (test_child_fork(&child)) {
        CELLAR_REQUIRE(one == 2);
        _exit(TEST_SURVIVED);
    }
    test_child_wait(&child);
    CHECK(test_child_ended(&child, 0, SIGABRT));
    CHECK(strncmp(child.stderr_text, "cellar: assertion failed: one == 2 (", 36) == 0);
    CHECK(strstr(child.stderr_text, "panic_test.c:") != NULL);
}

TEST_MAIN()
