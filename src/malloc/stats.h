/* stats: gathers the record of this process from the levels. */
#ifndef CELLAR_MALLOC_STATS_H
#define CELLAR_MALLOC_STATS_H

#include <stdbool.h>

#include "stat/record.h"

/* Fills the record, with the zones that were ever used. False when the heap never started. */
bool cellar__stats_collect(struct cellar__stat_record *record);

/* Writes what the options stats_at_exit and stats_file ask for. */
void cellar__stats_at_exit(void);

#endif
