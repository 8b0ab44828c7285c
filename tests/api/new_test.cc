/* levels: lib */
/* The replaceable operators of C++: all served by the library, and failing as the standard says. */
#include <new>

#include <dlfcn.h>

#include <cellar/malloc.h>

#include "test.h"

/* Hidden from the compiler, which may drop a pair of new and delete and warns of absurd sizes. */
static size_t hide(size_t n)
{
    __asm__ volatile("" : "+r"(n));
    return n;
}

/* The sized forms by their names: clang declares them only when asked to. */
extern "C" void delete_sized(void *block, size_t size) __asm__("_ZdlPvm");
extern "C" void delete_sized_aligned(void *block, size_t size,
                                     std::align_val_t align) __asm__("_ZdlPvmSt11align_val_t");

static const std::align_val_t wide = std::align_val_t(256);

TEST(every_operator_is_the_librarys)
{
    static const char *const names[] = {"_Znwm",
                                        "_Znam",
                                        "_ZnwmRKSt9nothrow_t",
                                        "_ZnamRKSt9nothrow_t",
                                        "_ZnwmSt11align_val_t",
                                        "_ZnamSt11align_val_t",
                                        "_ZnwmSt11align_val_tRKSt9nothrow_t",
                                        "_ZnamSt11align_val_tRKSt9nothrow_t",
                                        "_ZdlPv",
                                        "_ZdaPv",
                                        "_ZdlPvm",
                                        "_ZdaPvm",
                                        "_ZdlPvRKSt9nothrow_t",
                                        "_ZdaPvRKSt9nothrow_t",
                                        "_ZdlPvSt11align_val_t",
                                        "_ZdaPvSt11align_val_t",
                                        "_ZdlPvmSt11align_val_t",
                                        "_ZdaPvmSt11align_val_t",
                                        "_ZdlPvSt11align_val_tRKSt9nothrow_t",
                                        "_ZdaPvSt11align_val_tRKSt9nothrow_t"};
    CHECK_EQ(sizeof names / sizeof *names, 20);
    for (const char *name : names) {
        Dl_info info;
        CHECK(dladdr(dlsym(RTLD_DEFAULT, name), &info) != 0);
        CHECK(strstr(info.dli_fname, "libcellar") != NULL);
    }
}

TEST(blocks_are_aligned_and_can_be_deleted)
{
    void *plain = operator new(hide(40));
    void *aligned = operator new(hide(40), wide);
    void *array = operator new[](hide(40), wide, std::nothrow);
    CHECK_GE(malloc_usable_size(plain), 40);
    CHECK_EQ((uintptr_t)aligned % 256, 0);
    CHECK_EQ((uintptr_t)array % 256, 0);
    delete_sized(plain, 40);
    delete_sized_aligned(aligned, 40, wide);
    operator delete[](array, wide, std::nothrow);
    void *none = operator new(hide(0));
    CHECK(none != NULL);
    operator delete(none);
    operator delete(static_cast<void *>(NULL));
}

template <typename Call> static bool throws_bad_alloc(Call call)
{
    try {
        CHECK(call() == NULL); /* never reached */
    } catch (const std::bad_alloc &) {
        return true;
    }
    return false;
}

TEST(failure_throws_or_is_null)
{
    CHECK(throws_bad_alloc([] { return operator new(hide(SIZE_MAX)); }));
    CHECK(throws_bad_alloc([] { return operator new[](hide((size_t)1 << 62)); }));
    CHECK(throws_bad_alloc([] { return operator new(hide(SIZE_MAX), wide); }));
    CHECK(throws_bad_alloc([] { return operator new[](hide(SIZE_MAX), wide); }));
    CHECK_PTR(operator new(hide(SIZE_MAX), std::nothrow), NULL);
    CHECK_PTR(operator new[](hide(SIZE_MAX), std::nothrow), NULL);
    CHECK_PTR(operator new(hide(SIZE_MAX), wide, std::nothrow), NULL);
    CHECK_PTR(operator new[](hide(SIZE_MAX), wide, std::nothrow), NULL);
}

static int handler_calls;

/* Gives up at the third call, by taking itself off. */
static void handler_gives_up()
{
    if (++handler_calls == 3) {
        std::set_new_handler(NULL);
    }
}

static void handler_throws()
{
    handler_calls++;
    throw std::bad_alloc();
}

TEST(new_handler_is_asked_until_it_gives_up)
{
    handler_calls = 0;
    std::set_new_handler(handler_gives_up);
    CHECK(throws_bad_alloc([] { return operator new(hide(SIZE_MAX)); }));
    CHECK_EQ(handler_calls, 3);
    handler_calls = 0;
    std::set_new_handler(handler_gives_up);
    CHECK_PTR(operator new(hide(SIZE_MAX), std::nothrow), NULL);
    CHECK_EQ(handler_calls, 3);
}

TEST(nothrow_forms_are_null_when_the_handler_throws)
{
    std::set_new_handler(handler_throws);
    handler_calls = 0;
    CHECK_PTR(operator new(hide(SIZE_MAX), std::nothrow), NULL);
    CHECK_PTR(operator new[](hide(SIZE_MAX), std::nothrow), NULL);
    CHECK_PTR(operator new(hide(SIZE_MAX), wide, std::nothrow), NULL);
    CHECK_EQ(handler_calls, 3);
    CHECK(throws_bad_alloc([] { return operator new(hide(SIZE_MAX), wide); }));
    std::set_new_handler(NULL);
}

TEST_MAIN()
