/* levels: api */
/* <cellar/arena.h> from C++: an allocator of the standard library's kind that takes its memory from an arena. */
#include <cellar/arena.h>

#include <cstdint>
#include <cstdio>
#include <new>
#include <vector>

template <typename T> struct arena_allocator {
    using value_type = T;
    cellar_arena *arena;

    explicit arena_allocator(cellar_arena *from) : arena(from) {}
    template <typename U> arena_allocator(const arena_allocator<U> &other) : arena(other.arena) {}

    T *allocate(std::size_t count)
    {
        uint64_t base;
        if (cellar_arena_alloc(arena, count * sizeof(T), &base) != 0) {
            throw std::bad_alloc();
        }
        return reinterpret_cast<T *>(base);
    }

    void deallocate(T *block, std::size_t count)
    {
        cellar_arena_free(arena, reinterpret_cast<uint64_t>(block), count * sizeof(T));
    }

    bool operator==(const arena_allocator &other) const { return arena == other.arena; }
    bool operator!=(const arena_allocator &other) const { return arena != other.arena; }
};

int main()
{
    cellar_arena_attr attr{};
    attr.version = CELLAR_ARENA_VERSION;
    attr.name = "vector";
    attr.quantum = 16;
    attr.import = cellar_arena_map_pages;
    attr.release = cellar_arena_unmap_pages;
    cellar_arena *arena = nullptr;
    bool good = cellar_arena_create(&attr, &arena) == 0;
    {
        std::vector<int, arena_allocator<int>> numbers{arena_allocator<int>(arena)};
        for (int i = 0; i < 100000; i++) {
            numbers.push_back(i);
        }
        for (int i = 0; i < 100000; i++) {
            good = good && numbers[static_cast<std::size_t>(i)] == i;
        }
        cellar_arena_usage usage;
        cellar_arena_get_usage(arena, &usage);
        good = good && usage.allocated >= 100000 * sizeof(int) && cellar_arena_check(arena) == nullptr;
    }
    good = good && cellar_arena_destroy(arena, nullptr, nullptr) == 0;
    std::printf("1..1\n%s 1 - a vector in an arena\n", good ? "ok" : "not ok");
    return good ? 0 : 1;
}
