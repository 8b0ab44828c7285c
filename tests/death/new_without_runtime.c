/* expect: cellar: operator new of 9223372036854775808 bytes: out of memory, and no C++ runtime to throw bad_alloc */
/* status: abort */
/* sanitize: no */
#include <stddef.h>

extern void *operator_new(size_t size) __asm__("_Znwm");

int main(void)
{
    void *(*volatile call)(size_t) = operator_new; /* a compiler knows that operator new returns no NULL */
    return call((size_t)1 << 63) != NULL;
}
