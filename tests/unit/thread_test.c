/* levels: base os slab keg bucket smr zone; with: fake/heap.c */
#include "zone/thread.h"

#include <limits.h>
#include <pthread.h>

#include "fake/heap.h"
#include "test.h"
#include "zone/zone.h"

/* First in the file: the others run with this thread's own record. */
TEST(shared_record_serves_at_first)
{
    fake_heap_start();
    CHECK(cellar__thread_is_empty(cellar__self));
    CHECK(cellar__thread_is_empty(cellar__thread_own())); /* the level has not been started */
    CHECK_EQ(cellar__thread_count(), 0);
}

TEST(shared_record_serves_without_memory)
{
    cellar__thread_init();
    fake_heap.blocks_left = 0;
    CHECK(cellar__thread_is_empty(cellar__thread_own()));
    CHECK_EQ(cellar__thread_count(), 0);
    fake_heap.blocks_left = SIZE_MAX;
}

TEST(own_record_is_made_once)
{
    struct cellar__thread *thread = cellar__thread_own();
    CHECK(!cellar__thread_is_empty(thread));
    CHECK_PTR(cellar__self, thread);
    CHECK_PTR(cellar__thread_own(), thread);
    CHECK_EQ(cellar__thread_count(), 1);
    CHECK_EQ(offsetof(struct cellar__thread, caches), 0); /* T1 */
}

static void count_thread(void *ctx, struct cellar__thread *thread)
{
    (void)thread;
    ++*(size_t *)ctx;
}

static void *thread_owns(void *arg)
{
    size_t count = 0;
    struct cellar__thread *thread = cellar__thread_own();
    CHECK(!cellar__thread_is_empty(thread));
    CHECK(thread != arg);
    CHECK_EQ(cellar__thread_count(), 2);
    cellar__thread_walk(count_thread, &count);
    CHECK_EQ(count, 2);
    return NULL;
}

static size_t count_records(void)
{
    size_t count = 0;
    cellar__thread_walk(count_thread, &count);
    return count;
}

TEST(record_is_parked_when_its_thread_ends)
{
    size_t nblocks = fake_heap.nblocks;
    pthread_t thread;
    CHECK_EQ(pthread_create(&thread, NULL, thread_owns, cellar__self), 0);
    pthread_join(thread, NULL);
    CHECK_EQ(cellar__thread_count(), 1);
    CHECK_EQ(count_records(), 2);
    CHECK(cellar__thread_trim_parked(false)); /* was not there at the look before */
    CHECK_EQ(count_records(), 2);
    CHECK(!cellar__thread_trim_parked(false));
    CHECK_EQ(count_records(), 1);
    CHECK_EQ(fake_heap.nblocks, nblocks);
}

static void *thread_tells(void *arg)
{
    *(struct cellar__thread **)arg = cellar__thread_own();
    return NULL;
}

TEST(parked_record_is_the_next_threads)
{
    struct cellar__thread *records[2] = {NULL};
    for (size_t i = 0; i < 2; i++) {
        pthread_t thread;
        CHECK_EQ(pthread_create(&thread, NULL, thread_tells, &records[i]), 0);
        pthread_join(thread, NULL);
        CHECK(i == 1 || cellar__thread_trim_parked(false));
    }
    CHECK(records[0] != cellar__self);
    CHECK_PTR(records[1], records[0]);
    CHECK(cellar__thread_trim_parked(false)); /* it has served since it was looked at */
    CHECK(!cellar__thread_trim_parked(true));
    CHECK_EQ(count_records(), 1);
}

TEST(records_of_others_go_in_a_child_but_for_parked_ones)
{
    struct cellar__thread *record = NULL;
    pthread_t thread;
    CHECK_EQ(pthread_create(&thread, NULL, thread_tells, &record), 0);
    pthread_join(thread, NULL);
    cellar__thread_forget_orphans();
    CHECK_EQ(cellar__thread_count(), 1);
    CHECK_EQ(count_records(), 2);
    CHECK(!cellar__thread_trim_parked(true));
    CHECK_EQ(count_records(), 1);
}

static pthread_key_t late_key;

/* TSan ends its own record of a thread in libc's last round of destructors: no code of ours may run after that. */
#if defined(__SANITIZE_THREAD__)
#define LATE_ROUNDS 2
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define LATE_ROUNDS 2
#endif
#endif
#ifndef LATE_ROUNDS
#define LATE_ROUNDS PTHREAD_DESTRUCTOR_ITERATIONS
#endif

/* Asks for a record in each of the last rounds of destructors that libc makes. */
static void late_use(void *arg)
{
    static __thread int rounds;
    CHECK(rounds == 0 || cellar__thread_is_empty(cellar__thread_own()));
    cellar__thread_own();
    if (++rounds < LATE_ROUNDS) {
        pthread_setspecific(late_key, arg);
    }
}

static void *late_thread(void *arg)
{
    cellar__thread_own();
    pthread_setspecific(late_key, arg);
    return NULL;
}

/* However late a thread allocates, nothing of it stays behind. */
TEST(record_goes_also_after_the_last_destructor)
{
    pthread_t thread;
    CHECK_EQ(pthread_key_create(&late_key, late_use), 0);
    CHECK_EQ(pthread_create(&thread, NULL, late_thread, &late_key), 0);
    pthread_join(thread, NULL);
    CHECK_EQ(cellar__thread_count(), 1);
    CHECK_EQ(pthread_key_delete(late_key), 0);
}

TEST_MAIN()
