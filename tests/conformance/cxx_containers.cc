/* title: containers, strings, exceptions and streams of libstdc++ work */
#include "row.h"

#include <map>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

struct alignas(128) Wide {
    char bytes[300];
};

/* The compiler's own pairs of new and delete, sized and aligned as it finds right. */
static void round_judge(size_t round)
{
    std::map<std::string, std::vector<int>> map;
    std::vector<std::unique_ptr<Wide>> wides;
    for (int i = 0; i < 500; i++) {
        std::ostringstream stream;
        stream << "a key that does not fit in the string itself, " << (unsigned)i * 7919u % 503u;
        map[stream.str()].resize((size_t)i, i);
        wides.emplace_back(new Wide);
        ROW_CHECK(row_aligned(wides.back().get(), 128), "new of an over-aligned type is not aligned");
    }
    size_t total = 0;
    for (auto &item : map) {
        for (int value : item.second) {
            total += (size_t)value;
        }
    }
    ROW_CHECK(total == 41541750, "round %zu: the sum is %zu", round, total);
    try {
        throw std::runtime_error(map.begin()->first);
    } catch (const std::runtime_error &error) {
        ROW_CHECK(map.begin()->first == error.what(), "an exception loses its text");
    }
}

int main()
{
    for (size_t round = 0; round < 20; round++) {
        round_judge(round);
    }
    return 0;
}
