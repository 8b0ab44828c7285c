#include "os/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>

#include "os/linux_call.h"
#include "os/os.h"

static long file_open(const char *path, int flags, int mode)
{
    return CELLAR_CALL4(SYS_openat, AT_FDCWD, path, flags | O_CLOEXEC, mode);
}

ssize_t cellar__file_read(const char *path, char *buffer, size_t size)
{
    long fd = file_open(path, O_RDONLY, 0);
    size_t length = 0;
    if (fd < 0) {
        return fd;
    }
    while (length + 1 < size) {
        long count = CELLAR_CALL3(SYS_read, fd, buffer + length, size - 1 - length);
        if (count == -EINTR) {
            continue;
        }
        if (count < 0 && length == 0) {
            CELLAR_CALL1(SYS_close, fd);
            return count;
        }
        if (count <= 0) {
            break;
        }
        length += (size_t)count;
    }
    CELLAR_CALL1(SYS_close, fd);
    buffer[length] = '\0';
    return (ssize_t)length;
}

int cellar__os_write(int fd, const char *text, size_t length)
{
    while (length > 0) {
        long count = CELLAR_CALL3(SYS_write, fd, text, length);
        if (count == -EINTR) {
            continue;
        }
        if (count < 0) {
            return (int)count;
        }
        text += count;
        length -= (size_t)count;
    }
    return 0;
}

int cellar__os_append(const char *path, const char *text, size_t length)
{
    long fd = file_open(path, O_WRONLY | O_APPEND | O_CREAT, 0600);
    if (fd < 0) {
        return (int)fd;
    }
    int status = cellar__os_write((int)fd, text, length);
    CELLAR_CALL1(SYS_close, fd);
    return status;
}

void cellar__os_program(char *buffer, size_t size)
{
    long length = CELLAR_CALL4(SYS_readlinkat, AT_FDCWD, "/proc/self/exe", buffer, size - 1);
    buffer[length < 0 ? 0 : length] = '\0';
}

extern char **environ;

static const char *file_value_after(const char *entry, const char *name)
{
    while (*name != '\0' && *entry == *name) {
        entry++;
        name++;
    }
    return *name == '\0' && *entry == '=' ? entry + 1 : NULL;
}

static ssize_t file_copy_value(const char *value, char *buffer, size_t size)
{
    size_t length = 0;
    while (value[length] != '\0') {
        if (length + 1 >= size) {
            return -E2BIG;
        }
        buffer[length] = value[length];
        length++;
    }
    buffer[length] = '\0';
    return (ssize_t)length;
}

/* The kernel's copy of the environment, for calls that come before libc has published `environ`. */
static CELLAR_NOINLINE ssize_t file_early_environment(const char *name, char *buffer, size_t size)
{
    char text[32768]; /* of the first thread's stack: there is no other yet */
    ssize_t length = cellar__file_read("/proc/self/environ", text, sizeof text);
    for (ssize_t at = 0; at < length;) {
        const char *value = file_value_after(text + at, name);
        if (value != NULL) {
            return file_copy_value(value, buffer, size);
        }
        while (at < length && text[at] != '\0') {
            at++;
        }
        at++;
    }
    return -ENOENT;
}

ssize_t cellar__os_environment(const char *name, char *buffer, size_t size)
{
    if (environ == NULL) {
        return file_early_environment(name, buffer, size);
    }
    for (char **entry = environ; *entry != NULL; entry++) {
        const char *value = file_value_after(*entry, name);
        if (value != NULL) {
            return file_copy_value(value, buffer, size);
        }
    }
    return -ENOENT;
}
