/* title: new that fails throws std::bad_alloc, nothrow new is NULL */
#include "cxx.h"

int main()
{
    static const size_t sizes[] = {SIZE_MAX, SIZE_MAX - 5, SIZE_MAX / 2 + 1, PTRDIFF_MAX, (size_t)1 << 50};
    for (const New &make : cxx_news) {
        for (size_t size : sizes) {
            void *block = nullptr;
            bool thrown = false;
            try {
                block = make.run(size);
            } catch (const std::bad_alloc &) {
                thrown = true;
            } catch (...) {
                row_fail("%s of %#zx bytes throws what is no bad_alloc", make.name, size);
            }
            ROW_CHECK(block == nullptr, "%s of %#zx bytes succeeds", make.name, size);
            ROW_CHECK(thrown == make.throws, make.throws ? "%s that fails returns NULL" : "%s throws",
                      make.name);
        }
        void *block = make.run(100);
        ROW_CHECK(block != nullptr, "after a refusal %s is NULL", make.name);
        make.alignment > 16 ? cxx_delete_aligned(block, Align(CXX_ALIGN)) : cxx_delete_plain(block);
    }
    return 0;
}
