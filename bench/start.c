/*
 * A trivial program: one block, then the end. It is started 200 times in a row to see what an allocator adds to every
 * start.
 *
 * Prints `anon_rss_kib`: the anonymous memory it holds, the part of its RSS that no other process shares. Before the
 * first malloc nothing here calls the allocator, and the output goes by write, whose buffer is on the stack.
 */
#include "bench.h"
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* The number after "RssAnon:" in /proc/self/status, KiB; 0 if it cannot be read. */
static unsigned long start_rss_read(void)
{
    char text[4096];
    int file = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
    ssize_t size = file < 0 ? -1 : read(file, text, sizeof(text) - 1);
    if (file >= 0)
        close(file);
    if (size <= 0)
        return 0;
    text[size] = '\0';
    const char *found = strstr(text, "RssAnon:");
    return found == NULL ? 0 : strtoul(found + strlen("RssAnon:"), NULL, 10);
}

int main(void)
{
    void *volatile block = malloc(64);
    if (block == NULL)
        return 1;
    char line[64];
    int size = snprintf(line, sizeof(line), "anon_rss_kib %lu\n", start_rss_read());
    free(block);
    return write(STDOUT_FILENO, line, (size_t)size) == size ? 0 : 1;
}
