/* levels: base os */
#include "os/lock.h"
#include "test.h"
#include <pthread.h>

static struct cellar__lock keg_lock = CELLAR_LOCK_INIT(CELLAR_RANK_KEG);
static struct cellar__lock arena_lock = CELLAR_LOCK_INIT(CELLAR_RANK_ARENA);

TEST(try_takes_what_is_free_only)
{
    struct cellar__lock lock;
    cellar__lock_init(&lock, CELLAR_RANK_ARENA);
    CHECK(cellar__lock_try(&lock));
    CHECK(!cellar__lock_try(&lock));
    CHECK_EQ(cellar__lock_highest_held(), CELLAR_RANK_ARENA);
    cellar__lock_release(&lock);
    CHECK_EQ(cellar__lock_highest_held(), CELLAR_RANK_NONE);
    CHECK(cellar__lock_try(&lock));
    cellar__lock_release(&lock);
}

TEST(highest_held_goes_up_and_down)
{
    cellar__lock_acquire(&keg_lock);
    CHECK_EQ(cellar__lock_highest_held(), CELLAR_RANK_KEG);
    cellar__lock_acquire(&arena_lock);
    CHECK_EQ(cellar__lock_highest_held(), CELLAR_RANK_ARENA);
    cellar__lock_release(&keg_lock); /* any order of release will do */
    CHECK_EQ(cellar__lock_highest_held(), CELLAR_RANK_ARENA);
    cellar__lock_release(&arena_lock);
    CHECK_EQ(cellar__lock_highest_held(), CELLAR_RANK_NONE);
}

/* How a child ends that runs the function: by SIGABRT when a rank was out of order. */
static bool lock_dies(void (*run)(void))
{
    struct test_child child;
    if (test_child_fork(&child)) {
        run();
        _exit(TEST_SURVIVED);
    }
    test_child_wait(&child);
    return test_child_ended(&child, 0, SIGABRT) && strstr(child.stderr_text, "assertion failed") != NULL;
}

static void take_downwards(void)
{
    cellar__lock_acquire(&arena_lock);
    cellar__lock_acquire(&keg_lock);
}

static void take_equal(void)
{
    struct cellar__lock other = CELLAR_LOCK_INIT(CELLAR_RANK_KEG);
    cellar__lock_acquire(&keg_lock);
    cellar__lock_acquire(&other);
}

static void take_equal_with_leave(void)
{
    cellar__lock_allow_equal(true);
    take_equal();
}

static void take_without_rank(void)
{
    struct cellar__lock lock = {0};
    cellar__lock_acquire(&lock);
}

static void release_unheld(void)
{
    cellar__lock_release(&keg_lock);
}

TEST(ranks_must_rise)
{
    CHECK(lock_dies(take_downwards));
    CHECK(lock_dies(take_equal));
    CHECK(!lock_dies(take_equal_with_leave));
    CHECK(lock_dies(take_without_rank));
    CHECK(lock_dies(release_unheld));
}

/* A lock that its own thread finds held: the operation that took it will never end. */
TEST(holder_that_comes_again_takes_over)
{
    CHECK(!keg_lock.is_abandoned);
    cellar__lock_acquire(&keg_lock);
    cellar__lock_forget_held();
    cellar__lock_acquire(&keg_lock);
    CHECK(keg_lock.is_abandoned);
    CHECK_EQ(cellar__lock_highest_held(), CELLAR_RANK_KEG);
    cellar__lock_release(&keg_lock);
    CHECK_EQ(cellar__lock_highest_held(), CELLAR_RANK_NONE);
    cellar__lock_acquire(&keg_lock); /* the mark waits for whoever mends */
    CHECK(keg_lock.is_abandoned);
    keg_lock.is_abandoned = false;
    cellar__lock_release(&keg_lock);
}

static void take_twice(void)
{
    cellar__lock_acquire(&arena_lock);
    cellar__lock_forget_held();
    cellar__lock_acquire(&arena_lock);
}

/* The other ranks are held with signals blocked only: there it is a fault of the library. */
TEST(only_kegs_can_be_abandoned)
{
    CHECK(lock_dies(take_twice));
}

static void release_twice(void)
{
    cellar__lock_acquire(&keg_lock);
    cellar__lock_forget_held();
    cellar__lock_acquire(&keg_lock);
    cellar__lock_release(&keg_lock);
    cellar__lock_check_acquire(&keg_lock); /* as if the ranks were not checked */
    cellar__lock_release(&keg_lock);
}

TEST(operation_that_goes_on_after_all_ends_the_program)
{
    EXPECT_DEATH(
        release_twice(),
        "cellar: a signal handler allocated or freed memory in the middle of an allocation of its thread\n");
}

enum { THREADS = 4, ROUNDS = 50000 };

static unsigned long counter; /* under arena_lock; not atomic on purpose */

static void *count_up(void *arg)
{
    (void)arg;
    for (int i = 0; i < ROUNDS; i++) {
        cellar__lock_acquire(&arena_lock);
        counter++;
        cellar__lock_release(&arena_lock);
    }
    return NULL;
}

TEST(one_holder_at_a_time)
{
    pthread_t threads[THREADS];
    counter = 0;
    for (int i = 0; i < THREADS; i++) {
        CHECK_EQ(pthread_create(&threads[i], NULL, count_up, NULL), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        CHECK_EQ(pthread_join(threads[i], NULL), 0);
    }
    CHECK_EQ(counter, THREADS * ROUNDS);
    CHECK_EQ(arena_lock.word, 0);
}

/* A holder that keeps the lock much longer than a waiter spins: the waiter sleeps and is woken. */
TEST(a_waiter_sleeps_and_is_woken)
{
    pthread_t thread;
    counter = 0;
    cellar__lock_acquire(&arena_lock);
    CHECK_EQ(pthread_create(&thread, NULL, count_up, NULL), 0);
    while ((__atomic_load_n(&arena_lock.word, __ATOMIC_RELAXED) & CELLAR_LOCK_WAITED) == 0) {
        usleep(1000);
    }
    usleep(20000);
    CHECK_EQ(counter, 0);
    cellar__lock_release(&arena_lock);
    CHECK_EQ(pthread_join(thread, NULL), 0);
    CHECK_EQ(counter, ROUNDS);
}

TEST_MAIN()
