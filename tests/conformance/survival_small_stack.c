/* title: threads with 32 KiB of stack allocate all kinds of blocks */
#include "threads.h"

static void *thread_run(void *argument)
{
    for (size_t size = 1; size < 8 * ROW_MIB; size = size * 2 + 1) {
        void *block = row_calloc(1, size);
        block = row_realloc(block, size + 5000);
        ROW_CHECK(block != NULL, "realloc to %zu bytes fails", size + 5000);
        row_free(block);
        row_free(row_memalign(4096, size));
    }
    return argument;
}

int main(void)
{
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    ROW_CHECK(pthread_attr_setstacksize(&attributes, 32 * ROW_KIB) == 0, "no such stack");
    for (int i = 0; i < 50; i++) {
        pthread_t thread;
        ROW_CHECK(pthread_create(&thread, &attributes, thread_run, NULL) == 0, "pthread_create fails");
        pthread_join(thread, NULL);
    }
    return 0;
}
