#!/bin/bash
# timeout: 120
# The C compiler on the project's own largest sources: optimised objects with debug information, assembly, a
# program made with link-time optimisation, diagnostics; and the C++ compiler where there is one. The
# objects must be equal.
. "$(dirname "$0")/lib.sh"
preload_begin gcc

mapfile -t sources < <(find "$preload_root/src" -name '*.c' -printf '%s %p\n' |
    sort -k 1,1nr -k 2 | head -n 4 | cut -d ' ' -f 2)
includes=(-std=gnu17 -I "$preload_root/include" -I "$preload_root/src")

objects() {
    local source
    for source in "${sources[@]}"; do
        gcc "${includes[@]}" -O2 -g -c "$source"
    done
}

assembly() {
    gcc "${includes[@]}" -O3 -funroll-loops -fverbose-asm -S "${sources[@]:0:2}"
    gcc "${includes[@]}" -dM -E "${sources[0]}" | sort | cksum
}

# The random seed goes into the names of symbols; without it two runs differ.
program() {
    gcc -std=gnu17 -O2 -flto -frandom-seed=cellar -pthread -o churn "$preload_root/bench/churn.c" -lm
    ./churn 2 2000 | sed 's/^[0-9]* //'
}

mistakes() {
    printf 'int f(int a) { retrun a; }\nstruct s { int x; };\nint g(struct s *p) { return p->y; }\n' >bad.c
    gcc -Wall -Wextra -c bad.c && return 1
    echo "status $?"
}

templates() {
    cat >words.cc <<'CC'
#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>
template <int N> struct tower { static int height(int n) { return n % N + tower<N - 1>::height(n); } };
template <> struct tower<0> { static int height(int) { return 0; } };
int words(const std::vector<std::string> &all)
{
    std::map<std::string, std::shared_ptr<std::vector<int>>> places;
    for (const auto &word : all) {
        auto &place = places[word];
        if (!place)
            place = std::make_shared<std::vector<int>>();
        place->push_back(tower<200>::height(int(word.size())));
    }
    std::function<bool(int, int)> order = [](int a, int b) { return a > b; };
    int sum = 0;
    for (auto &[word, place] : places) {
        std::sort(place->begin(), place->end(), order);
        sum += place->front();
    }
    return sum;
}
CC
    g++ -std=gnu++17 -O2 -c words.cc
}

preload_scenario "optimised objects" objects gcc cc1 as
preload_scenario "assembly" assembly cc1
preload_scenario "a program, link-time optimisation" program cc1 collect2 lto1 ld churn
preload_scenario "diagnostics" mistakes cc1
if command -v g++ >/dev/null; then
    preload_scenario "C++ templates" templates cc1plus
else
    preload_skip "C++ templates" "g++ is not installed"
fi
preload_end
