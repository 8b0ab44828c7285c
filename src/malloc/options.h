/* options: the one table of configuration keys, and the values in force. Read once, before the heap starts. */
#ifndef CELLAR_MALLOC_OPTIONS_H
#define CELLAR_MALLOC_OPTIONS_H

#include <stddef.h>
#include <stdint.h>

#include <cellar/cellar.h>

enum cellar__mode { CELLAR_MODE_FAST, CELLAR_MODE_HARDEN };
enum cellar__foreign {
    CELLAR_FOREIGN_LIBC,
    CELLAR_FOREIGN_ABORT,
    CELLAR_FOREIGN_REPORT,
    CELLAR_FOREIGN_IGNORE
};
enum cellar__zero_realloc { CELLAR_ZERO_REALLOC_FREE, CELLAR_ZERO_REALLOC_ALLOC, CELLAR_ZERO_REALLOC_ABORT };
enum cellar__zone_free { CELLAR_ZONE_FREE_FREE, CELLAR_ZONE_FREE_ABORT };
enum cellar__thp { CELLAR_THP_OFF, CELLAR_THP_HUGE };
enum cellar__janitor_choice { CELLAR_JANITOR_ON, CELLAR_JANITOR_OFF };
enum cellar__exit_stats { CELLAR_EXIT_OFF, CELLAR_EXIT_TEXT, CELLAR_EXIT_JSON };

struct cellar__options {
    const char *fit; /* name of a policy */
    uint64_t sizing; /* enum cellar__sizing */
    uint64_t mode;
    uint64_t foreign_free;
    uint64_t zero_realloc;
    uint64_t zone_free;
    uint64_t thp;
    uint64_t janitor; /* enum cellar__janitor_choice */
    uint64_t stats_at_exit;
    uint64_t decay_ms;
    uint64_t limit; /* bytes; SIZE_MAX: none */
    char stats_file[1024];
};

/* Reads cellar_conf and CELLAR_CONF. Warns on stderr of what it does not understand; prints the list for help:1. */
void cellar__options_read(void);

const struct cellar__options *cellar__options_get(void);

#endif
