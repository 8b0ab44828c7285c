/* title: all 20 operators new and delete are served by the library; timeout: 60 */
#include "cxx.h"

/* Each new with each delete that fits it: blocks are the library's, and those that are freed do not stay. */
static void pair_judge(const New &make, const Delete &drop)
{
    static const size_t sizes[] = {1, 24, 1000, 40000, 3 << 20};
    for (size_t size : sizes) {
        size_t rounds = 256 * ROW_MIB / (size + 64);
        rounds = rounds > 50000 ? 50000 : rounds;
        size_t before = row_rss();
        for (size_t i = 0; i < rounds; i++) {
            void *block = make.run(size);
            ROW_CHECK(block != nullptr, "%s of %zu bytes is NULL", make.name, size);
            ROW_CHECK(row_aligned(block, make.alignment), "%s of %zu bytes is not aligned to %zu", make.name,
                      size, make.alignment);
            ROW_CHECK(row_malloc_usable_size(block) >= size, "the block of %s is not malloc's", make.name);
            memset(block, 1, size);
            drop.run(block, size);
        }
        size_t after = row_rss();
        ROW_CHECK(after < before + 32 * ROW_MIB, "%s does not free what %s gave", drop.name, make.name);
    }
    drop.run(nullptr, 0);
}

int main()
{
    /* The aligned forms of malloc's own would serve too, yet a program expects one allocator behind all. */
    for (const New &make : cxx_news) {
        for (const Delete &drop : cxx_deletes) {
            if (drop.aligned == (make.alignment > 16)) {
                pair_judge(make, drop);
            }
        }
    }
    return 0;
}
