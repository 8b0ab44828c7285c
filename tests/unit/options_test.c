/* levels: base os submap meta arena malloc/options */
#include "malloc/options.h"

#include "test.h"

/* Each statement runs in a child of its own: what was read stays. The program's own settings come first. */
const char *cellar_conf = NULL;

static const struct cellar__options *read_with(const char *program, const char *environment)
{
    cellar_conf = program;
    setenv("CELLAR_CONF", environment, 1);
    cellar__options_read();
    return cellar__options_get();
}

/* Ends the child with 0 when the condition holds: EXPECT_EXIT wants that and the exact text of stderr. */
#define EXPECT_READ(program, environment, condition, text)                                                   \
    EXPECT_EXIT(                                                                                             \
        {                                                                                                    \
            const struct cellar__options *options = read_with(program, environment);                         \
            _exit((condition) ? 0 : 1);                                                                      \
        },                                                                                                   \
        0, text)

TEST(defaults_are_those_of_the_table)
{
    EXPECT_READ(NULL, "",
                strcmp(options->fit, "instant") == 0 && options->mode == CELLAR_MODE_FAST &&
                    options->decay_ms == 500 && options->limit == UINT64_MAX &&
                    options->foreign_free == CELLAR_FOREIGN_LIBC &&
                    options->zero_realloc == CELLAR_ZERO_REALLOC_FREE && options->thp == CELLAR_THP_OFF &&
                    options->stats_at_exit == CELLAR_EXIT_OFF && options->stats_file[0] == '\0',
                "");
}

TEST(pairs_are_read)
{
    EXPECT_READ(NULL, "fit:best,mode:harden,decay_ms:20,stats_at_exit:json,stats_file:/tmp/a:b",
                strcmp(options->fit, "best") == 0 && options->mode == CELLAR_MODE_HARDEN &&
                    options->decay_ms == 20 && options->stats_at_exit == CELLAR_EXIT_JSON &&
                    strcmp(options->stats_file, "/tmp/a:b") == 0,
                "");
    EXPECT_READ(NULL, "foreign_free:report,zero_realloc:alloc,thp:huge,help:0",
                options->foreign_free == CELLAR_FOREIGN_REPORT &&
                    options->zero_realloc == CELLAR_ZERO_REALLOC_ALLOC && options->thp == CELLAR_THP_HUGE,
                "");
}

TEST(bytes_have_suffixes)
{
    EXPECT_READ(NULL, "limit:2000000", options->limit == 2000000, "");
    EXPECT_READ(NULL, "limit:2048K", options->limit == 2 << 20, "");
    EXPECT_READ(NULL, "limit:3M", options->limit == 3 << 20, "");
    EXPECT_READ(NULL, "limit:5G", options->limit == UINT64_C(5) << 30, "");
    EXPECT_READ(NULL, "limit:0", options->limit == UINT64_MAX, "");
}

TEST(environment_wins_over_the_program)
{
    EXPECT_READ("fit:best,decay_ms:7", "fit:first",
                strcmp(options->fit, "first") == 0 && options->decay_ms == 7, "");
}

TEST(empty_pairs_are_passed_over)
{
    EXPECT_READ(NULL, ",,fit:best,,", strcmp(options->fit, "best") == 0, "");
}

TEST(unknown_key_warns)
{
    EXPECT_READ(NULL, "colour:red,fit:best", strcmp(options->fit, "best") == 0,
                "cellar: CELLAR_CONF: unknown key \"colour\"; see CELLAR_CONF=help:1\n");
}

TEST(text_without_a_colon_warns)
{
    EXPECT_READ(NULL, "harden", options->mode == CELLAR_MODE_FAST,
                "cellar: CELLAR_CONF: \"harden\" is no key:value; see CELLAR_CONF=help:1\n");
}

TEST(bad_value_warns_and_the_default_holds)
{
    EXPECT_READ(
        NULL, "fit:tight", strcmp(options->fit, "instant") == 0,
        "cellar: CELLAR_CONF: fit: bad value \"tight\"; it must be one of instant, segregated, quick, best, "
        "first, next, "
        "worst, buddy, fifo, lifo; using instant\n");
    EXPECT_READ(NULL, "decay_ms:-1", options->decay_ms == 500,
                "cellar: CELLAR_CONF: decay_ms: bad value \"-1\"; it must be 0 to 86400000; using 500\n");
    EXPECT_READ(
        NULL, "decay_ms:86400001", options->decay_ms == 500,
        "cellar: CELLAR_CONF: decay_ms: bad value \"86400001\"; it must be 0 to 86400000; using 500\n");
    EXPECT_READ(
        NULL, "decay_ms:99999999999999999999", options->decay_ms == 500,
        "cellar: CELLAR_CONF: decay_ms: bad value \"99999999999999999999\"; it must be 0 to 86400000; "
        "using 500\n");
    EXPECT_READ(NULL, "decay_ms:", options->decay_ms == 500,
                "cellar: CELLAR_CONF: decay_ms: bad value \"\"; it must be 0 to 86400000; using 500\n");
}

TEST(bad_limit_sets_none)
{
    static const char *const bad[] = {"limit:100", "limit:5T", "limit:5MM", "limit:K", "limit:99999999999G"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct test_child child;
        if (test_child_fork(&child)) {
            _exit(read_with(NULL, bad[i])->limit == UINT64_MAX ? 0 : 1);
        }
        test_child_wait(&child);
        CHECK(test_child_ended(&child, 0, 0));
        CHECK(strstr(child.stderr_text, "limit: bad value") != NULL);
    }
}

TEST(long_text_is_cut_in_the_warning)
{
    char text[300] = "fit:";
    struct test_child child;
    memset(text + 4, 'x', 200);
    if (test_child_fork(&child)) {
        _exit(strcmp(read_with(NULL, text)->fit, "instant") == 0 ? 0 : 1);
    }
    test_child_wait(&child);
    CHECK(test_child_ended(&child, 0, 0));
    CHECK(strstr(child.stderr_text, "xxx...\"; it must be one of") != NULL);
}

TEST(text_beyond_the_bound_is_not_used)
{
    static char text[5000];
    memset(text, ',', sizeof text - 1);
    memcpy(text, "fit:best", 8);
    EXPECT_READ(NULL, text, strcmp(options->fit, "instant") == 0,
                "cellar: CELLAR_CONF: longer than 4095 bytes; none of it is used\n");
}

TEST(help_lists_every_option)
{
    size_t count;
    const struct cellar_option *options = cellar_options(&count);
    struct test_child child;
    if (test_child_fork(&child)) {
        read_with(NULL, "help:1");
        _exit(0);
    }
    test_child_wait(&child);
    CHECK(test_child_ended(&child, 0, 0));
    for (size_t i = 0; i < count; i++) {
        CHECK(strstr(child.stderr_text, options[i].name) != NULL);
        CHECK(strstr(child.stderr_text, options[i].doc) != NULL);
    }
}

TEST_MAIN()
