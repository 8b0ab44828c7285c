/* levels: base os submap arena; with: fake/meta.c */
#include "arena/hash.h"
#include "base/attr.h"
#include "fake/fresh.h"
#include "fake/meta.h"

enum { SEGMENTS = 5000 };

static struct cellar__arena_hash hash;
static struct cellar__segment *segments[SEGMENTS];

static struct cellar__segment *segment_new(uint64_t base)
{
    struct cellar__segment *seg = cellar__meta_alloc(sizeof *seg);
    seg->base = base;
    seg->out = 1;
    return seg;
}

/* The block that the hash wants now, if any. */
static void give_block(void)
{
    size_t size = cellar__arena_hash_wants_block(&hash);
    if (size != 0) {
        cellar__arena_hash_give_block(&hash, cellar__meta_alloc(size));
    }
}

FRESH_TEST(empty_hash_finds_nothing)
{
    CHECK_PTR(cellar__arena_hash_find(&hash, 0), NULL);
    CHECK_PTR(cellar__arena_hash_remove(&hash, 0), NULL);
    CHECK(cellar__arena_hash_check(&hash));
    CHECK_GT(cellar__arena_hash_wants_block(&hash), 0);
}

/* Grows bucket by bucket: after each insertion everything is found, and the load stays small. */
FRESH_TEST(grows_with_its_content)
{
    for (uint64_t i = 0; i < SEGMENTS; i++) {
        give_block();
        segments[i] = segment_new(i * 65536);
        cellar__arena_hash_insert(&hash, segments[i]);
        CHECK_LE(hash.nsegments, 2 * (size_t)hash.nbuckets);
        CHECK_PTR(cellar__arena_hash_find(&hash, i * 65536), segments[i]);
        CHECK_PTR(cellar__arena_hash_find(&hash, i * 65536 + 1), NULL);
        if (i % 97 == 0) {
            CHECK(cellar__arena_hash_check(&hash));
        }
    }
    for (uint64_t i = 0; i < SEGMENTS; i++) {
        CHECK_PTR(cellar__arena_hash_find(&hash, i * 65536), segments[i]);
    }
    CHECK(cellar__arena_hash_check(&hash));
}

FRESH_TEST(insertion_and_removal_in_any_order)
{
    struct test_random random = {test_seed()};
    for (uint64_t step = 0; step < 40000; step++) {
        uint64_t i = test_random_below(&random, 800);
        give_block();
        CHECK_PTR(cellar__arena_hash_find(&hash, i << 40), segments[i]);
        if (segments[i] == NULL) {
            segments[i] = segment_new(i << 40);
            cellar__arena_hash_insert(&hash, segments[i]);
        } else {
            CHECK_PTR(cellar__arena_hash_remove(&hash, i << 40), segments[i]);
            cellar__meta_free(segments[i], sizeof *segments[i]);
            segments[i] = NULL;
        }
    }
    CHECK(cellar__arena_hash_check(&hash));
}

FRESH_TEST(without_memory_chains_grow_and_nothing_fails)
{
    give_block();
    for (uint64_t i = 0; i < 500; i++) {
        segments[i] = segment_new(i);
        cellar__arena_hash_insert(&hash, segments[i]);
    }
    CHECK_EQ(hash.nblocks, 1);
    CHECK_EQ(hash.nbuckets, 16);
    CHECK_GT(cellar__arena_hash_wants_block(&hash), 0);
    CHECK(cellar__arena_hash_check(&hash));
    for (uint64_t i = 0; i < 500; i++) {
        CHECK_PTR(cellar__arena_hash_find(&hash, i), segments[i]);
    }
    give_block(); /* it goes on where it stopped */
    for (uint64_t i = 500; i < 600; i++) {
        segments[i] = segment_new(i);
        cellar__arena_hash_insert(&hash, segments[i]);
        give_block();
    }
    CHECK_GT(hash.nbuckets, 100);
    CHECK(cellar__arena_hash_check(&hash));
    for (uint64_t i = 0; i < 600; i++) {
        CHECK_PTR(cellar__arena_hash_remove(&hash, i), segments[i]);
    }
    CHECK_EQ(hash.nsegments, 0);
}

FRESH_TEST(check_sees_what_does_not_belong)
{
    give_block();
    for (uint64_t i = 0; i < 20; i++) {
        segments[i] = segment_new(i);
        cellar__arena_hash_insert(&hash, segments[i]);
    }
    CHECK(cellar__arena_hash_check(&hash));
    segments[7]->out = 0;
    CHECK(!cellar__arena_hash_check(&hash));
    segments[7]->out = 1;
    hash.nsegments++;
    CHECK(!cellar__arena_hash_check(&hash));
    hash.nsegments--;
    size_t wrong = 0;
    for (uint64_t base = 100; base < 120; base++) { /* of 20 other bases, most belong elsewhere */
        segments[7]->base = base;
        wrong += !cellar__arena_hash_check(&hash);
    }
    CHECK_GT(wrong, 10);
}

FRESH_TEST(fini_gives_all_blocks_back)
{
    for (uint64_t i = 0; i < 300; i++) {
        give_block();
        segments[i] = segment_new(i);
        cellar__arena_hash_insert(&hash, segments[i]);
    }
    CHECK_GT(hash.nblocks, 3);
    for (uint64_t i = 0; i < 300; i++) {
        cellar__meta_free(cellar__arena_hash_remove(&hash, i), sizeof(struct cellar__segment));
    }
    cellar__arena_hash_fini(&hash);
    CHECK_EQ(fake_meta.nblocks, 0);
    CHECK_EQ(hash.nblocks, 0);
}

TEST_MAIN()
