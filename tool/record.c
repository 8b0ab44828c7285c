/*
 * Reading one statistics record out of JSON. The fields of each object are a table: name, type, place in the
 * struct. A field that is missing or of another type is an error that names it by its path, such as
 * zones[3].item_size. Fields unknown here are let pass: a newer library may say more.
 */
#include "record_int.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

enum field_type {
    FIELD_COUNT,    /* an integer of 0 or more, into a uint64_t */
    FIELD_TEXT,     /* a string, into a const char * */
    FIELD_KIND,     /* one of the strings "slab" and "run", into a const char * */
    FIELD_FRACTION, /* a number from 0 to 1, into a double */
};

struct field {
    const char *name;
    enum field_type type;
    size_t offset;
};

#define FIELD(kind, owner, member, json_name)                                                                \
    {                                                                                                        \
        json_name, FIELD_##kind, offsetof(struct owner, member)                                              \
    }

static const struct field record_fields[] = {
    FIELD(TEXT, record, version, "version"),  FIELD(TEXT, record, exe, "exe"),
    FIELD(TEXT, record, fit, "fit"),          FIELD(COUNT, record, pid, "pid"),
    FIELD(COUNT, record, ppid, "ppid"),       FIELD(COUNT, record, page_size, "page_size"),
    FIELD(COUNT, record, granule, "granule"), FIELD(COUNT, record, peak_rss, "peak_rss"),
    FIELD(COUNT, record, wall_ns, "wall_ns"), FIELD(COUNT, record, user_ns, "user_ns"),
    FIELD(COUNT, record, sys_ns, "sys_ns"),   FIELD(COUNT, record, minor_faults, "minor_faults"),
    FIELD(COUNT, record, threads, "threads"), {NULL, FIELD_COUNT, 0},
};

static const struct field page_map_fields[] = {
    FIELD(COUNT, record, page_map_reserved, "reserved"),
    {NULL, FIELD_COUNT, 0},
};

static const struct field meta_fields[] = {
    FIELD(COUNT, record, meta_reserved, "reserved"),
    FIELD(COUNT, record, meta_used, "used"),
    {NULL, FIELD_COUNT, 0},
};

static const struct field huge_fields[] = {
    FIELD(COUNT, record, huge_requests, "requests"),         FIELD(COUNT, record, huge_live, "live"),
    FIELD(COUNT, record, huge_live_bytes, "live_bytes"),     FIELD(COUNT, record, huge_cached, "cached"),
    FIELD(COUNT, record, huge_cached_bytes, "cached_bytes"), {NULL, FIELD_COUNT, 0},
};

static const struct field fragmentation_fields[] = {
    FIELD(FRACTION, record, internal, "internal"),
    FIELD(FRACTION, record, external, "external"),
    FIELD(FRACTION, record, slab, "slab"),
    FIELD(FRACTION, record, cached, "cached"),
    {NULL, FIELD_COUNT, 0},
};

static const struct field submap_fields[] = {
    FIELD(TEXT, record_submap, base, "base"),
    FIELD(COUNT, record_submap, reserved, "reserved"),
    FIELD(COUNT, record_submap, committed, "committed"),
    {NULL, FIELD_COUNT, 0},
};

static const struct field arena_fields[] = {
    FIELD(TEXT, record_arena, name, "name"),
    FIELD(TEXT, record_arena, fit, "fit"),
    FIELD(COUNT, record_arena, quantum, "quantum"),
    FIELD(COUNT, record_arena, imported, "imported"),
    FIELD(COUNT, record_arena, allocated, "allocated"),
    FIELD(COUNT, record_arena, free, "free"),
    FIELD(COUNT, record_arena, free_below_top, "free_below_top"),
    FIELD(COUNT, record_arena, largest_free_below_top, "largest_free_below_top"),
    FIELD(COUNT, record_arena, segments, "segments"),
    FIELD(COUNT, record_arena, free_segments, "free_segments"),
    {NULL, FIELD_COUNT, 0},
};

static const struct field zone_fields[] = {
    FIELD(TEXT, record_zone, name, "name"),
    FIELD(KIND, record_zone, kind, "kind"),
    FIELD(COUNT, record_zone, item_size, "item_size"),
    FIELD(COUNT, record_zone, requests, "requests"),
    FIELD(COUNT, record_zone, live, "live"),
    FIELD(COUNT, record_zone, in_buckets, "in_buckets"),
    FIELD(COUNT, record_zone, in_slabs, "in_slabs"),
    FIELD(COUNT, record_zone, slabs, "slabs"),
    FIELD(COUNT, record_zone, slab_bytes, "slab_bytes"),
    FIELD(COUNT, record_zone, samples, "samples"),
    FIELD(COUNT, record_zone, sampled_requested, "sampled_requested"),
    FIELD(COUNT, record_zone, sampled_granted, "sampled_granted"),
    {NULL, FIELD_COUNT, 0},
};

static const char *json_type_name(const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return "an object";
    case JSON_ARRAY:
        return "an array";
    case JSON_STRING:
        return "a string";
    case JSON_INTEGER:
        return "an integer";
    case JSON_REAL:
        return "a real number";
    case JSON_TRUE:
    case JSON_FALSE:
        return "a truth value";
    case JSON_NULL:
        break;
    }
    return "null";
}

/* Writes the message of a malformed record. */
__attribute__((format(printf, 2, 3))) static int record_refuse(char error[RECORD_ERROR_MAX],
                                                               const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(error, RECORD_ERROR_MAX, format, args);
    va_end(args);
    return -EBADMSG;
}

static int field_expect(char error[RECORD_ERROR_MAX], const char *where, const char *name, const char *wanted,
                        const json_t *value)
{
    if (value == NULL)
        return record_refuse(error, "field %s%s is missing", where, name);
    return record_refuse(error, "field %s%s should be %s, not %s", where, name, wanted,
                         json_type_name(value));
}

static int field_read_count(const struct field *field, const json_t *value, const char *where, void *place,
                            char error[RECORD_ERROR_MAX])
{
    if (!json_is_integer(value))
        return field_expect(error, where, field->name, "an integer", value);
    if (json_integer_value(value) < 0)
        return record_refuse(error, "field %s%s is negative", where, field->name);
    *(uint64_t *)place = (uint64_t)json_integer_value(value);
    return 0;
}

static int field_read_text(const struct field *field, const json_t *value, const char *where, void *place,
                           char error[RECORD_ERROR_MAX])
{
    if (!json_is_string(value))
        return field_expect(error, where, field->name, "a string", value);
    const char *text = json_string_value(value);
    if (field->type == FIELD_KIND && strcmp(text, "slab") != 0 && strcmp(text, "run") != 0)
        return record_refuse(error, "field %s%s should be \"slab\" or \"run\", not \"%.20s\"", where,
                             field->name, text);
    *(const char **)place = text;
    return 0;
}

static int field_read_fraction(const struct field *field, const json_t *value, const char *where, void *place,
                               char error[RECORD_ERROR_MAX])
{
    if (!json_is_number(value))
        return field_expect(error, where, field->name, "a number", value);
    double fraction = json_number_value(value);
    if (!(fraction >= 0.0 && fraction <= 1.0))
        return record_refuse(error, "field %s%s is not between 0 and 1", where, field->name);
    *(double *)place = fraction;
    return 0;
}

static int field_read(const struct field *field, const json_t *value, const char *where, void *object,
                      char error[RECORD_ERROR_MAX])
{
    void *place = (char *)object + field->offset;
    switch (field->type) {
    case FIELD_COUNT:
        return field_read_count(field, value, where, place, error);
    case FIELD_TEXT:
    case FIELD_KIND:
        return field_read_text(field, value, where, place, error);
    case FIELD_FRACTION:
        break;
    }
    return field_read_fraction(field, value, where, place, error);
}

/* `where` is the path of the object, "" or ended by a dot. */
static int fields_read(const struct field *fields, const json_t *json, const char *where, void *object,
                       char error[RECORD_ERROR_MAX])
{
    for (const struct field *field = fields; field->name != NULL; field++) {
        int rc = field_read(field, json_object_get(json, field->name), where, object, error);
        if (rc != 0)
            return rc;
    }
    return 0;
}

/* The object inside `json` of that name, its fields into the record itself. */
static int record_read_part(struct record *record, const char *name, const struct field *fields,
                            char error[RECORD_ERROR_MAX])
{
    const json_t *part = json_object_get(record->json, name);
    if (!json_is_object(part))
        return field_expect(error, "", name, "an object", part);
    char where[32];
    snprintf(where, sizeof(where), "%s.", name);
    return fields_read(fields, part, where, record, error);
}

/* The array of that name into a new array of structs of `size` bytes; the record owns it also on failure. */
static int record_read_array(struct record *record, const char *name, const struct field *fields, size_t size,
                             void **ret_items, size_t *ret_count, char error[RECORD_ERROR_MAX])
{
    const json_t *array = json_object_get(record->json, name);
    if (!json_is_array(array))
        return field_expect(error, "", name, "an array", array);
    size_t count = json_array_size(array);
    char *items = calloc(count > 0 ? count : 1, size);
    if (items == NULL) {
        snprintf(error, RECORD_ERROR_MAX, "out of memory");
        return -ENOMEM;
    }
    *ret_items = items;
    *ret_count = count;
    for (size_t i = 0; i < count; i++) {
        char where[64];
        snprintf(where, sizeof(where), "%s[%zu]", name, i);
        const json_t *entry = json_array_get(array, i);
        if (!json_is_object(entry))
            return field_expect(error, where, "", "an object", entry);
        snprintf(where, sizeof(where), "%s[%zu].", name, i);
        int rc = fields_read(fields, entry, where, items + i * size, error);
        if (rc != 0)
            return rc;
    }
    return 0;
}

static int record_check_version(const struct record *record, char error[RECORD_ERROR_MAX])
{
    if (!json_is_object(record->json))
        return record_refuse(error, "a record should be an object, not %s", json_type_name(record->json));
    const json_t *version = json_object_get(record->json, "cellar_stats");
    if (version == NULL)
        return record_refuse(error, "not a statistics record: field cellar_stats is missing");
    if (!json_is_integer(version))
        return field_expect(error, "", "cellar_stats", "an integer", version);
    if (json_integer_value(version) != RECORD_VERSION)
        return record_refuse(error, "record version %" JSON_INTEGER_FORMAT ", this command reads version %d",
                             json_integer_value(version), RECORD_VERSION);
    return 0;
}

static int record_read_arrays(struct record *record, char error[RECORD_ERROR_MAX])
{
    void *items = NULL;
    int rc = record_read_array(record, "submaps", submap_fields, sizeof(record->submaps[0]), &items,
                               &record->nsubmaps, error);
    record->submaps = items;
    if (rc != 0)
        return rc;
    items = NULL;
    rc = record_read_array(record, "arenas", arena_fields, sizeof(record->arenas[0]), &items,
                           &record->narenas, error);
    record->arenas = items;
    if (rc != 0)
        return rc;
    items = NULL;
    rc = record_read_array(record, "zones", zone_fields, sizeof(record->zones[0]), &items, &record->nzones,
                           error);
    record->zones = items;
    return rc;
}

static int record_read_fields(struct record *record, char error[RECORD_ERROR_MAX])
{
    int rc = record_check_version(record, error);
    if (rc == 0)
        rc = fields_read(record_fields, record->json, "", record, error);
    if (rc == 0)
        rc = record_read_part(record, "page_map", page_map_fields, error);
    if (rc == 0)
        rc = record_read_part(record, "meta", meta_fields, error);
    if (rc == 0)
        rc = record_read_part(record, "huge", huge_fields, error);
    if (rc == 0)
        rc = record_read_part(record, "fragmentation", fragmentation_fields, error);
    if (rc == 0)
        rc = record_read_arrays(record, error);
    return rc;
}

int cellar__record_init(struct record *record, const char *line, size_t length, char error[RECORD_ERROR_MAX])
{
    memset(record, 0, sizeof(*record));
    json_error_t syntax;
    record->json = json_loadb(line, length, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &syntax);
    if (record->json == NULL)
        return record_refuse(error, "not valid JSON at byte %d: %s", syntax.position, syntax.text);
    int rc = record_read_fields(record, error);
    if (rc != 0)
        cellar__record_fini(record);
    return rc;
}

void cellar__record_fini(struct record *record)
{
    free(record->submaps);
    free(record->arenas);
    free(record->zones);
    json_decref(record->json);
    memset(record, 0, sizeof(*record));
}
