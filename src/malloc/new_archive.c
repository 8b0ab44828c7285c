/*
 * The end of operator new in the archive: only a program of C++ draws this object in, and it brings the runtime. The
 * runtime's own operators are not linked, for these here replace them. A handler that throws out of a nothrow form ends
 * the program, for want of a catch in C.
 */
#include <cellar/malloc.h>

#include "malloc/new.h"

/* std::get_new_handler() and std::__throw_bad_alloc() */
extern void (*new_runtime_handler(void))(void) __asm__("_ZSt15get_new_handlerv");
extern _Noreturn void new_runtime_throw(void) __asm__("_ZSt17__throw_bad_allocv");

void *cellar__new_fail(const struct cellar__new_call *call)
{
    for (;;) {
        void (*handler)(void) = new_runtime_handler();
        if (handler == NULL && call->nothrow != NULL) {
            return NULL;
        }
        if (handler == NULL) {
            new_runtime_throw();
        }
        handler();
        void *block =
            call->align == 0 ? cellar_malloc(call->size) : cellar_aligned_alloc(call->align, call->size);
        if (block != NULL) {
            return block;
        }
    }
}
