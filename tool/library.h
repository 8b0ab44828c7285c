/* libcellar.so as the command sees it: a file to find, and a few functions to ask. */
#ifndef CELLAR_TOOL_LIBRARY_H
#define CELLAR_TOOL_LIBRARY_H

#include <limits.h>
#include <stddef.h>

struct cellar_option;

struct library {
    char path[PATH_MAX]; /* absolute */
    void *handle;
    const char *(*version)(void);
    const struct cellar_option *(*options)(size_t *ret_count);
};

enum { LIBRARY_ERROR_MAX = 4 * PATH_MAX };

/*
 * Finds libcellar.so: $CELLAR_LIB, else beside the command, in ../lib of it, in the installed library folder.
 * Writes the absolute path. Returns 0 or -errno, and then one line in `error` that tells what was tried and
 * the remedy.
 */
int cellar__library_find(char path[PATH_MAX], char error[LIBRARY_ERROR_MAX]);

/* Finds and opens the library. Same errors. What is opened stays open for the life of the command. */
int cellar__library_open(struct library *library, char error[LIBRARY_ERROR_MAX]);

#endif
