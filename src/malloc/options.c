#include "malloc/options.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "arena/fit.h"
#include "base/attr.h"
#include "base/fmt.h"
#include "base/text.h"
#include "os/os.h"
#include "os/panic.h"

#define OPTIONS_TEXT_MAX 4096
#define OPTIONS_QUOTE_MAX 64 /* of a bad key or value, in a warning */

#pragma weak cellar_conf /* most programs define none */

static struct cellar__options options_values = {.fit = "instant", .decay_ms = 500, .limit = UINT64_MAX};

enum option_kind { OPTION_CHOICE, OPTION_FIT, OPTION_NUMBER, OPTION_BYTES, OPTION_PATH, OPTION_HELP };

struct option_entry {
    enum option_kind kind;
    void *value;              /* in options_values */
    const char *const *names; /* choices: their index is the value */
    uint64_t max;
};

static const char *const options_modes[] = {"fast", "harden", NULL};
static const char *const options_fits[] = {"instant", "segregated", "quick", "best", "first", "next",
                                           "worst",   "buddy",      "fifo",  "lifo", NULL};
static const char *const options_sizings[] = {"exact", "constant", "pow2", NULL}; /* enum cellar__sizing */
static const char *const options_foreign[] = {"libc", "abort", "report", "ignore", NULL};
static const char *const options_zero[] = {"free", "alloc", "abort", NULL};
static const char *const options_zone_free[] = {"free", "abort", NULL};
static const char *const options_thp[] = {"off", "huge", NULL};
static const char *const options_janitor[] = {"on", "off", NULL};
static const char *const options_exit[] = {"off", "text", "json", NULL};

static const struct cellar_option options_table[] = {
    {"mode", "choice", "fast", "fast, harden",
     "harden: no thread caches, so each free is checked against its slab at once"},
    {"fit", "choice", "instant", "instant, segregated, quick, best, first, next, worst, buddy, fifo, lifo",
     "which free range of the heap serves a run"},
    {"sizing", "choice", "exact", "exact, constant, pow2",
     "how long runs are: whole granules, multiples of four, or powers of two"},
    {"decay_ms", "number", "500", "0 to 86400000",
     "milliseconds that freed memory waits for reuse before it goes back"},
    {"janitor", "choice", "on", "on, off",
     "on: a thread of the library's own, there only while freed memory waits, gives it back when the program "
     "is idle"},
    {"limit", "bytes", "0", "0 (none) or 1M and more; suffixes K, M, G", "the most memory the heap may hold"},
    {"foreign_free", "choice", "libc", "libc, abort, report, ignore",
     "what free does with an address that is not Cellar's"},
    {"zero_realloc", "choice", "free", "free, alloc, abort", "what realloc(p, 0) does"},
    {"zone_free", "choice", "free", "free, abort", "what free does with an item of a cellar_zone"},
    {"thp", "choice", "off", "off, huge", "huge: ask for transparent huge pages for blocks above 1 MiB"},
    {"stats_at_exit", "choice", "off", "off, text, json", "write statistics when the process ends"},
    {"stats_file", "path", "", "a path", "append the statistics to this file instead of stderr"},
    {"help", "flag", "0", "0, 1", "list the options on stderr at start"},
};

/* In the order of options_table. */
static const struct option_entry options_entries[CELLAR_COUNTOF(options_table)] = {
    {OPTION_CHOICE, &options_values.mode, options_modes, 0},
    {OPTION_FIT, &options_values.fit, options_fits, 0},
    {OPTION_CHOICE, &options_values.sizing, options_sizings, 0},
    {OPTION_NUMBER, &options_values.decay_ms, NULL, 86400000},
    {OPTION_CHOICE, &options_values.janitor, options_janitor, 0},
    {OPTION_BYTES, &options_values.limit, NULL, UINT64_MAX},
    {OPTION_CHOICE, &options_values.foreign_free, options_foreign, 0},
    {OPTION_CHOICE, &options_values.zero_realloc, options_zero, 0},
    {OPTION_CHOICE, &options_values.zone_free, options_zone_free, 0},
    {OPTION_CHOICE, &options_values.thp, options_thp, 0},
    {OPTION_CHOICE, &options_values.stats_at_exit, options_exit, 0},
    {OPTION_PATH, options_values.stats_file, NULL, sizeof options_values.stats_file},
    {OPTION_HELP, NULL, NULL, 1},
};

const struct cellar__options *cellar__options_get(void)
{
    return &options_values;
}

const struct cellar_option *cellar_options(size_t *ret_count)
{
    *ret_count = CELLAR_COUNTOF(options_table);
    return options_table;
}

static void options_help(void)
{
    char text[OPTIONS_TEXT_MAX];
    struct cellar__fmt fmt;
    cellar__fmt_init(&fmt, text, OPTIONS_TEXT_MAX);
    cellar__fmt_print(&fmt, "CELLAR_CONF=\"key:value,key:value\"\n");
    for (size_t i = 0; i < CELLAR_COUNTOF(options_table); i++) {
        const struct cellar_option *option = &options_table[i];
        cellar__fmt_print(&fmt, "%-14s %-8s %s\n", option->name, option->default_value, option->doc);
        cellar__fmt_print(&fmt, "%-14s %-8s (%s)\n", "", "", option->range);
    }
    cellar__os_write(STDERR_FILENO, text, fmt.length);
}

/* What a suffix multiplies by; 1 when it is none. */
static uint64_t options_unit(char suffix)
{
    return suffix == 'K' ? 1u << 10 : suffix == 'M' ? 1u << 20 : suffix == 'G' ? 1u << 30 : 1;
}

/* Digits with an optional suffix K, M or G when allowed. False when the text is anything else or too large. */
static bool options_parse_number(const char *text, bool suffix, uint64_t max, uint64_t *ret_value)
{
    uint64_t value = 0;
    const char *at = text;
    for (; *at >= '0' && *at <= '9'; at++) {
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, (uint64_t)(*at - '0'), &value)) {
            return false;
        }
    }
    bool has_digits = at != text;
    if (suffix && options_unit(*at) != 1 && __builtin_mul_overflow(value, options_unit(*at++), &value)) {
        return false;
    }
    if (!has_digits || *at != '\0' || value > max) {
        return false;
    }
    *ret_value = value;
    return true;
}

static bool options_set_choice(const struct option_entry *entry, const char *value)
{
    for (size_t i = 0; entry->names[i] != NULL; i++) {
        if (cellar__text_equal(entry->names[i], value)) {
            if (entry->kind == OPTION_FIT) {
                *(const char **)entry->value = entry->names[i];
            } else {
                *(uint64_t *)entry->value = i;
            }
            return true;
        }
    }
    return false;
}

static bool options_set_limit(uint64_t *limit, const char *value)
{
    uint64_t bytes;
    if (!options_parse_number(value, true, UINT64_MAX, &bytes) || (bytes != 0 && bytes < (1u << 20))) {
        return false;
    }
    *limit = bytes == 0 ? UINT64_MAX : bytes;
    return true;
}

static bool options_set_path(const struct option_entry *entry, const char *value)
{
    size_t length = cellar__text_span(value, ',');
    if (length == 0 || length >= entry->max) {
        return false;
    }
    memcpy(entry->value, value, length + 1);
    return true;
}

static bool options_set_help(const char *value)
{
    if (cellar__text_equal(value, "1")) {
        options_help();
        return true;
    }
    return cellar__text_equal(value, "0");
}

static bool options_set(const struct option_entry *entry, const char *value)
{
    switch (entry->kind) {
    case OPTION_CHOICE:
    case OPTION_FIT:
        return options_set_choice(entry, value);
    case OPTION_NUMBER:
        return options_parse_number(value, false, entry->max, entry->value);
    case OPTION_BYTES:
        return options_set_limit(entry->value, value);
    case OPTION_PATH:
        return options_set_path(entry, value);
    case OPTION_HELP:
        return options_set_help(value);
    }
    return false;
}

/* A copy short enough for a message. */
static const char *options_quote(const char *text, char *buffer)
{
    struct cellar__fmt fmt;
    cellar__fmt_init(&fmt, buffer, OPTIONS_QUOTE_MAX);
    cellar__fmt_print(&fmt, "%s", text);
    if (fmt.truncated) {
        memcpy(buffer + OPTIONS_QUOTE_MAX - 4, "...", 4);
    }
    return buffer;
}

/* The value in force, as it would be written. */
static void options_current(const struct option_entry *entry, struct cellar__fmt *fmt, const char *fallback)
{
    if (entry->kind == OPTION_FIT) {
        cellar__fmt_print(fmt, "%s", *(const char **)entry->value);
    } else if (entry->kind == OPTION_CHOICE) {
        cellar__fmt_print(fmt, "%s", entry->names[*(uint64_t *)entry->value]);
    } else if (entry->kind == OPTION_NUMBER) {
        cellar__fmt_print(fmt, "%lu", (unsigned long)*(uint64_t *)entry->value);
    } else {
        cellar__fmt_print(fmt, "%s", *fallback == '\0' ? "none" : fallback);
    }
}

static void options_warn_value(size_t index, const char *value)
{
    char quoted[OPTIONS_QUOTE_MAX];
    char current[OPTIONS_QUOTE_MAX];
    struct cellar__fmt fmt;
    const struct cellar_option *option = &options_table[index];
    cellar__fmt_init(&fmt, current, sizeof current);
    options_current(&options_entries[index], &fmt, option->default_value);
    cellar__message("CELLAR_CONF: %s: bad value \"%s\"; it must be %s%s; using %s", option->name,
                    options_quote(value, quoted), cellar__text_equal(option->type, "choice") ? "one of " : "",
                    option->range, current);
}

static void options_apply(const char *key, const char *value)
{
    char quoted[OPTIONS_QUOTE_MAX];
    for (size_t i = 0; i < CELLAR_COUNTOF(options_table); i++) {
        if (!cellar__text_equal(options_table[i].name, key)) {
            continue;
        }
        if (!options_set(&options_entries[i], value)) {
            options_warn_value(i, value);
        }
        return;
    }
    cellar__message("CELLAR_CONF: unknown key \"%s\"; see CELLAR_CONF=help:1", options_quote(key, quoted));
}

/* Cuts the text into key:value pairs, in place. */
static void options_parse(char *text)
{
    while (*text != '\0') {
        char *end = text + cellar__text_span(text, ',');
        char *next = *end == '\0' ? end : end + 1;
        *end = '\0';
        char *colon = text + cellar__text_span(text, ':');
        if (*colon != '\0') {
            *colon = '\0';
            options_apply(text, colon + 1);
        } else if (*text != '\0') {
            char quoted[OPTIONS_QUOTE_MAX];
            cellar__message("CELLAR_CONF: \"%s\" is no key:value; see CELLAR_CONF=help:1",
                            options_quote(text, quoted));
        }
        text = next;
    }
}

CELLAR_APART char cellar__options_text[OPTIONS_TEXT_MAX];

void cellar__options_read(void)
{
    char *text = cellar__options_text;
    if (&cellar_conf != NULL && cellar_conf != NULL) {
        struct cellar__fmt fmt;
        cellar__fmt_init(&fmt, text, OPTIONS_TEXT_MAX);
        cellar__fmt_print(&fmt, "%s", cellar_conf);
        options_parse(text);
    }
    ssize_t length = cellar__os_environment("CELLAR_CONF", text, OPTIONS_TEXT_MAX);
    if (length > 0) {
        options_parse(text);
    } else if (length == -E2BIG) {
        cellar__message("CELLAR_CONF: longer than %d bytes; none of it is used", OPTIONS_TEXT_MAX - 1);
    }
}
