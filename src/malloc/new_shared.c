/*
 * The end of operator new in the shared library.
 *
 * The C++ runtime's own operators have all that the standard asks for: the loop, the exception, and for nothrow forms a
 * catch around the handler; and they call malloc. So the request is handed to the runtime's operator of the same
 * name. It is looked for only now: the library must not depend on a runtime, and one may have come with a plugin.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>

#include <cellar/cellar.h>

#include "base/bits.h"
#include "malloc/new.h"
#include "os/panic.h"

union new_operator {
    void *address;
    void *(*plain)(size_t size);
    void *(*nothrow)(size_t size, const void *tag);
    void *(*aligned)(size_t size, size_t align);
    void *(*aligned_nothrow)(size_t size, size_t align, const void *tag);
};

/* Whether the address is of this library, which a plugin may depend on. */
static bool new_is_own(const void *address)
{
    Dl_info own;
    Dl_info other;
    return dladdr((const void *)cellar_version, &own) != 0 && dladdr(address, &other) != 0 &&
           own.dli_fbase == other.dli_fbase;
}

/* The runtime's operator: behind this library, or in the scope of the plugin that called. NULL: there is none. */
static void *new_find_operator(const struct cellar__new_call *call)
{
    Dl_info info;
    void *found = dlsym(RTLD_NEXT, call->name);
    if (found != NULL || dladdr(call->caller, &info) == 0) {
        return found;
    }
    void *plugin = dlopen(info.dli_fname, RTLD_LAZY | RTLD_NOLOAD);
    if (plugin == NULL) {
        return NULL;
    }
    found = dlsym(plugin, call->name);
    dlclose(plugin); /* a count only: the caller's own object stays */
    return new_is_own(found) ? NULL : found;
}

void *cellar__new_fail(const struct cellar__new_call *call)
{
    union new_operator runtime = {.address = new_find_operator(call)};
    if (runtime.address == NULL) {
        cellar__panic("operator new of %zu bytes: out of memory, and no C++ runtime to throw bad_alloc",
                      call->size);
    }
    /* A runtime may round the size up to the alignment without a look at the sum: it gets one that cannot wrap. */
    size_t size = cellar__min(call->size, PTRDIFF_MAX - call->align);
    if (call->align == 0) {
        return call->nothrow == NULL ? runtime.plain(size) : runtime.nothrow(size, call->nothrow);
    }
    return call->nothrow == NULL ? runtime.aligned(size, call->align)
                                 : runtime.aligned_nothrow(size, call->align, call->nothrow);
}
