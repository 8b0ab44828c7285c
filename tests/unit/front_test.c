/* levels: base os submap meta arena slab keg bucket smr zone large; with: */
#include "large/front.h"

#include <pthread.h>

#include "os/os.h"
#include "test.h"

enum { KIB = 1 << 10, NMAPS = CELLAR_FRONT_NSLOTS + 1, ROUNDS = 200000 };

static struct cellar__huge_map maps[NMAPS];

/* Maps of 64, 128 ... KiB at made-up addresses; the front never follows a base. */
static void start(void)
{
    size_t n;
    size_t bytes;
    for (size_t i = 0; i < NMAPS; i++) {
        cellar__front_remove(&maps[i]);
        char *base = (char *)((i + 1) << 24);
        maps[i] = (struct cellar__huge_map){.base = base, .block = base + 192, .size = (i + 1) * 64 * KIB};
    }
    while (cellar__front_take_old(UINT64_MAX, 0) != NULL) {
    }
    cellar__front_get_usage(&n, &bytes);
    CHECK_EQ(n, 0);
    CHECK_EQ(bytes, 0);
}

static bool put(size_t i)
{
    return cellar__front_put(maps[i].block, SIZE_MAX);
}

TEST(what_was_put_is_taken_once)
{
    start();
    cellar__front_adopt(&maps[1]);
    CHECK(!cellar__front_holds(&maps[1]));
    CHECK(cellar__front_is_empty());
    CHECK_PTR(cellar__front_take(128 * KIB, 1), NULL); /* with the program */
    CHECK(put(1));
    CHECK(!cellar__front_is_empty());
    CHECK(cellar__front_holds(&maps[1]));
    CHECK(!put(1)); /* a double free is not the front's */
    CHECK_PTR(cellar__front_take(128 * KIB, 1), &maps[1]);
    CHECK_PTR(cellar__front_take(128 * KIB, 1), NULL);
    CHECK(!cellar__front_holds(&maps[1]));
}

TEST(smallest_that_serves_is_taken)
{
    start();
    for (size_t i = 4; i < 8; i++) { /* 320, 384, 448, 512 KiB */
        cellar__front_adopt(&maps[i]);
        CHECK(put(i));
    }
    CHECK_PTR(cellar__front_take(321 * KIB, 1), &maps[5]);
    CHECK_PTR(cellar__front_take(381 * KIB, 1), &maps[6]);
    CHECK_PTR(cellar__front_take(200 * KIB, 1), NULL); /* 320 would waste more than a quarter */
    CHECK_PTR(cellar__front_take(513 * KIB, 1), NULL);
    CHECK_PTR(cellar__front_take(512 * KIB, (size_t)1 << 30), NULL); /* alignment */
    CHECK_PTR(cellar__front_take(512 * KIB, (size_t)1 << 24), &maps[7]);
}

TEST(bytes_are_bounded)
{
    size_t n;
    size_t bytes;
    start();
    cellar__front_adopt(&maps[0]);
    cellar__front_adopt(&maps[1]);
    CHECK(cellar__front_put(maps[0].block, 191 * KIB));
    CHECK(!cellar__front_put(maps[1].block, 191 * KIB));
    CHECK(cellar__front_put(maps[1].block, 192 * KIB));
    cellar__front_get_usage(&n, &bytes);
    CHECK_EQ(n, 2);
    CHECK_EQ(bytes, 192 * KIB);
}

TEST(newest_displaces_a_live_map_only)
{
    start();
    for (size_t i = 0; i < CELLAR_FRONT_NSLOTS; i++) {
        cellar__front_adopt(&maps[i]);
        CHECK(i == 3 || put(i));
    }
    cellar__front_adopt(&maps[NMAPS - 1]); /* all but one wait */
    CHECK(!put(3));
    CHECK(put(NMAPS - 1));
    cellar__front_adopt(&maps[3]); /* none is live: no slot */
    CHECK(!put(3));
}

TEST(old_maps_are_found_by_their_age)
{
    start();
    cellar__front_adopt(&maps[0]);
    CHECK(!cellar__front_has_old(100, 0)); /* live */
    CHECK(put(0));
    CHECK(!cellar__front_has_old(100, 50)); /* the first look */
    CHECK(cellar__front_holds(&maps[0]));
    CHECK(!cellar__front_has_old(149, 50));
    CHECK_PTR(cellar__front_take_old(149, 50), NULL);
    CHECK(cellar__front_has_old(150, 50));
    CHECK_PTR(cellar__front_take_old(150, 50), &maps[0]);
    CHECK(!cellar__front_holds(&maps[0]));
}

/* What was used again has its time before it. */
TEST(time_begins_at_the_first_look_after_a_use)
{
    start();
    cellar__front_adopt(&maps[0]);
    CHECK(put(0));
    CHECK_PTR(cellar__front_take_old(1000, 50), NULL);
    CHECK_PTR(cellar__front_take(64 * KIB, 1), &maps[0]);
    CHECK(!cellar__front_has_old(2000, 50));
    CHECK(put(0));
    CHECK_PTR(cellar__front_take_old(2000, 50), NULL);
    CHECK_PTR(cellar__front_take_old(2049, 50), NULL);
    CHECK_PTR(cellar__front_take_old(2050, 50), &maps[0]);
}

TEST(no_age_is_old_at_the_first_look)
{
    start();
    cellar__front_adopt(&maps[0]);
    CHECK(put(0));
    CHECK(cellar__front_has_old(100, 0));
    CHECK_PTR(cellar__front_take_old(100, 0), &maps[0]);
}

TEST(at_the_end_of_time_all_are_old)
{
    start();
    for (size_t i = 0; i < 2; i++) {
        cellar__front_adopt(&maps[i]);
        CHECK(put(i));
    }
    CHECK_PTR(cellar__front_take_old(1000, 50), NULL); /* both seen, */
    CHECK_PTR(cellar__front_take(64 * KIB, 1), &maps[0]);
    CHECK(put(0)); /* but this one not again */
    CHECK(cellar__front_take_old(UINT64_MAX, 50) != NULL);
    CHECK(cellar__front_take_old(UINT64_MAX, 50) != NULL);
    CHECK(cellar__front_is_empty());
}

static uint32_t owners[NMAPS]; /* atomic */

static void *exchange(void *arg)
{
    size_t *ntaken = arg;
    for (size_t i = 0; i < ROUNDS; i++) {
        struct cellar__huge_map *map = cellar__front_take((i % NMAPS + 1) * 64 * KIB, 1);
        if (map != NULL) {
            size_t index = (size_t)(map - maps);
            CHECK_EQ(__atomic_add_fetch(&owners[index], 1, __ATOMIC_ACQ_REL), 1); /* F2 */
            __atomic_sub_fetch(&owners[index], 1, __ATOMIC_ACQ_REL);
            CHECK(put(index));
            ++*ntaken;
        }
    }
    return NULL;
}

TEST(threads_never_share_a_map)
{
    pthread_t threads[4];
    size_t ntaken[4] = {0};
    start();
    for (size_t i = 0; i < CELLAR_FRONT_NSLOTS; i++) {
        cellar__front_adopt(&maps[i]);
        CHECK(put(i));
    }
    for (size_t i = 0; i < 4; i++) {
        CHECK_EQ(pthread_create(&threads[i], NULL, exchange, &ntaken[i]), 0);
    }
    for (size_t i = 0; i < 4; i++) {
        CHECK_EQ(pthread_join(threads[i], NULL), 0);
        CHECK_GT(ntaken[i], 0);
    }
    start();
}

TEST_MAIN()
