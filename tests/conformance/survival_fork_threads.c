/* title: fork while 4 threads allocate: 200 children allocate and free; timeout: 120 */
#include "threads.h"

static void in_child(void *argument)
{
    void *blocks[NOISE_BLOCKS] = {NULL};
    size_t sizes[NOISE_BLOCKS] = {0};
    uint64_t state = *(int *)argument + 77;
    alarm(20);
    for (int step = 0; step < 300; step++) {
        noise_step(blocks, sizes, &state);
    }
    for (size_t size = 16; size <= 4 * ROW_MIB; size *= 4) {
        row_free(row_get(size));
    }
}

int main(void)
{
    pthread_t threads[4];
    for (uintptr_t i = 0; i < 4; i++) {
        threads[i] = thread_start(noise_run, (void *)i);
    }
    for (int i = 0; i < 200; i++) {
        row_survive(in_child, &i, "a child that allocates");
    }
    noise_over = 1;
    for (size_t i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
    }
    return 0;
}
