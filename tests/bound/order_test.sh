#!/usr/bin/env bash
# How much of the library's file small programs have resident: cmake/order.cmake. That is the first two mappings, the headers and
# the listed functions, whatever a fault brings with it, and a page of data that nobody has written. A program that enters a
# function which cmake/order.txt does not list is above it. And those two are not to grow.
set -euo pipefail
build=$(realpath "${CELLAR_BUILD:-build}")
library=$build/libcellar.so
most_kib=80 # gcc: 72, clang: 80
count=0
failed=0

if [ "$(getconf PAGESIZE)" -ne 4096 ]; then
    echo "1..0 # SKIP the figures are for pages of 4 KiB"
    exit 0
fi
# Its value in this build: cached NAME.
cached() {
    sed -n "s/^$1:[A-Z]*=//p" "$build/CMakeCache.txt"
}

read -ra linker <<<"$(cached CMAKE_C_COMPILER) $(cached CMAKE_SHARED_LINKER_FLAGS)"
if [ "$(cached CELLAR_ORDER)" != ON ] || ! "${linker[@]}" -Wl,--version 2>/dev/null | grep -q '^GNU ld'; then
    echo "1..0 # SKIP the build has the linker's own order"
    exit 0
fi

# KiB of pages that the first two mappings have.
listed_kib=0
for size in $(readelf -lW "$library" | awk '$1 == "LOAD" && n++ < 2 { print $6 }'); do
    npages=$(((size + 4095) / 4096))
    listed_kib=$((listed_kib + 4 * npages))
done
allowed_kib=$((listed_kib + 4))

# KiB that are resident of the file's pages; those that the process has made its own are not the file's any more.
resident() {
    awk '
        $1 ~ /^[0-9a-f]+-/ { inside = index($6, "/libcellar.so") > 0 }
        inside && $1 == "Rss:" { kib += $2 }
        inside && $1 == "Anonymous:" { kib -= $2 }
        END { print kib + 0 }'
}

# small TITLE COMMAND...: the command prints its own smaps.
small() {
    local title=$1 kib
    shift
    if ! command -v "$1" >/dev/null; then
        return
    fi
    count=$((count + 1))
    kib=$(LD_PRELOAD=$library CELLAR_CONF='' "$@" /proc/self/smaps | resident)
    if [ "$kib" -gt 0 ] && [ "$kib" -le "$allowed_kib" ]; then
        echo "ok $count - $title"
    else
        echo "not ok $count - $title"
        failed=1
    fi
    echo "# $kib KiB of the file resident, listed $listed_kib, allowed $allowed_kib"
}

small "a trivial program" cat
small "a program with realloc and calloc" perl -pe ''
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cat >"$work/copy.cc" <<'END'
#include <fstream>
#include <iostream>
#include <string>
int main(int, char **argv)
{
    std::ifstream file(argv[1]);
    for (std::string line; std::getline(file, line);) {
        std::cout << line << '\n';
    }
}
END
if ${CXX:-c++} -o "$work/copy" "$work/copy.cc" 2>/dev/null; then
    small "a program in C++" "$work/copy"
fi
count=$((count + 1))
if [ "$listed_kib" -le "$most_kib" ]; then
    echo "ok $count - headers and listed functions"
else
    echo "not ok $count - headers and listed functions"
    failed=1
fi
echo "# $listed_kib KiB, at most $most_kib"
echo "1..$count"
exit "$failed"
