#!/usr/bin/env bash
# The installed tree: what a program needs is there, and pkg-config tells where. Programs in C and C++ are built against
# the shared and the static library and run on Cellar.
set -euo pipefail
. "$(dirname "$0")/point.sh"
cd "$work"
prefix=$work/usr

cat >program.c <<'C'
#include <cellar/cellar.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The version of the header is that of the library. */
int main(void)
{
    const char *library = cellar_version();
    char *text = (char *)malloc(100);
    if (!text || strcmp(library, CELLAR_VERSION) != 0)
        return 1;
    strcpy(text, library);
    puts(text);
    free(text);
    return 0;
}
C
cp program.c program.cc

has_files() {
    local file
    for file in "$prefix/include/cellar/cellar.h" "$libdir"/{libcellar.so,libcellar.a,pkgconfig/cellar.pc}; do
        test -e "$file" || { echo "no $file"; return 1; }
    done
}

# builds COMPILER SOURCE LIBRARY...: compiles as pkg-config says, runs, and compares the version printed.
builds() {
    local compiler=$1 source=$2 flags
    shift 2
    read -ra flags < <(pkg-config --cflags cellar)
    rm -f program
    "$compiler" -Wall -Werror "${flags[@]}" "$source" -o program "$@" &&
        [ "$(LD_LIBRARY_PATH=$libdir ./program)" = "$(pkg-config --modversion cellar)" ]
}

# A link takes from the archive only what is referred to: statistics at exit prove that more came along than malloc.
reports_statistics() {
    CELLAR_CONF=stats_at_exit:json ./program 2>&1 | grep -q '^{"cellar_stats":1,.*"malloc.112"'
}

# The dynamic linker's own log says which malloc the program got.
runs_on_cellar() {
    local bindings
    bindings=$(LD_LIBRARY_PATH=$libdir LD_DEBUG=bindings ./program 2>&1)
    grep -q 'file ./program .* to .*/libcellar\.so.* symbol .malloc.' <<<"$bindings"
}

point "cmake --install" cmake --install "$build" --prefix "$prefix"
libdir=$(dirname "$(find "$prefix" -name libcellar.a)")
export PKG_CONFIG_PATH=$libdir/pkgconfig
point "its files" has_files
read -ra libs < <(pkg-config --libs cellar)
point "a program in C" builds gcc program.c "${libs[@]}"
point "its malloc is Cellar's" runs_on_cellar
point "a program in C++" builds g++ program.cc "${libs[@]}"
point "a program with the static library" builds gcc program.c "$libdir/libcellar.a" -pthread
point "reports statistics" reports_statistics
point "a program of static libraries only" builds gcc program.c -static "$libdir/libcellar.a"
point "reports statistics too" reports_statistics
point "a static program at any address" builds gcc program.c -fPIE -static-pie "$libdir/libcellar.a"
point "reports statistics as well" reports_statistics
point_end
