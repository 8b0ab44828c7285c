/* levels: base os smr; with: fake/meta.c */
#include "smr/reader.h"

#include <pthread.h>

#include "fake/meta.h"
#include "test.h"

static struct cellar_smr *smr;

static void start(void)
{
    if (smr == NULL) {
        smr = cellar__smr_create(NULL);
        CHECK(smr != NULL);
    }
}

static void no_memory(bool refused)
{
    fake_meta.fail_from = refused ? fake_meta.calls : 0;
    fake_meta.fail_to = refused ? UINT32_MAX : 0;
}

static size_t readers(void)
{
    struct cellar_smr_usage usage;
    cellar_smr_get_usage(smr, &usage);
    return usage.readers;
}

/* First in the file: this thread has no reader yet. */
TEST(section_without_memory_is_counted)
{
    start();
    no_memory(true);
    cellar_smr_enter(smr);
    CHECK(cellar__reader_self == NULL);
    CHECK_EQ(smr->nshared, 1);
    CHECK(cellar__reader_is_inside());
    CHECK_EQ(readers(), 1);
    uint64_t goal = cellar_smr_advance(smr);
    CHECK(!cellar_smr_poll(smr, goal));
    CHECK_EQ(cellar_smr_wait(smr, goal), -EDEADLK);
    cellar_smr_enter(smr);
    CHECK_EQ(smr->nshared, 2);
    cellar_smr_exit(smr);
    CHECK(!cellar_smr_poll(smr, goal));
    no_memory(false);
    cellar_smr_enter(smr); /* memory came back in the middle: the inner section has a slot */
    CHECK(cellar__reader_is_own(cellar__reader_self));
    CHECK_EQ(smr->nshared, 1);
    cellar_smr_exit(smr);
    CHECK(!cellar_smr_poll(smr, goal));
    cellar_smr_exit(smr);
    CHECK_EQ(smr->nshared, 0);
    CHECK(!cellar__reader_is_inside());
    CHECK(cellar_smr_poll(smr, goal));
}

TEST(exit_finds_nothing_counted)
{
    start();
    EXPECT_DEATH(cellar_smr_exit(smr), "cellar: smr smr: exit without enter\n");
}

static void *reader_note(void *arg)
{
    cellar_smr_enter(smr);
    cellar_smr_exit(smr);
    *(struct cellar__reader **)arg = cellar__reader_self;
    return NULL;
}

static struct cellar__reader *reader_of_a_thread(void)
{
    struct cellar__reader *reader = NULL;
    pthread_t thread;
    CHECK_EQ(pthread_create(&thread, NULL, reader_note, &reader), 0);
    pthread_join(thread, NULL);
    return reader;
}

TEST(reader_goes_to_the_next_thread)
{
    start();
    struct cellar__reader *first = reader_of_a_thread();
    size_t nblocks = fake_meta.nblocks;
    CHECK(first != NULL && first != cellar__reader_self);
    CHECK_EQ(first->is_taken, 0); /* R4 */
    CHECK_EQ(first->slots[smr->id].seq, 0);
    CHECK_PTR(reader_of_a_thread(), first);
    CHECK_EQ(fake_meta.nblocks, nblocks);
}

static void *end_inside(void *arg)
{
    (void)arg;
    cellar_smr_enter(smr);
    cellar_smr_enter(smr);
    return NULL;
}

TEST(section_ends_with_its_thread)
{
    start();
    pthread_t thread;
    uint64_t before = smr->nabandoned;
    CHECK_EQ(pthread_create(&thread, NULL, end_inside, NULL), 0);
    pthread_join(thread, NULL);
    CHECK_EQ(smr->nabandoned, before + 1);
    CHECK_EQ(readers(), 0);
    CHECK(cellar_smr_poll(smr, cellar_smr_advance(smr)));
}

static pthread_key_t late_key;

/* A destructor that reads: in the first round with the section of before, whose end it is. */
static void late_exit(void *arg)
{
    (void)arg;
    CHECK(cellar__reader_is_inside());
    CHECK(!cellar_smr_poll(smr, cellar_smr_advance(smr)));
    cellar_smr_exit(smr);
}

static void *exit_in_a_destructor(void *arg)
{
    pthread_setspecific(late_key, arg);
    cellar_smr_enter(smr);
    return NULL;
}

TEST(destructors_may_still_exit)
{
    start();
    pthread_t thread;
    uint64_t before = smr->nabandoned;
    CHECK_EQ(pthread_key_create(&late_key, late_exit), 0);
    CHECK_EQ(pthread_create(&thread, NULL, exit_in_a_destructor, &late_key), 0);
    pthread_join(thread, NULL);
    CHECK_EQ(pthread_key_delete(late_key), 0);
    CHECK_EQ(smr->nabandoned, before);
    CHECK_EQ(readers(), 0);
}

/* Past the end of its reader a thread's sections are counted. */
static void late_enter(void *arg)
{
    static __thread unsigned nrounds;
    if (++nrounds < 2) {
        pthread_setspecific(late_key, arg);
        return;
    }
    CHECK_PTR(cellar__reader_self, CELLAR_READER_OVER);
    cellar_smr_enter(smr);
    CHECK_EQ(smr->nshared, 1);
    CHECK(!cellar_smr_poll(smr, cellar_smr_advance(smr)));
    cellar_smr_exit(smr);
    CHECK_EQ(smr->nshared, 0);
}

static void *enter_in_a_destructor(void *arg)
{
    pthread_setspecific(late_key, arg);
    cellar_smr_enter(smr);
    cellar_smr_exit(smr);
    return NULL;
}

TEST(destructors_may_still_enter)
{
    start();
    pthread_t thread;
    size_t nblocks = fake_meta.nblocks;
    CHECK_EQ(pthread_key_create(&late_key, late_enter), 0);
    CHECK_EQ(pthread_create(&thread, NULL, enter_in_a_destructor, &late_key), 0);
    pthread_join(thread, NULL);
    CHECK_EQ(pthread_key_delete(late_key), 0);
    CHECK_EQ(fake_meta.nblocks, nblocks);
}

/* What a signal handler does to a section that is half open or half closed. */
static struct cellar__slot *slot_of_self(void)
{
    cellar_smr_enter(smr);
    cellar_smr_exit(smr);
    return &cellar__reader_self->slots[smr->id];
}

TEST(handler_in_the_middle_of_enter)
{
    start();
    struct cellar__slot *slot = slot_of_self();
    slot->depth++; /* counted, not yet published */
    cellar_smr_enter(smr);
    CHECK(!cellar_smr_poll(smr, cellar_smr_advance(smr))); /* R5: the handler is protected */
    cellar_smr_exit(smr);
    CHECK_NE(slot->seq, 0);
    CHECK_EQ(slot->depth, 1);
    cellar_smr_exit(smr);
    CHECK_EQ(slot->seq, 0);
}

TEST(handler_in_the_middle_of_exit)
{
    start();
    struct cellar__slot *slot = slot_of_self();
    cellar_smr_enter(smr);
    slot->depth = 0; /* counted, still published */
    uint64_t seq = slot->seq;
    cellar_smr_advance(smr);
    cellar_smr_enter(smr);
    CHECK_EQ(slot->seq, seq);
    cellar_smr_exit(smr);
    CHECK_EQ(slot->seq, 0);
    CHECK_EQ(slot->depth, 0);
}

TEST_MAIN()
