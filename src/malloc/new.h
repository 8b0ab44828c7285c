/* new: a request of operator new that has failed, and what becomes of it. */
#ifndef CELLAR_MALLOC_NEW_H
#define CELLAR_MALLOC_NEW_H

#include <stddef.h>

/* The call, with enough to repeat it elsewhere. */
struct cellar__new_call {
    const char *name;   /* mangled */
    const void *caller; /* return address */
    size_t size;
    size_t align;        /* 0: the default alignment */
    const void *nothrow; /* the tag, or NULL for the forms that throw */
};

/*
 * What the standard asks for when memory is out: the new_handler again and again, then bad_alloc, or NULL for the
 * nothrow forms. Returns a block, returns NULL, or leaves by an exception of the C++ runtime.
 * One file defines it for the shared library (new_shared.c), one for the archive (new_archive.c).
 */
void *cellar__new_fail(const struct cellar__new_call *call);

#endif
