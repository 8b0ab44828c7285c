/* levels: lib */
/* Zones from C++17. */
#include <cellar/zone.h>

#include <new>
#include <string>

#include "test.h"

struct alignas(64) particle {
    double place[3];
    std::string name;
};

CELLAR_ZONE_TYPED(particle, particle)

TEST(typed_zone_of_a_class)
{
    struct cellar_zone *zone = particle_zone_create(nullptr);
    CHECK(zone != nullptr);
    particle *one =
        new (particle_alloc(zone, CELLAR_ZONE_NOFAIL)) particle{{1, 2, 3}, "a name too long for its place"};
    CHECK_EQ(reinterpret_cast<uintptr_t>(one) % 64, 0);
    CHECK_STR(one->name.c_str(), "a name too long for its place");
    one->~particle();
    particle_free(zone, one);
    CHECK_EQ(cellar_zone_destroy(zone), 0);
}

static int construct(void *item, size_t, void *arg, void *, unsigned)
{
    try {
        new (item) std::string(static_cast<const char *>(arg));
    } catch (const std::bad_alloc &) {
        return ENOMEM;
    }
    return 0;
}

static void destruct(void *item, size_t, void *, void *)
{
    static_cast<std::string *>(item)->~basic_string();
}

TEST(hooks_construct_and_destruct)
{
    struct cellar_zone_attr attr = cellar_zone_attr_or_default(nullptr);
    attr.name = "strings";
    attr.size = sizeof(std::string);
    attr.ctor = construct;
    attr.dtor = destruct;
    struct cellar_zone *zone = cellar_zone_create(&attr);
    char text[] = "some text of more than sixteen bytes";
    auto *string = static_cast<std::string *>(cellar_zone_alloc(zone, text, 0));
    CHECK_STR(string->c_str(), text);
    cellar_zone_free(zone, string, nullptr);
    CHECK_EQ(cellar_zone_destroy(zone), 0);
}

TEST_MAIN()
