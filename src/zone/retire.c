#include "zone/retire.h"

#include "os/panic.h"
#include "smr/smr.h"

void cellar__retire_item(struct cellar_zone *zone, void *item, void (*finish)(void *item, void *zone))
{
    if (cellar__smr_retire_now(zone->attr.smr, item, finish, zone) != 0) {
        cellar__message("zone %s: no memory to free %p later: it stays out", zone->base.attr.name, item);
    }
}

void cellar__retire_drain(struct cellar_zone *zone)
{
    cellar_smr_drain(zone->attr.smr);
}

void cellar__retire_end(struct cellar_zone *zone)
{
    if (cellar_smr_drain(zone->attr.smr) != 0) {
        cellar__panic("zone %s: destroyed inside a section of its smr", zone->base.attr.name);
    }
    cellar__smr_detach(zone->attr.smr);
}
