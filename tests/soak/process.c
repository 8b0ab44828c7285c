#include "soak/process.h"

#include "malloc/heap.h"
#include "soak/child.h"
#include "soak/faults.h"
#include "soak/gate.h"
#include "soak/ops.h"
#include "soak/quiet.h"
#include "soak/state.h"
#include "soak/worker.h"

#define PROCESS_TICK_NS UINT64_C(5000000)
/* Ticks between two forks, and between two looks at everything, at the most: on average half of that. */
enum { PROCESS_FORK_TICKS = 150, PROCESS_QUIET_TICKS = 200 };

/* The first block starts the heap. */
static void process_start_heap(struct test_random *random)
{
    if (!cellar__heap_is_started) {
        soak_faults_at_start(random);
        free(malloc(1));
        soak_faults_close();
    }
}

static void process_look(void)
{
    soak_gate_close();
    soak_worker_join_ended();
    soak_quiet_check();
    soak_gate_open();
}

static void process_coordinate(struct test_random *random)
{
    uint64_t to_fork = 1;
    uint64_t to_look = 1;
    while (!soak_is_over()) {
        soak_sleep_ns(PROCESS_TICK_NS);
        soak_worker_join_ended();
        soak_worker_restart();
        soak_child_reap(false);
        if (--to_fork == 0) {
            soak_child_want();
            to_fork = 1 + test_random_below(random, PROCESS_FORK_TICKS);
        }
        if (--to_look == 0) {
            process_look();
            to_look = 1 + test_random_below(random, PROCESS_QUIET_TICKS);
        }
    }
}

static void process_free_all(void)
{
    for (size_t i = 0; i < soak_table_nslots(); i++) {
        struct soak_slot *slot = soak_table_take_at(i);
        if (slot != NULL) {
            soak_ops_free(slot);
            soak_table_put(slot);
        }
    }
}

void soak_process_run(void)
{
    struct test_random random = {soak_options.seed ^ UINT64_C(0x5bd1e995)};
    int status = soak_table_init(soak_options.nthreads);
    if (status != 0) {
        soak_error("no memory for the table: %d", status);
        return;
    }
    process_start_heap(&random);
    soak_fault_thread_start();
    soak_worker_start_all();
    process_coordinate(&random);
    soak_worker_join_all();
    soak_fault_thread_join();
    soak_child_reap(true);
    if (soak_shared->counts.nerrors == 0) {
        soak_quiet_check();
        process_free_all();
        soak_quiet_check_end();
    }
}
