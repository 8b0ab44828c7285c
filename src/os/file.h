/* Small files read whole through raw calls, for /proc. Private to the os level. */
#ifndef CELLAR_OS_FILE_H
#define CELLAR_OS_FILE_H

#include <stddef.h>
#include <sys/types.h>

/* Reads at most size - 1 bytes and ends them with NUL; bytes read or -errno. */
ssize_t cellar__file_read(const char *path, char *buffer, size_t size);

#endif
