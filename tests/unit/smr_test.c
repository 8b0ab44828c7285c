/* levels: base os smr; with: fake/meta.c */
#include "smr/smr.h"

#include <pthread.h>

#include "fake/meta.h"
#include "smr/reader.h"
#include "test.h"

static struct cellar_smr *smr_make(void)
{
    struct cellar_smr_attr attr = {.version = CELLAR_SMR_ATTR_VERSION, .name = "test", .max_pending = 64};
    struct cellar_smr *smr = cellar__smr_create(&attr);
    CHECK(smr != NULL);
    return smr;
}

/* A reader in another thread, which enters and exits when told to. */
struct helper {
    struct cellar_smr *smr;
    pthread_t thread;
    int orders[2];  /* 'e', 'x', or 'q' to end */
    int answers[2]; /* one byte when an order is done */
};

static void *helper_run(void *arg)
{
    struct helper *helper = arg;
    char order = 0;
    while (read(helper->orders[0], &order, 1) == 1 && order != 'q') {
        if (order == 'e') {
            cellar_smr_enter(helper->smr);
        } else {
            cellar_smr_exit(helper->smr);
        }
        CHECK_EQ(write(helper->answers[1], &order, 1), 1);
    }
    return NULL;
}

static void helper_start(struct helper *helper, struct cellar_smr *smr)
{
    helper->smr = smr;
    CHECK_EQ(pipe(helper->orders), 0);
    CHECK_EQ(pipe(helper->answers), 0);
    CHECK_EQ(pthread_create(&helper->thread, NULL, helper_run, helper), 0);
}

static void helper_do(struct helper *helper, char order)
{
    CHECK_EQ(write(helper->orders[1], &order, 1), 1);
    CHECK_EQ(read(helper->answers[0], &order, 1), 1);
}

static void helper_end(struct helper *helper)
{
    CHECK_EQ(write(helper->orders[1], "q", 1), 1);
    pthread_join(helper->thread, NULL);
    for (size_t i = 0; i < 2; i++) {
        close(helper->orders[i]);
        close(helper->answers[i]);
    }
}

TEST(goal_without_readers_is_passed)
{
    struct cellar_smr *smr = smr_make();
    uint64_t goal = cellar_smr_advance(smr);
    CHECK(!cellar__smr_passed(smr, goal)); /* nobody has looked */
    CHECK(cellar_smr_poll(smr, goal));
    CHECK(cellar__smr_passed(smr, goal));
    CHECK_EQ(cellar_smr_wait(smr, goal), 0);
    CHECK_EQ(cellar_smr_destroy(smr), 0);
}

TEST(reader_holds_until_exit)
{
    struct cellar_smr *smr = smr_make();
    struct helper helper;
    helper_start(&helper, smr);
    uint64_t before = cellar_smr_advance(smr);
    helper_do(&helper, 'e');
    uint64_t first = cellar_smr_advance(smr);
    uint64_t second = cellar_smr_advance(smr);
    CHECK(cellar_smr_poll(smr, before)); /* the section began after it */
    CHECK(!cellar_smr_poll(smr, first)); /* R3 */
    CHECK(!cellar_smr_poll(smr, second));
    helper_do(&helper, 'x');
    CHECK(cellar_smr_poll(smr, first));
    CHECK(cellar__smr_passed(smr, second)); /* the same look */
    helper_do(&helper, 'e');                /* a section of after the goals holds none of them */
    CHECK(cellar_smr_poll(smr, second));
    CHECK(!cellar_smr_poll(smr, cellar_smr_advance(smr)));
    helper_do(&helper, 'x');
    helper_end(&helper);
    CHECK_EQ(cellar_smr_destroy(smr), 0);
}

/* Every value of the sequence around its end, and its half. */
TEST(sequence_wraps)
{
    static const uint64_t starts[] = {UINT64_MAX - 6, INT64_MAX - 6};
    for (size_t i = 0; i < 2; i++) {
        struct cellar_smr *smr = smr_make();
        smr->first_seq = smr->read_seq = smr->write_seq = starts[i];
        struct helper helper;
        helper_start(&helper, smr);
        for (size_t round = 0; round < 8; round++) {
            uint64_t old = cellar_smr_advance(smr);
            CHECK_EQ(old & 1, 1); /* 0 is no sequence */
            helper_do(&helper, 'e');
            uint64_t goal = cellar_smr_advance(smr);
            CHECK(cellar_smr_poll(smr, old));
            CHECK(!cellar_smr_poll(smr, goal));
            CHECK(!cellar_smr_poll(smr, goal + CELLAR_SMR_STEP));
            helper_do(&helper, 'x');
            CHECK(cellar_smr_poll(smr, goal));
            CHECK(!cellar_smr_poll(smr, goal + CELLAR_SMR_STEP)); /* no advance has returned it */
        }
        struct cellar_smr_usage usage;
        cellar_smr_get_usage(smr, &usage);
        CHECK_EQ(usage.advances, 16);
        helper_end(&helper);
        CHECK_EQ(cellar_smr_destroy(smr), 0);
    }
}

/* A reader may be delayed between its look at the sequence and its store: what it publishes then is older than read_seq. */
TEST(late_old_sequence_holds_new_goals)
{
    struct cellar_smr *smr = smr_make();
    uint64_t old = smr->write_seq;
    cellar_smr_enter(smr);
    cellar_smr_exit(smr);
    CHECK(cellar_smr_poll(smr, cellar_smr_advance(smr)));
    uint64_t passed = smr->read_seq;
    struct cellar__slot *slot = &cellar__reader_self->slots[smr->id];
    slot->depth = 1;
    __atomic_store_n(&slot->seq, old, __ATOMIC_RELEASE);
    CHECK(!cellar_smr_poll(smr, cellar_smr_advance(smr)));
    CHECK_EQ(smr->read_seq, passed); /* R2: only rises */
    cellar_smr_exit(smr);
    CHECK_EQ(cellar_smr_destroy(smr), 0);
}

TEST(sections_nest)
{
    struct cellar_smr *smr = smr_make();
    cellar_smr_enter(smr);
    uint64_t goal = cellar_smr_advance(smr);
    cellar_smr_enter(smr);
    cellar_smr_exit(smr);
    CHECK(!cellar_smr_poll(smr, goal));
    cellar_smr_exit(smr);
    CHECK(cellar_smr_poll(smr, goal));
    CHECK_EQ(cellar_smr_destroy(smr), 0);
}

TEST(smrs_are_apart)
{
    struct cellar_smr *smr = smr_make();
    struct cellar_smr *other = smr_make();
    cellar_smr_enter(other);
    CHECK(cellar_smr_poll(smr, cellar_smr_advance(smr)));
    CHECK(!cellar_smr_poll(other, cellar_smr_advance(other)));
    cellar_smr_exit(other);
    CHECK_EQ(cellar_smr_destroy(other), 0);
    CHECK_EQ(cellar_smr_destroy(smr), 0);
}

TEST(wait_in_a_section_is_refused)
{
    struct cellar_smr *smr = smr_make();
    struct cellar_smr *other = smr_make();
    uint64_t goal = cellar_smr_advance(smr);
    cellar_smr_enter(other);
    CHECK_EQ(cellar_smr_wait(smr, goal), -EDEADLK);
    CHECK_EQ(cellar_smr_drain(smr), -EDEADLK);
    cellar_smr_exit(other);
    CHECK_EQ(cellar_smr_wait(smr, goal), 0);
    CHECK_EQ(cellar_smr_wait(smr, goal + CELLAR_SMR_STEP), -EINVAL);
    CHECK_EQ(cellar_smr_destroy(other), 0);
    CHECK_EQ(cellar_smr_destroy(smr), 0);
}

static void *exit_later(void *arg)
{
    struct helper *helper = arg;
    usleep(20000);
    helper_do(helper, 'x');
    return NULL;
}

TEST(wait_blocks_until_the_section_ends)
{
    struct cellar_smr *smr = smr_make();
    struct cellar_smr_usage usage;
    struct helper helper;
    pthread_t thread;
    helper_start(&helper, smr);
    helper_do(&helper, 'e');
    uint64_t goal = cellar_smr_advance(smr);
    CHECK_EQ(pthread_create(&thread, NULL, exit_later, &helper), 0);
    CHECK_EQ(cellar_smr_wait(smr, goal), 0);
    cellar_smr_get_usage(smr, &usage);
    CHECK_EQ(usage.waits, 1);
    CHECK_EQ(usage.readers, 0);
    pthread_join(thread, NULL);
    helper_end(&helper);
    CHECK_EQ(cellar_smr_destroy(smr), 0);
}

TEST(destroy_refuses_what_is_in_use)
{
    struct cellar_smr *smr = smr_make();
    cellar__smr_attach(smr);
    CHECK_EQ(cellar_smr_destroy(smr), -EBUSY);
    cellar__smr_detach(smr);
    cellar_smr_enter(smr);
    CHECK_EQ(cellar_smr_destroy(smr), -EBUSY);
    cellar_smr_exit(smr);
    size_t nblocks = fake_meta.nblocks;
    CHECK_EQ(cellar_smr_destroy(smr), 0);
    CHECK_EQ(fake_meta.nblocks, nblocks - 2); /* the smr and its batch */
    CHECK_EQ(cellar_smr_destroy(NULL), 0);
}

TEST(create_refuses_what_it_does_not_know)
{
    struct cellar_smr_attr attr = {.version = CELLAR_SMR_ATTR_VERSION + 1};
    CHECK(cellar__smr_create(&attr) == NULL);
}

TEST(defaults_and_names)
{
    struct cellar_smr_usage usage;
    struct cellar_smr *smr = cellar__smr_create(NULL);
    CHECK_STR(smr->name, "smr");
    cellar_smr_get_usage(smr, &usage);
    CHECK_GE(usage.max_pending, 8192);
    CHECK_LT(usage.max_pending, 8192 + 169);
    CHECK_EQ(cellar_smr_destroy(smr), 0);
    struct cellar_smr_attr attr = {.version = CELLAR_SMR_ATTR_VERSION,
                                   .name = "a name of more than twenty-three bytes"};
    smr = cellar__smr_create(&attr);
    CHECK_STR(smr->name, "a name of more than twe");
    CHECK_EQ(cellar_smr_destroy(smr), 0);
}

TEST(ids_are_used_again_and_end)
{
    static struct cellar_smr *all[CELLAR_SMR_MAX];
    for (size_t i = 0; i < CELLAR_SMR_MAX; i++) {
        all[i] = smr_make();
        CHECK_EQ(all[i]->id, i);
        CHECK_PTR(cellar__smr_get((unsigned)i), all[i]);
    }
    size_t nblocks = fake_meta.nblocks;
    CHECK(cellar__smr_create(NULL) == NULL);
    CHECK_EQ(fake_meta.nblocks, nblocks);
    CHECK_EQ(cellar__smr_id_end(), CELLAR_SMR_MAX);
    CHECK_EQ(cellar_smr_destroy(all[7]), 0);
    CHECK(cellar__smr_get(7) == NULL);
    all[7] = smr_make();
    CHECK_EQ(all[7]->id, 7);
    for (size_t i = 0; i < CELLAR_SMR_MAX; i++) {
        CHECK_EQ(cellar_smr_destroy(all[i]), 0);
    }
}

/* The n-th block of a creation is refused. */
TEST(create_without_memory)
{
    for (uint32_t n = 0; n < 2; n++) {
        size_t nblocks = fake_meta.nblocks;
        fake_meta.fail_from = fake_meta.calls + n;
        fake_meta.fail_to = fake_meta.fail_from + 1;
        CHECK(cellar__smr_create(NULL) == NULL);
        CHECK_EQ(fake_meta.nblocks, nblocks);
    }
    CHECK_EQ(cellar_smr_destroy(smr_make()), 0);
}

TEST(exit_without_enter)
{
    struct cellar_smr *smr = smr_make();
    struct cellar_smr *other = smr_make();
    EXPECT_DEATH(cellar_smr_exit(smr), "cellar: smr test: exit without enter\n");
    cellar_smr_enter(other);
    EXPECT_DEATH(cellar_smr_exit(smr), "cellar: smr test: exit without enter\n");
    cellar_smr_exit(other);
    CHECK_EQ(cellar_smr_destroy(other), 0);
    CHECK_EQ(cellar_smr_destroy(smr), 0);
}

TEST_MAIN()
