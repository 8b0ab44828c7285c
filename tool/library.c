/* Finding and opening libcellar.so. */
#include "library.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LIBRARY_NAME "libcellar.so"

/* The build says where the library is installed; this default is that of `make install`. */
#ifndef CELLAR_LIBDIR
#define CELLAR_LIBDIR "/usr/local/lib"
#endif

/* The folder of the running command, without a trailing slash. */
static int library_own_folder(char folder[PATH_MAX])
{
    ssize_t length = readlink("/proc/self/exe", folder, PATH_MAX - 1);
    if (length < 0)
        return -errno;
    folder[length] = '\0';
    char *slash = strrchr(folder, '/');
    if (slash == NULL)
        return -ENOENT;
    *slash = '\0';
    return 0;
}

/* Whether the file of that name can be read; if so its absolute path, links resolved. */
static int library_resolve(const char *name, char path[PATH_MAX])
{
    char resolved[PATH_MAX];
    if (realpath(name, resolved) == NULL || access(resolved, R_OK) != 0)
        return -errno;
    memcpy(path, resolved, strlen(resolved) + 1);
    return 0;
}

static int library_find_named(const char *name, char path[PATH_MAX], char error[LIBRARY_ERROR_MAX])
{
    int rc = library_resolve(name, path);
    if (rc != 0)
        snprintf(error, LIBRARY_ERROR_MAX, "CELLAR_LIB is '%s': %s; set it to the path of " LIBRARY_NAME,
                 name, strerror(-rc));
    return rc;
}

int cellar__library_find(char path[PATH_MAX], char error[LIBRARY_ERROR_MAX])
{
    const char *named = getenv("CELLAR_LIB");
    if (named != NULL && named[0] != '\0')
        return library_find_named(named, path, error);

    static const char *const places[] = {"/" LIBRARY_NAME, "/../lib/" LIBRARY_NAME};
    char folder[PATH_MAX];
    bool placed = library_own_folder(folder) == 0;
    for (size_t i = 0; placed && i < sizeof(places) / sizeof(places[0]); i++) {
        char name[PATH_MAX + 32];
        snprintf(name, sizeof(name), "%s%s", folder, places[i]);
        if (library_resolve(name, path) == 0)
            return 0;
    }
    if (library_resolve(CELLAR_LIBDIR "/" LIBRARY_NAME, path) == 0)
        return 0;
    snprintf(error, LIBRARY_ERROR_MAX,
             LIBRARY_NAME " is not beside the command (%s), nor in ../lib, nor in " CELLAR_LIBDIR
                          "; set CELLAR_LIB to its path",
             placed ? folder : "folder unknown");
    return -ENOENT;
}

/* ISO C has no conversion from void * to a function pointer; POSIX promises that they have one
 * representation. */
static int library_symbol(struct library *library, const char *name, void *ret_function,
                          char error[LIBRARY_ERROR_MAX])
{
    void *address = dlsym(library->handle, name);
    if (address == NULL) {
        snprintf(error, LIBRARY_ERROR_MAX, "'%s' has no function '%s'; CELLAR_LIB can name another library",
                 library->path, name);
        return -ENOSYS;
    }
    memcpy(ret_function, &address, sizeof(address));
    return 0;
}

int cellar__library_open(struct library *library, char error[LIBRARY_ERROR_MAX])
{
    int rc = cellar__library_find(library->path, error);
    if (rc != 0)
        return rc;
    /* The settings in the environment are for the program under study; opened here, the library would warn of
       them and report at exit a second time. */
    unsetenv("CELLAR_CONF");
    library->handle = dlopen(library->path, RTLD_NOW | RTLD_LOCAL);
    if (library->handle == NULL) {
        snprintf(error, LIBRARY_ERROR_MAX, "cannot open the library: %s; CELLAR_LIB can name another",
                 dlerror());
        return -ENOEXEC;
    }
    rc = library_symbol(library, "cellar_version", &library->version, error);
    if (rc == 0)
        rc = library_symbol(library, "cellar_options", &library->options, error);
    return rc;
}
