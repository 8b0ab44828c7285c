/* levels: base os stat */
#include "stat/record.h"

#include "test.h"

static struct cellar__stat_record record;
static char text[65536];
static size_t text_size;
static int sink_calls_left;

static int sink_write(void *ctx, const char *piece, size_t length)
{
    CHECK_PTR(ctx, text);
    if (sink_calls_left == 0) {
        return -EPIPE;
    }
    sink_calls_left--;
    CHECK_LT(text_size + length, sizeof text);
    memcpy(text + text_size, piece, length);
    text_size += length;
    text[text_size] = '\0';
    return 0;
}

static const struct cellar__stat_sink sink = {sink_write, text};

static void start(void)
{
    memset(&record, 0, sizeof record);
    record.version = "1.2.3";
    record.arena.name = "heap";
    record.arena.fit = "best";
    strcpy(record.program, "/bin/program");
    text_size = 0;
    text[0] = '\0';
    sink_calls_left = INT32_MAX;
}

static struct cellar__stat_zone *zone_add(const char *name, size_t item_size)
{
    struct cellar__stat_zone *zone = &record.zones[record.nzones++];
    *zone = (struct cellar__stat_zone){.name = name, .kind = "slab", .item_size = item_size};
    return zone;
}

static bool near(double a, double b)
{
    return a - b < 1e-9 && b - a < 1e-9;
}

TEST(ratios_of_nothing_are_0)
{
    start();
    struct cellar__stat_fragmentation ratios = cellar__stat_fragmentation(&record);
    CHECK(near(ratios.internal, 0));
    CHECK(near(ratios.external, 0));
    CHECK(near(ratios.slab, 0));
    CHECK(near(ratios.cached, 0));
}

/* Samples of 12 of 16 bytes for 300 requests, of 90 of 100 for 100 of them; an unsampled zone says nothing. */
TEST(internal_weighs_zones_by_requests)
{
    start();
    *zone_add("a", 16) =
        (struct cellar__stat_zone){.item_size = 16, .nrequests = 300, .nsamples = 2, .sampled_requested = 24};
    *zone_add("b", 100) = (struct cellar__stat_zone){
        .item_size = 100, .nrequests = 100, .nsamples = 10, .sampled_requested = 900};
    zone_add("c", 5000)->nrequests = 1000;
    double granted = 300 * 16 + 100 * 100;
    double requested = 300 * 12 + 100 * 90;
    CHECK(near(cellar__stat_fragmentation(&record).internal, 1 - requested / granted));
}

TEST(external_is_what_the_largest_free_range_lacks)
{
    start();
    record.arena.free_below_top = 1000;
    record.arena.largest_free_below_top = 250;
    CHECK(near(cellar__stat_fragmentation(&record).external, 0.75));
    record.arena.largest_free_below_top = 1000;
    CHECK(near(cellar__stat_fragmentation(&record).external, 0));
}

TEST(slab_and_cached_are_shares_of_the_slabs)
{
    start();
    struct cellar__stat_zone *zone = zone_add("a", 100);
    zone->nlive = 40;
    zone->in_buckets = 10;
    zone->slab_bytes = 8000;
    CHECK(near(cellar__stat_fragmentation(&record).slab, 1 - 5000.0 / 8000));
    CHECK(near(cellar__stat_fragmentation(&record).cached, 1000.0 / 8000));
}

/* Counters of running threads are read one after the other: what does not add up stays in 0 .. 1. */
TEST(ratios_stay_in_range)
{
    start();
    struct cellar__stat_zone *zone = zone_add("a", 100);
    zone->nlive = 400;
    zone->slab_bytes = 8000;
    record.arena.free_below_top = 10;
    record.arena.largest_free_below_top = 20;
    CHECK(near(cellar__stat_fragmentation(&record).slab, 0));
    CHECK(near(cellar__stat_fragmentation(&record).external, 0));
}

TEST(json_is_one_line_with_every_part)
{
    static const char *const parts[] = {
        "{\"cellar_stats\":1,",
        "\"version\":\"1.2.3\"",
        "\"exe\":\"/bin/program\"",
        "\"fit\":\"best\"",
        "\"arenas\":[{\"name\":\"heap\"",
        "\"name\":\"malloc.48\"",
        "\"item_size\":48",
        "\"huge\":{",
        "\"fragmentation\":{",
        "\"live\":77",
        "\"submaps\":[",
    };
    start();
    zone_add("malloc.48", 48)->nlive = 77;
    zone_add("malloc.64", 64);
    CHECK_EQ(cellar__stat_print_json(&record, &sink), 0);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (strstr(text, parts[i]) == NULL) {
            TEST_FAIL("%s is not in %s", parts[i], text);
        }
    }
    CHECK_PTR(strchr(text, '\n'), text + text_size - 1);
}

TEST(json_escapes_strings)
{
    start();
    strcpy(record.program, "a\"b\\c\nd");
    CHECK_EQ(cellar__stat_print_json(&record, &sink), 0);
    CHECK(strstr(text, "\"exe\":\"a\\\"b\\\\c\\u000ad\"") != NULL);
}

TEST(text_shows_the_zones)
{
    start();
    zone_add("malloc.48", 48)->nrequests = 123456;
    CHECK_EQ(cellar__stat_print_text(&record, &sink), 0);
    CHECK(strstr(text, "malloc.48") != NULL);
    CHECK(strstr(text, "123456") != NULL);
}

TEST(error_of_the_sink_ends_the_printing)
{
    start();
    zone_add("malloc.48", 48);
    sink_calls_left = 2;
    CHECK_EQ(cellar__stat_print_json(&record, &sink), -EPIPE);
    CHECK_EQ(sink_calls_left, 0);
    sink_calls_left = 2;
    CHECK_EQ(cellar__stat_print_text(&record, &sink), -EPIPE);
}

TEST_MAIN()
