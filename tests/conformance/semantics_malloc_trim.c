/* title: malloc_trim(0) gives memory back after a spike; timeout: 30 */
#include "statistics.h"

/* What stays may be an eighth of the spike: caches of a thread, partly used pages. */
static void trim_judge(size_t count, size_t size)
{
    struct spike spike;
    size_t before = row_rss();
    spike_begin(&spike, count, size);
    size_t during = row_rss();
    ROW_CHECK(during >= before + count * size / 10 * 9, "a spike of %zu MiB does not show in RSS",
              count * size >> 20);
    spike_end(&spike);
    malloc_trim(0);
    size_t after = row_rss();
    ROW_CHECK(after <= before + count * size / 8, "of a spike of %zu MiB in blocks of %zu bytes %zu MiB stay",
              count * size >> 20, size, (after - before) >> 20);
}

int main(void)
{
    trim_judge(1000000, 100);
    trim_judge(100000, 1500);
    trim_judge(4000, 40000);
    trim_judge(200, 1 << 20);
    trim_judge(20, 10 << 20);
    return 0;
}
