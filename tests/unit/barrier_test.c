/* levels: base os */
#include <pthread.h>

#include "os/fault.h"
#include "os/os.h"
#include "test.h"

TEST(barrier_after_registration)
{
    int status = cellar__os_barrier_register();
    if (status == 0) {
        CHECK_EQ(cellar__os_barrier(), 0);
        CHECK_EQ(cellar__os_barrier_register(), 0); /* again does no harm */
    } else {
        CHECK_LT(status, 0);
        CHECK_LT(cellar__os_barrier(), 0);
    }
}

TEST(registration_outlives_fork)
{
    bool is_registered = cellar__os_barrier_register() == 0;
    EXPECT_EXIT((cellar__os_barrier_register(), _exit((cellar__os_barrier() == 0) == is_registered ? 0 : 1)),
                0, "");
}

TEST(errors_on_demand)
{
    cellar__fault_arm(CELLAR_FAULT_BARRIER, 0, 2);
    CHECK_EQ(cellar__os_barrier_register(), -ENOSYS);
    CHECK_EQ(cellar__os_barrier(), -EPERM);
    CHECK_EQ(cellar__fault_calls(CELLAR_FAULT_BARRIER), 2);
    cellar__fault_disarm_all();
}

/* Dekker's two stores and two loads: with a barrier on one side only, both threads cannot miss the other's store. */
enum { NROUNDS = 2000 };

static uint32_t flags[2];
static uint32_t seen[2];
static uint32_t turn;

static void *light_run(void *arg)
{
    (void)arg;
    for (uint32_t round = 1; round <= NROUNDS; round++) {
        while (__atomic_load_n(&turn, __ATOMIC_ACQUIRE) != 2 * round - 1) {
        }
        __atomic_store_n(&flags[0], round, __ATOMIC_RELAXED);
        __atomic_signal_fence(__ATOMIC_SEQ_CST);
        seen[0] = __atomic_load_n(&flags[1], __ATOMIC_RELAXED);
        __atomic_store_n(&turn, 2 * round, __ATOMIC_RELEASE);
    }
    return NULL;
}

TEST(barrier_serves_the_side_without)
{
    pthread_t thread;
    if (cellar__os_barrier_register() != 0) {
        return;
    }
    CHECK_EQ(pthread_create(&thread, NULL, light_run, NULL), 0);
    for (uint32_t round = 1; round <= NROUNDS; round++) {
        __atomic_store_n(&turn, 2 * round - 1, __ATOMIC_RELEASE);
        __atomic_store_n(&flags[1], round, __ATOMIC_RELAXED);
        CHECK_EQ(cellar__os_barrier(), 0);
        seen[1] = __atomic_load_n(&flags[0], __ATOMIC_RELAXED);
        while (__atomic_load_n(&turn, __ATOMIC_ACQUIRE) != 2 * round) {
        }
        CHECK(seen[0] == round || seen[1] == round);
    }
    pthread_join(thread, NULL);
}

TEST_MAIN()
