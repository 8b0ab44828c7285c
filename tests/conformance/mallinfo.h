/* The body of the rows of mallinfo and mallinfo2, which differ in one type: INFO is its name. */
#include "statistics.h"

#define INFO_TEXT_OF(name) #name
#define INFO_TEXT(name) INFO_TEXT_OF(name)

static struct INFO (*info_get)(void);

static size_t info_used(void)
{
    struct INFO info = info_get();
    return (size_t)info.uordblks + (size_t)info.hblkhd;
}

static void info_judge(size_t count, size_t size)
{
    struct spike spike;
    size_t before = info_used();
    spike_begin(&spike, count, size);
    size_t during = info_used();
    spike_end(&spike);
    spike_judge("uordblks + hblkhd", before, during, info_used(), count * size);
}

int main(void)
{
    info_get = (struct INFO(*)(void))row_own_or_absent(INFO_TEXT(INFO));
    row_free(row_get(1));
    info_judge(200000, 100);
    info_judge(5000, 5000);
    info_judge(100, 300000);
    info_judge(1, 64 * ROW_MIB);
    struct INFO info = info_get();
    ROW_CHECK(info.arena != 0 || info.hblkhd != 0, "arena and hblkhd are 0");
    return 0;
}
