/* Figures as people read them, and text that is safe to print. Every function returns `text`. */
#ifndef CELLAR_TOOL_TEXT_H
#define CELLAR_TOOL_TEXT_H

#include <stddef.h>
#include <stdint.h>

/* Holds any figure this header writes: 2^64 with thousands separators takes 27 bytes. */
struct text {
    char text[32];
};

/* "512 B", "1.5 KiB", "38.2 MiB": at most 9 columns. */
const char *cellar__text_bytes(struct text *text, uint64_t bytes);

/* The same to four digits, no more than needed: "80 B", "1.25 KiB", "20 KiB". For the sizes of items. */
const char *cellar__text_size(struct text *text, uint64_t bytes);

/* "1,234,567". */
const char *cellar__text_count(struct text *text, uint64_t count);

/* "12345", "1.23M", "617k": at most 5 columns. */
const char *cellar__text_short_count(struct text *text, uint64_t count);

/* "870 us", "12.3 ms", "1.23 s". */
const char *cellar__text_time(struct text *text, uint64_t ns);

/* A fraction as "8.1 %": at most 6 columns. */
const char *cellar__text_percent(struct text *text, double fraction);

/* Copies as much as fits `size` bytes; what would move a terminal's cursor becomes '?', a cut shows as "...".
 */
const char *cellar__text_clean(char *text, size_t size, const char *source);

/* The name of the program at that path: what stands behind the last slash, and behind a target such as
   "x86_64-linux-gnu-" that some of a compiler's parts carry in front. */
const char *cellar__text_program_name(const char *path);

#endif
