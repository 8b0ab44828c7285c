/* levels: lib */
/*
 * A stack is unwound through the library: from a source of ranges to the caller of cellar_arena_alloc. On the way lie
 * functions of both parts of the library's code (cmake/order.cmake) and the tables between them.
 */
#include <cellar/arena.h>
#include <unwind.h>

#include "test.h"

struct unwind {
    const void *caller; /* the function looked for */
    bool is_found;
};

static _Unwind_Reason_Code unwind_visit(struct _Unwind_Context *context, void *ctx)
{
    struct unwind *unwind = ctx;
    if (_Unwind_FindEnclosingFunction((void *)_Unwind_GetIP(context)) == unwind->caller) {
        unwind->is_found = true;
    }
    return _URC_NO_REASON;
}

static int unwind_import(void *ctx, uint64_t size, uint64_t *ret_base, uint64_t *ret_size)
{
    _Unwind_Backtrace(unwind_visit, ctx);
    *ret_base = 0;
    *ret_size = size;
    return 0;
}

/* Not inlined, and not left by a jump: it has a frame while the source is called. */
static __attribute__((noinline)) bool unwind_alloc(struct cellar_arena *arena)
{
    uint64_t base;
    return cellar_arena_alloc(arena, 64, &base) == 0 && cellar_arena_free(arena, base, 64) == 0;
}

TEST(a_source_sees_who_asked)
{
    struct unwind unwind = {.caller = (const void *)unwind_alloc};
    struct cellar_arena *arena;
    struct cellar_arena_attr attr = {
        .version = CELLAR_ARENA_VERSION, .name = "unwind", .import = unwind_import, .ctx = &unwind};
    CHECK_EQ(cellar_arena_create(&attr, &arena), 0);
    CHECK(unwind_alloc(arena));
    CHECK(unwind.is_found);
    CHECK_EQ(cellar_arena_destroy(arena, NULL, NULL), 0);
}

TEST_MAIN()
