/* levels: base os submap arena; with: fake/meta.c */
/* arena.c, span.c, tag.c and check.c by hand; what random operations show is in model/arena_test.c. */
#include "arena/arena.h"
#include "arena/arena_int.h"
#include "fake/fresh.h"
#include "fake/meta.h"

enum { QUANTUM = 16 };

static struct cellar__arena arena;
static uint64_t span_base, span_size, asked; /* of the source; a size of 0 refuses */
static unsigned nimported, nreleased;

static int import_span(void *source, uint64_t size, uint64_t *ret_base, uint64_t *ret_size)
{
    CHECK_PTR(source, &nimported);
    CHECK(cellar__lock_try(&arena.lock)); /* not held while the source is called */
    cellar__lock_release(&arena.lock);
    asked = size;
    if (span_size == 0) {
        return -ENOMEM;
    }
    nimported++;
    *ret_base = span_base;
    *ret_size = span_size;
    return 0;
}

static void release_span(void *source, uint64_t base, uint64_t size)
{
    CHECK_PTR(source, &nimported);
    CHECK(cellar__lock_try(&arena.lock));
    cellar__lock_release(&arena.lock);
    CHECK_EQ(base, span_base);
    CHECK_EQ(size, span_size);
    nreleased++;
}

static void start(bool imports, bool releases)
{
    struct cellar__arena_attr attr = {.name = "test",
                                      .quantum = QUANTUM,
                                      .fit = &cellar__fit_first,
                                      .import_span = imports ? import_span : NULL,
                                      .release_span = releases ? release_span : NULL,
                                      .source = &nimported};
    CHECK_EQ(cellar__arena_init(&arena, &attr), 0);
    CHECK_PTR(cellar__arena_check(&arena), NULL);
}

static uint64_t alloc(uint64_t size, uint64_t align)
{
    uint64_t base = UINT64_MAX;
    CHECK_EQ(cellar__arena_alloc(&arena, size, align, &base), 0);
    CHECK_PTR(cellar__arena_check(&arena), NULL);
    return base;
}

static void print_range(void *ctx, const struct cellar_arena_range *range)
{
    char *text = ctx;
    size_t length = strlen(text);
    snprintf(text + length, 256 - length, "%s%d+%d", range->out ? " o" : " f", (int)(range->base / QUANTUM),
             (int)(range->size / QUANTUM));
}

/* The ranges in quanta, such as " o0+3 f3+7"; o is out, f is free. */
static const char *layout(void)
{
    static char text[256];
    text[0] = '\0';
    cellar__arena_walk(&arena, print_range, text);
    return text;
}

FRESH_TEST(empty_arena)
{
    uint64_t base;
    start(false, false);
    CHECK_STR(layout(), "");
    CHECK_EQ(cellar__arena_alloc(&arena, 1, 1, &base), -ENOMEM);
    CHECK_EQ(cellar__arena_free(&arena, 0, 1), -EINVAL);
    cellar__arena_fini(&arena);
    CHECK_EQ(fake_meta.nblocks, 0);
}

FRESH_TEST(spans_must_be_whole_quanta)
{
    start(false, false);
    CHECK_EQ(cellar__arena_add(&arena, 0, 0), -EINVAL);
    CHECK_EQ(cellar__arena_add(&arena, 8, 64), -EINVAL);
    CHECK_EQ(cellar__arena_add(&arena, 0, 72), -EINVAL);
    CHECK_EQ(cellar__arena_add(&arena, UINT64_MAX - 31, 64), -EINVAL);
    CHECK_STR(layout(), "");
    CHECK_EQ(cellar__arena_add(&arena, UINT64_MAX - 63, 48), 0); /* up to the last quantum but one */
    CHECK_EQ(alloc(48, 16), UINT64_MAX - 63);
}

FRESH_TEST(neighbours_coalesce_and_spans_do_not)
{
    start(false, false);
    CHECK_EQ(cellar__arena_add(&arena, 0, 10 * QUANTUM), 0);
    CHECK_EQ(cellar__arena_add(&arena, 10 * QUANTUM, 5 * QUANTUM), 0);
    CHECK_STR(layout(), " f0+10 f10+5");
    CHECK_EQ(alloc(3 * QUANTUM, 1), 0);
    CHECK_EQ(alloc(3 * QUANTUM, 1), 3 * QUANTUM);
    CHECK_EQ(alloc(4 * QUANTUM, 1), 6 * QUANTUM);
    CHECK_STR(layout(), " o0+3 o3+3 o6+4 f10+5");
    CHECK_EQ(cellar__arena_free(&arena, 0, 3 * QUANTUM), 0);
    CHECK_EQ(cellar__arena_free(&arena, 6 * QUANTUM, 4 * QUANTUM), 0);
    CHECK_STR(layout(), " f0+3 o3+3 f6+4 f10+5");
    CHECK_EQ(cellar__arena_free(&arena, 3 * QUANTUM, 3 * QUANTUM), 0);
    CHECK_STR(layout(), " f0+10 f10+5");
    CHECK_PTR(cellar__arena_check(&arena), NULL);
}

FRESH_TEST(alignment_cuts_a_head_and_a_tail)
{
    start(false, false);
    CHECK_EQ(cellar__arena_add(&arena, QUANTUM, 31 * QUANTUM), 0);
    CHECK_EQ(alloc(2 * QUANTUM - 3, 8 * QUANTUM), 8 * QUANTUM);
    CHECK_STR(layout(), " f1+7 o8+2 f10+22");
    CHECK_EQ(cellar__arena_free(&arena, 8 * QUANTUM, 2 * QUANTUM - 3), 0); /* size as it was asked for */
    CHECK_STR(layout(), " f1+31");
}

FRESH_TEST(an_import_is_used_at_once_and_goes_back_whole)
{
    start(true, true);
    span_base = 64 * QUANTUM;
    span_size = 32 * QUANTUM;
    uint64_t a = alloc(4 * QUANTUM, 4 * QUANTUM);
    CHECK_EQ(asked, 7 * QUANTUM); /* enough for the alignment */
    CHECK_EQ(a, 64 * QUANTUM);
    uint64_t b = alloc(QUANTUM, QUANTUM);
    CHECK_EQ(nimported, 1);
    CHECK_EQ(cellar__arena_free(&arena, a, 4 * QUANTUM), 0);
    CHECK_EQ(nreleased, 0);
    CHECK_EQ(cellar__arena_free(&arena, b, QUANTUM), 0);
    CHECK_EQ(nreleased, 1);
    CHECK_STR(layout(), "");
    CHECK_EQ(arena.total, 0);
    cellar__arena_fini(&arena);
    CHECK_EQ(fake_meta.nblocks, 0);
}

FRESH_TEST(without_release_imports_stay)
{
    start(true, false);
    span_base = 0;
    span_size = 32 * QUANTUM;
    CHECK_EQ(cellar__arena_free(&arena, alloc(QUANTUM, 1), QUANTUM), 0);
    CHECK_STR(layout(), " f0+32");
    CHECK_EQ(alloc(32 * QUANTUM, 1), 0);
    CHECK_EQ(nimported, 1);
    span_size = 0;
    CHECK_EQ(cellar__arena_alloc(&arena, 1, 1, &span_base), -ENOMEM);
}

/* A6: an import for which no tag can be had goes back. */
FRESH_TEST(an_import_that_cannot_be_entered_goes_back)
{
    uint64_t base;
    start(true, true);
    span_size = QUANTUM;
    for (span_base = 0; fake_meta.calls < 3; span_base += 2 * QUANTUM) {
        fake_meta.fail_from = 2; /* init's two requests were served */
        fake_meta.fail_to = UINT32_MAX;
        if (cellar__arena_alloc(&arena, QUANTUM, 1, &base) != 0) {
            break;
        }
    }
    CHECK_PTR(cellar__arena_check(&arena), NULL);
    CHECK_EQ(nimported - nreleased, arena.nspans);
    CHECK_GT(arena.nspans, 10);
}

FRESH_TEST(resize_and_split)
{
    start(false, false);
    CHECK_EQ(cellar__arena_add(&arena, 0, 10 * QUANTUM), 0);
    alloc(4 * QUANTUM, 1);
    CHECK_EQ(cellar__arena_resize(&arena, 0, 4 * QUANTUM, 10 * QUANTUM), 0);
    CHECK_STR(layout(), " o0+10");
    CHECK_EQ(cellar__arena_resize(&arena, 0, 10 * QUANTUM, 10 * QUANTUM + 1), -ENOMEM);
    CHECK_EQ(cellar__arena_resize(&arena, 0, 10 * QUANTUM, 6 * QUANTUM), 0);
    CHECK_STR(layout(), " o0+6 f6+4");
    CHECK_EQ(cellar__arena_split(&arena, 0, 6 * QUANTUM, 2 * QUANTUM), 0);
    CHECK_STR(layout(), " o0+2 o2+4 f6+4");
    CHECK_EQ(cellar__arena_resize(&arena, 0, 2 * QUANTUM, 3 * QUANTUM), -ENOMEM);
    CHECK_EQ(cellar__arena_resize(&arena, 0, 2 * QUANTUM, QUANTUM), 0);
    CHECK_STR(layout(), " o0+1 f1+1 o2+4 f6+4");
    CHECK_EQ(cellar__arena_free(&arena, 0, 2 * QUANTUM), -EINVAL);
    CHECK_EQ(cellar__arena_resize(&arena, 0, QUANTUM, UINT64_MAX), -EINVAL);
    CHECK_PTR(cellar__arena_check(&arena), NULL);
}

FRESH_TEST(neighbours_that_are_out_merge)
{
    start(false, false);
    CHECK_EQ(cellar__arena_add(&arena, 0, 10 * QUANTUM), 0);
    CHECK_EQ(cellar__arena_add(&arena, 10 * QUANTUM, 10 * QUANTUM), 0);
    alloc(10 * QUANTUM, 1);
    alloc(10 * QUANTUM, 1);
    CHECK_EQ(cellar__arena_merge(&arena, 0, 10 * QUANTUM, 10 * QUANTUM), -EINVAL); /* of two spans */
    CHECK_EQ(cellar__arena_split(&arena, 0, 10 * QUANTUM, 2 * QUANTUM), 0);
    CHECK_EQ(cellar__arena_split(&arena, 2 * QUANTUM, 8 * QUANTUM, 5 * QUANTUM), 0);
    CHECK_EQ(cellar__arena_merge(&arena, 0, 2 * QUANTUM, 8 * QUANTUM), -EINVAL);
    CHECK_EQ(cellar__arena_merge(&arena, 0, QUANTUM, QUANTUM), -EINVAL);
    CHECK_EQ(cellar__arena_merge(&arena, 0, 2 * QUANTUM, 5 * QUANTUM), 0);
    CHECK_STR(layout(), " o0+7 o7+3 o10+10");
    CHECK_EQ(cellar__arena_free(&arena, 7 * QUANTUM, 3 * QUANTUM), 0);
    CHECK_EQ(cellar__arena_merge(&arena, 0, 7 * QUANTUM, 3 * QUANTUM), -EINVAL); /* free */
    CHECK_PTR(cellar__arena_check(&arena), NULL);
    CHECK_EQ(cellar__arena_free(&arena, 0, 7 * QUANTUM), 0);
    CHECK_STR(layout(), " f0+10 o10+10");
}

FRESH_TEST(split_without_tags_asks_for_them)
{
    start(false, false);
    CHECK_EQ(cellar__arena_add(&arena, 0, 1000 * QUANTUM), 0);
    alloc(1000 * QUANTUM, 1);
    fake_meta.fail_to = UINT32_MAX;
    uint64_t base = 0;
    int status;
    while ((status = cellar__arena_split_try(&arena, base, 1000 * QUANTUM - base, QUANTUM)) == 0) {
        base += QUANTUM;
    }
    CHECK_EQ(status, -EAGAIN);
    CHECK_GT(base, 0);
    CHECK_EQ(cellar__arena_stock(&arena), -ENOMEM);
    fake_meta.fail_to = 0;
    CHECK_EQ(cellar__arena_stock(&arena), 0);
    CHECK_EQ(cellar__arena_split_try(&arena, base, 1000 * QUANTUM - base, QUANTUM), 0);
    CHECK_EQ(cellar__arena_split_try(&arena, base, QUANTUM, QUANTUM), -EINVAL);
    CHECK_EQ(cellar__arena_split_try(&arena, 1, 5 * QUANTUM, QUANTUM), -EINVAL);
    CHECK_PTR(cellar__arena_check(&arena), NULL);
}

FRESH_TEST(check_names_what_is_broken)
{
    start(false, false);
    CHECK_EQ(cellar__arena_add(&arena, 0, 20 * QUANTUM), 0);
    uint64_t b = alloc(3 * QUANTUM, 1);
    alloc(3 * QUANTUM, 1);
    struct cellar__segment *seg = cellar__arena_hash_find(&arena.hash, b);
    struct cellar__segment *next = cellar__segment_next(seg);
    seg->base += 8;
    CHECK(cellar__arena_check(&arena) != NULL);
    seg->base -= 8;
    next->base = seg->base;
    CHECK_STR(cellar__arena_check(&arena), "A1");
    next->base = seg->base + 3 * QUANTUM;
    arena.given += QUANTUM;
    CHECK_STR(cellar__arena_check(&arena), "A5");
    arena.given -= QUANTUM;
    seg->out = 0;
    next->out = 0;
    CHECK_STR(cellar__arena_check(&arena), "A2");
    next->out = 1;
    CHECK_STR(cellar__arena_check(&arena), "A3");
    seg->out = 1;
    CHECK_PTR(cellar__arena_check(&arena), NULL);
    cellar__arena_hash_remove(&arena.hash, b);
    CHECK_STR(cellar__arena_check(&arena), "A3");
}

/* tag.c: tags come in chunks, laid in store before the lock is taken, and are used again. */
FRESH_TEST(tags_are_used_again)
{
    start(false, false);
    CHECK_EQ(cellar__arena_add(&arena, 0, 1000 * QUANTUM), 0);
    uint32_t calls = fake_meta.calls;
    for (int i = 0; i < 1000; i++) {
        CHECK_GE(arena.nspare, 1);
        CHECK_EQ(cellar__arena_free(&arena, alloc(QUANTUM, 8 * QUANTUM), QUANTUM), 0);
    }
    CHECK_EQ(fake_meta.calls, calls);
    CHECK_EQ(cellar__arena_lock(&arena), 0);
    CHECK_GE(arena.nspare, CELLAR_ARENA_SPARES);
    cellar__lock_release(&arena.lock);
}

TEST_MAIN()
