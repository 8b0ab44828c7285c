/* title: malloc_stats writes figures of this heap to stderr */
#include "statistics.h"

static void (*stats)(void);

static void stats_write(void *argument)
{
    (void)argument;
    stats();
    fflush(stderr);
}

int main(void)
{
    stats = (void (*)(void))row_own_or_absent("malloc_stats");
    struct spike spike;
    row_free(row_get(1));
    struct row_result before = row_child(stats_write, NULL);
    spike_begin(&spike, 64 * 1024, 1024);
    struct row_result during = row_child(stats_write, NULL);
    row_require(during.status, "malloc_stats");
    ROW_CHECK(during.text[0] != 0, "it writes nothing to stderr");
    ROW_CHECK(strpbrk(during.text, "123456789") != NULL, "it writes no figures");
    ROW_CHECK(strcmp(before.text, during.text) != 0, "it writes the same with 64 MiB in use as before");
    spike_end(&spike);
    return 0;
}
