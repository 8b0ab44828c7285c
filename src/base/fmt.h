/*
 * Text into a caller's buffer, without malloc, stdio or locale.
 *
 * Understands %s %c %d %u %x %p %% with the length marks l, ll and z, a minimum width, '-' (left), '0' (zero
 * fill), and %.Nf for a double with N (0 to 6) decimals. That is all Cellar prints.
 * The buffer always ends in a NUL byte; what does not fit is cut, and `truncated` says so.
 */
#ifndef CELLAR_BASE_FMT_H
#define CELLAR_BASE_FMT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

struct cellar__fmt {
    char *buffer;
    size_t size;   /* bytes in buffer, at least 1 */
    size_t length; /* bytes written, without the NUL byte */
    bool truncated;
};

void cellar__fmt_init(struct cellar__fmt *fmt, char *buffer, size_t size);

/* A text or a number in tens, behind what is there: what a start writes, without the rest of a format. */
void cellar__fmt_text(struct cellar__fmt *fmt, const char *text);
void cellar__fmt_number(struct cellar__fmt *fmt, uint64_t number);

void cellar__fmt_print(struct cellar__fmt *fmt, const char *format, ...) CELLAR_PRINTF(2, 3);
void cellar__fmt_vprint(struct cellar__fmt *fmt, const char *format, va_list args) CELLAR_PRINTF(2, 0);

#endif
