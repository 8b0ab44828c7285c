#!/bin/bash
# timeout: 600
# Python's own regression tests, as Debian ships them, with PYTHONMALLOC=malloc: each passes as it does on libc.
PRELOAD_SETTINGS="fit:instant" # records, not the linker's log: it changes the environment that some tests compare
. "$(dirname "$0")/lib.sh"
python=/usr/bin/python3
preload_begin $python
if ! $python -c 'import test.libregrtest, test.test_list' 2>/dev/null; then
    echo "1..0 # SKIP Debian's libpython3-testsuite is not installed"
    exit 0
fi
export PYTHONMALLOC=malloc PYTHONHASHSEED=0 PYTHONDONTWRITEBYTECODE=1

# run TEST...: whether each passes; of one that fails, what it printed. Some raise SIGINT, which a shell ignores for what it
# runs in the background, and all below that.
run() {
    local test failed=0
    for test; do
        if env --default-signal=INT "$python" -W ignore -m test --timeout 300 "$test" >log 2>&1; then
            echo "$test passed"
        else
            echo "$test failed"
            tail -n 40 log
            failed=1
        fi
    done
    rm -rf log
    return "$failed"
}

values() {
    run test_list test_dict test_set test_bytes test_tuple test_unicode test_string test_struct test_memoryview \
        test_array test_deque test_collections test_heapq test_json test_copy test_re test_long
}

machinery() {
    run test_gc test_weakref test_generators test_coroutines test_exceptions test_class test_descr test_itertools \
        test_functools test_zlib test_bz2 test_hashlib test_fileio test_threading_local test_thread \
        test_contextlib
}

preload_scenario "values and containers" values $python
preload_scenario "collector, files, threads" machinery $python
preload_end
