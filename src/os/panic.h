/* The last words: one line on stderr, then abort. Callable from anywhere, with any lock held. */
#ifndef CELLAR_OS_PANIC_H
#define CELLAR_OS_PANIC_H

#include "base/attr.h"

/* Writes "cellar: " and the text and a newline to stderr. At most 1 KiB; longer text is cut. */
void cellar__message(const char *format, ...) CELLAR_PRINTF(1, 2);

/* The same, then abort(). For memory that can no longer be trusted. */
_Noreturn void cellar__panic(const char *format, ...) CELLAR_PRINTF(1, 2);

#endif
