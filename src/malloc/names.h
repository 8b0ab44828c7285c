/*
 * names: under which names the entry points are exported.
 *
 * Every entry point is a function cellar_NAME. In the library that replaces malloc (CELLAR_OVERRIDE 1) each also has
 * the C library's name, as an alias in the same object file: a static link must find all of them in one object, or the
 * C library's own malloc would be drawn in for the one that is missing. The API-only library (0) has no such alias.
 */
#ifndef CELLAR_MALLOC_NAMES_H
#define CELLAR_MALLOC_NAMES_H

#include <features.h>

#ifndef CELLAR_OVERRIDE
#define CELLAR_OVERRIDE 1
#endif

#if CELLAR_OVERRIDE
#define CELLAR_ALIAS(name, target)                                                                           \
    extern __typeof__(target) name __attribute__((alias(#target), visibility("default")))
#else
#define CELLAR_ALIAS(name, target) extern __typeof__(target) target
#endif

/* glibc's second names for its own functions. */
#if defined(__GLIBC__)
#define CELLAR_GLIBC_ALIAS(name, target) CELLAR_ALIAS(name, target)
#else
#define CELLAR_GLIBC_ALIAS(name, target) extern __typeof__(target) target
#endif

#endif
