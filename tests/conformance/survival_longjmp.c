/* title: a signal handler that does not allocate leaves malloc and free by siglongjmp, 2,000 times; timeout: 120 */
#include "threads.h"

#include <setjmp.h>
#include <sys/time.h>

enum { JUMPS = 2000 };

static sigjmp_buf way_out;
static volatile sig_atomic_t may_jump;
static volatile int jumps;
static void *volatile blocks[NOISE_BLOCKS];
static volatile size_t sizes[NOISE_BLOCKS];

static void on_alarm(int number)
{
    (void)number;
    if (may_jump) {
        may_jump = 0;
        jumps++;
        siglongjmp(way_out, 1);
    }
}

/* The table is always right about what it holds: a block is out of it before it is freed and in it once it is whole. */
static void step(uint64_t *state)
{
    size_t i = row_random(state) % NOISE_BLOCKS;
    void *block = blocks[i];
    if (block != NULL) {
        ROW_CHECK(row_holds(block, sizes[i], i), "a block of %zu bytes has lost its contents",
                  (size_t)sizes[i]);
        blocks[i] = NULL;
        may_jump = 1;
        row_free(block);
        may_jump = 0;
    }
    size_t size = noise_size(state);
    may_jump = 1;
    block = row_malloc(size);
    may_jump = 0;
    ROW_CHECK(block != NULL, "malloc(%zu) fails", size);
    row_fill(block, size, i);
    sizes[i] = size;
    blocks[i] = block;
}

int main(void)
{
    struct itimerval often = {{0, 300}, {0, 300}};
    static uint64_t state = 5;
    signal(SIGALRM, on_alarm);
    setitimer(ITIMER_REAL, &often, NULL);
    sigsetjmp(way_out, 1);
    while (jumps < JUMPS) {
        step(&state);
    }
    return 0;
}
