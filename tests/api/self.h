/* What the kernel says of this process, read without malloc. */
#ifndef CELLAR_TESTS_API_SELF_H
#define CELLAR_TESTS_API_SELF_H

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "test.h"

/* The number behind `key` in /proc/self/status. */
static inline size_t self_status(const char *key)
{
    char text[4096];
    int fd = open("/proc/self/status", O_RDONLY);
    ssize_t length = read(fd, text, sizeof text - 1);
    close(fd);
    CHECK(length > 0);
    text[length] = '\0';
    const char *at = strstr(text, key);
    CHECK(at != NULL);
    return strtoul(at + strlen(key), NULL, 10);
}

/* Bytes. */
static inline size_t self_resident(void)
{
    return self_status("VmRSS:") << 10;
}

static inline size_t self_nthreads(void)
{
    return self_status("Threads:");
}

#endif
