/* title: new calls the new_handler until it succeeds, throws or is gone */
#include "cxx.h"

struct Given {
};

static volatile int ncalls;
static void *volatile hoard;

static void handler_throw()
{
    ncalls++;
    throw Given();
}

static void handler_bad_alloc()
{
    ncalls++;
    throw std::bad_alloc();
}

static void handler_withdraw()
{
    if (++ncalls == 3) {
        std::set_new_handler(nullptr);
    }
}

/* Gives the hoard back at the second call: only a loop comes to the request again. */
static void handler_free()
{
    if (++ncalls == 2) {
        row_free(hoard);
        hoard = nullptr;
    }
}

/* What came of an impossible request: 0 NULL, 1 bad_alloc, 2 Given. */
static int outcome(const New &make, void (*handler)())
{
    ncalls = 0;
    std::set_new_handler(handler);
    try {
        void *block = make.run(PTRDIFF_MAX);
        ROW_CHECK(block == nullptr, "%s of PTRDIFF_MAX bytes succeeds", make.name);
        return 0;
    } catch (const std::bad_alloc &) {
        return 1;
    } catch (const Given &) {
        return 2;
    }
}

static void judge_failures(const New &make)
{
    int failed = make.throws ? 1 : 0;
    int result = outcome(make, handler_withdraw);
    ROW_CHECK(ncalls == 3, "%s calls a handler that withdraws at the third call %d times", make.name, ncalls);
    ROW_CHECK(result == failed, "%s without a handler ends otherwise than it should", make.name);
    result = outcome(make, handler_bad_alloc);
    ROW_CHECK(ncalls == 1, "%s calls a handler that throws %d times", make.name, ncalls);
    ROW_CHECK(result == failed, "%s whose handler throws bad_alloc ends otherwise than it should", make.name);
    if (make.throws) { /* what else a handler throws would leave a nothrow function: that is the program's fault */
        ROW_CHECK(outcome(make, handler_throw) == 2, "%s swallows what its handler throws", make.name);
    }
}

/* The limit leaves room for one of the two large blocks. */
static void judge_success(const New &make)
{
    size_t size = 600 * ROW_MIB;
    hoard = row_malloc(size);
    ROW_CHECK(hoard != nullptr, "600 MiB of 1 GiB are refused");
    ncalls = 0;
    std::set_new_handler(handler_free);
    void *block = nullptr;
    try {
        block = make.run(size);
    } catch (const std::bad_alloc &) {
        row_fail("%s throws, although the handler has freed what it needs", make.name);
    }
    ROW_CHECK(block != nullptr, "%s is NULL, although the handler has freed what it needs", make.name);
    ROW_CHECK(ncalls == 2, "%s calls a handler that frees at the second call %d times", make.name, ncalls);
    make.alignment > 16 ? cxx_delete_aligned(block, Align(CXX_ALIGN)) : cxx_delete_plain(block);
}

int main(int argc, char **)
{
    if (argc == 1) {
        for (const New &make : cxx_news) {
            judge_failures(make);
        }
        struct rlimit limit = {ROW_GIB, ROW_GIB};
        ROW_CHECK(setrlimit(RLIMIT_AS, &limit) == 0, "cannot set RLIMIT_AS");
        row_again("limited");
    }
    for (const New &make : cxx_news) {
        judge_success(make);
    }
    return 0;
}
