/* title: operator new(0) gives unique blocks */
#include "cxx.h"

int main()
{
    for (const New &make : cxx_news) {
        static void *blocks[200];
        for (void *&block : blocks) {
            block = make.run(0);
            ROW_CHECK(block != nullptr, "%s of 0 bytes is NULL", make.name);
            for (void **other = blocks; other < &block; other++) {
                ROW_CHECK((uintptr_t)*other != (uintptr_t)block, "%s of 0 bytes: two blocks have one address",
                          make.name);
            }
        }
        for (void *block : blocks) {
            make.alignment > 16 ? cxx_delete_aligned(block, Align(CXX_ALIGN)) : cxx_delete_plain(block);
        }
    }
    return 0;
}
