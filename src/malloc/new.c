/*
 * new: the twenty replaceable operators new and delete of C++, under their mangled names, in C. Mangled names: 'm' is
 * size_t on every 64-bit Linux.
 */
#include "malloc/new.h"

#include <cellar/malloc.h>

#include "malloc/block.h"
#include "malloc/fast.h"

static CELLAR_NOINLINE void *new_slow(const char *name, const void *caller, size_t size, size_t align,
                                      const void *nothrow)
{
    void *block = align == 0 ? cellar_malloc(size) : cellar_aligned_alloc(align, size);
    if (CELLAR_LIKELY(block != NULL)) {
        return block;
    }
    struct cellar__new_call call = {
        .name = name, .caller = caller, .size = size, .align = align, .nothrow = nothrow};
    return cellar__new_fail(&call);
}

static CELLAR_NOINLINE void *new_mid(const char *name, const void *caller, size_t size, size_t align,
                                     const void *nothrow)
{
    void *block = align == 0 ? cellar__cache_pop(cellar__fast_cache_mid(size)) : NULL;
    return CELLAR_LIKELY(block != NULL) ? block : new_slow(name, caller, size, align, nothrow);
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
        return new_mid(mangled, __builtin_return_address(0), size, align, nothrow);                          \
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
        cellar_free(block);
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
