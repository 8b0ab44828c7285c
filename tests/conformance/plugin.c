/* A plugin for survival_deepbind: opened with RTLD_DEEPBIND, so its malloc is libc's. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *plugin_malloc(size_t size);
char *plugin_copy(const char *text);
char *plugin_print(int number);

void *plugin_malloc(size_t size)
{
    void *block = malloc(size);
    if (block != NULL) {
        memset(block, 0x5a, size);
    }
    return block;
}

char *plugin_copy(const char *text)
{
    return strdup(text);
}

char *plugin_print(int number)
{
    char *text;
    return asprintf(&text, "number %d", number) < 0 ? NULL : text;
}
