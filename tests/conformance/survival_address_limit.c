/* title: ulimit -v of 1 GiB and of 256 MiB: it starts, fails with ENOMEM at the end, and goes on */
#include "row.h"

enum { BLOCK = 10000, BLOCKS_MAX = 200000 };

static void *blocks[BLOCKS_MAX];

/* Up to the limit, and back: the second time as far as the first. */
static size_t allocate_all(size_t limit)
{
    size_t count = 0;
    while (count < BLOCKS_MAX && (blocks[count] = row_malloc(BLOCK)) != NULL) {
        memset(blocks[count++], 1, 16);
    }
    ROW_CHECK(count == BLOCKS_MAX || errno == ENOMEM, "errno %d at the limit", errno);
    ROW_CHECK(count * BLOCK <= limit, "more than the limit");
    for (size_t i = 0; i < count; i++) {
        row_free(blocks[i]);
    }
    return count * BLOCK;
}

static void run(size_t limit)
{
    size_t first = allocate_all(limit);
    size_t second = allocate_all(limit);
    ROW_CHECK(first >= limit / 2, "only %zu of %zu MiB could be had", first >> 20, limit >> 20);
    ROW_CHECK(second >= first / 10 * 9, "%zu MiB the first time, %zu the second", first >> 20, second >> 20);
    void *large = row_malloc(limit / 8);
    ROW_CHECK(large != NULL, "an eighth of the limit in one piece fails afterwards");
    row_free(large);
}

static void limited(void *limit)
{
    struct rlimit bound = {*(size_t *)limit, *(size_t *)limit};
    ROW_CHECK(setrlimit(RLIMIT_AS, &bound) == 0, "setrlimit: %s", strerror(errno));
    row_again(*(size_t *)limit == ROW_GIB ? "1024" : "256");
}

int main(int argc, char **argv)
{
    if (argc > 1) {
        run((size_t)atoi(argv[1]) * ROW_MIB);
        return 0;
    }
    size_t limits[] = {ROW_GIB, 256 * ROW_MIB};
    row_survive(limited, &limits[0], "under 1 GiB");
    row_survive(limited, &limits[1], "under 256 MiB");
    return 0;
}
