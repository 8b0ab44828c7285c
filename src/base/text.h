/*
 * Texts that end in a NUL byte. The few questions that the library asks about them, none of which is hot: a function of
 * libc would be one more name that the dynamic linker looks up at each start.
 */
#ifndef CELLAR_BASE_TEXT_H
#define CELLAR_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"

CELLAR_INLINE bool cellar__text_equal(const char *a, const char *b)
{
    while (*a != '\0' && *a == *b) {
        a++;
        b++;
    }
    return *a == *b;
}

/* Characters before the first that is `stop`, or before the end. */
CELLAR_INLINE size_t cellar__text_span(const char *text, char stop)
{
    size_t length = 0;
    while (text[length] != '\0' && text[length] != stop) {
        length++;
    }
    return length;
}

#endif
