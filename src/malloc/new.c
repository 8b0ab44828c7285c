/*
 * new: the twenty replaceable operators new and delete of C++, under their mangled names, in C.
 *
 * When memory is out, the standard asks for the new_handler, again and again, and then for an exception; a nothrow form
 * returns a null pointer even when the handler throws. All that is in the C++ runtime already, in its own operators,
 * which call malloc: so a request that fails is handed to the runtime's operator of the same name. It is looked for
 * only then, because the runtime may have come with a plugin. A static program has no dynamic linker to ask; there
 * the runtime's functions are weak references, and are there if anything else in the program needs them.
 *
 * Mangled names: 'm' is size_t on every 64-bit Linux.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>
#include <stdlib.h>

#include <cellar/malloc.h>

#include "base/bits.h"
#include "malloc/block.h"
#include "malloc/fast.h"
#include "os/panic.h"

#pragma weak dlsym
#pragma weak dlopen
#pragma weak dlclose
#pragma weak dladdr

/* std::get_new_handler() and std::__throw_bad_alloc() */
extern void (*new_runtime_handler(void))(void) __asm__("_ZSt15get_new_handlerv") __attribute__((weak));
extern _Noreturn void new_runtime_throw(void) __asm__("_ZSt17__throw_bad_allocv") __attribute__((weak));

/* What is left of the call when a request has failed: enough to repeat it elsewhere. */
struct new_call {
    const char *name; /* mangled */
    const void *caller;
    size_t size;
    size_t align; /* 0: the default alignment */
    const void *nothrow;
};

static void *new_try(const struct new_call *call)
{
    return call->align == 0 ? cellar_malloc(call->size) : cellar_aligned_alloc(call->align, call->size);
}

/* Where this library begins in memory. */
static const void *new_own_base(void)
{
    Dl_info info;
    return dladdr((const void *)cellar_version, &info) == 0 ? NULL : info.dli_fbase;
}

/* The C++ runtime's operator of that name: behind this library, or in the scope of the plugin that called. */
static void *new_find_runtime(const struct new_call *call)
{
    Dl_info info;
    if (dlsym == NULL) {
        return NULL;
    }
    void *found = dlsym(RTLD_NEXT, call->name);
    if (found != NULL || dladdr(call->caller, &info) == 0) {
        return found;
    }
    void *plugin = dlopen(info.dli_fname, RTLD_LAZY | RTLD_NOLOAD);
    if (plugin != NULL) {
        found = dlsym(plugin, call->name);
        dlclose(plugin); /* only the count of NOLOAD: the caller's own object stays */
    }
    bool is_own = dladdr(found, &info) != 0 && info.dli_fbase == new_own_base();
    return is_own ? NULL : found;
}

/* The loop of the standard, where the runtime's own operator is not to be had. */
static void *new_loop(const struct new_call *call)
{
    for (;;) {
        void (*handler)(void) = new_runtime_handler == NULL ? NULL : new_runtime_handler();
        if (handler == NULL) {
            break;
        }
        handler();
        void *block = new_try(call);
        if (block != NULL) {
            return block;
        }
    }
    if (call->nothrow != NULL) {
        return NULL;
    }
    if (new_runtime_throw != NULL) {
        new_runtime_throw();
    }
    cellar__panic("operator new of %zu bytes: out of memory, and no C++ runtime to throw bad_alloc",
                  call->size);
}

static CELLAR_COLD void *new_fail(const struct new_call *call)
{
    union {
        void *address;
        void *(*plain)(size_t size);
        void *(*nothrow)(size_t size, const void *tag);
        void *(*aligned)(size_t size, size_t align);
        void *(*aligned_nothrow)(size_t size, size_t align, const void *tag);
    } runtime = {.address = new_find_runtime(call)};
    if (runtime.address == NULL) {
        return new_loop(call);
    }
    /* A runtime may round the size up to the alignment without a look at the sum: it gets one that cannot wrap. */
    size_t size = cellar__min(call->size, PTRDIFF_MAX - call->align);
    if (call->align == 0) {
        return call->nothrow == NULL ? runtime.plain(size) : runtime.nothrow(size, call->nothrow);
    }
    return call->nothrow == NULL ? runtime.aligned(size, call->align)
                                 : runtime.aligned_nothrow(size, call->align, call->nothrow);
}

static CELLAR_NOINLINE void *new_slow(const char *name, const void *caller, size_t size, size_t align,
                                      const void *nothrow)
{
    struct new_call call = {.name = name, .caller = caller, .size = size, .align = align, .nothrow = nothrow};
    void *block = new_try(&call);
    return CELLAR_LIKELY(block != NULL) ? block : new_fail(&call);
}

/* One operator new: its mangled name and parameters; what of them is the alignment (0: none) and the nothrow tag. */
#define NEW_OPERATOR(function, mangled, parameters, align, nothrow)                                          \
    CELLAR_API void *function parameters __asm__(mangled);                                                   \
    void *function parameters                                                                                \
    {                                                                                                        \
        void *block = (align) == 0 ? cellar__fast_alloc(size) : NULL;                                        \
        if (CELLAR_LIKELY(block != NULL)) {                                                                  \
            return block;                                                                                    \
        }                                                                                                    \
        return new_slow(mangled, __builtin_return_address(0), size, align, nothrow);                         \
    }

NEW_OPERATOR(new_item, "_Znwm", (size_t size), 0, NULL)
NEW_OPERATOR(new_array, "_Znam", (size_t size), 0, NULL)
NEW_OPERATOR(new_item_nothrow, "_ZnwmRKSt9nothrow_t", (size_t size, const void *tag), 0, tag)
NEW_OPERATOR(new_array_nothrow, "_ZnamRKSt9nothrow_t", (size_t size, const void *tag), 0, tag)
NEW_OPERATOR(new_item_aligned, "_ZnwmSt11align_val_t", (size_t size, size_t align), align, NULL)
NEW_OPERATOR(new_array_aligned, "_ZnamSt11align_val_t", (size_t size, size_t align), align, NULL)
NEW_OPERATOR(new_item_aligned_nothrow, "_ZnwmSt11align_val_tRKSt9nothrow_t",
             (size_t size, size_t align, const void *tag), align, tag)
NEW_OPERATOR(new_array_aligned_nothrow, "_ZnamSt11align_val_tRKSt9nothrow_t",
             (size_t size, size_t align, const void *tag), align, tag)

/* Every operator delete is free: what else the compiler tells it, nothing here depends on. */
CELLAR_API void new_delete(void *block) __asm__("_ZdlPv");

void new_delete(void *block)
{
    if (CELLAR_UNLIKELY(!cellar__fast_free(block))) {
        cellar__block_free(block);
    }
}

#define NEW_DELETE(function, mangled)                                                                        \
    CELLAR_API void function(void *block) __asm__(mangled) __attribute__((alias("_ZdlPv")))

NEW_DELETE(new_delete_array, "_ZdaPv");
NEW_DELETE(new_delete_sized, "_ZdlPvm");
NEW_DELETE(new_delete_array_sized, "_ZdaPvm");
NEW_DELETE(new_delete_nothrow, "_ZdlPvRKSt9nothrow_t");
NEW_DELETE(new_delete_array_nothrow, "_ZdaPvRKSt9nothrow_t");
NEW_DELETE(new_delete_aligned, "_ZdlPvSt11align_val_t");
NEW_DELETE(new_delete_array_aligned, "_ZdaPvSt11align_val_t");
NEW_DELETE(new_delete_aligned_nothrow, "_ZdlPvSt11align_val_tRKSt9nothrow_t");
NEW_DELETE(new_delete_array_aligned_nothrow, "_ZdaPvSt11align_val_tRKSt9nothrow_t");
NEW_DELETE(new_delete_sized_aligned, "_ZdlPvmSt11align_val_t");
NEW_DELETE(new_delete_array_sized_aligned, "_ZdaPvmSt11align_val_t");
