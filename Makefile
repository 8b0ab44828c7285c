# One-word commands. `make help` lists them; CMake does the building (CMakePresets.json, cmake/).
PREFIX ?= /usr/local
JOBS ?= $(shell nproc)
CMAKE_BUILD = cmake --build build -j $(JOBS)

.PHONY: all help setup demo test check bench bench-micro bench-arena bench-zone conformance fuzz soak freestanding asan ubsan tsan format lint install clean
.DEFAULT_GOAL := all

all: build/CMakeCache.txt ## build the library and the command into build/
	@$(CMAKE_BUILD) -- --no-print-directory

build/CMakeCache.txt:
	@command -v cmake >/dev/null || { echo "cmake is missing: make setup installs what a build needs" >&2; exit 1; }
	@cmake --preset default -DCMAKE_INSTALL_PREFIX=$(PREFIX) >/dev/null

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z -]+:.*## / {printf "make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## install the Debian packages that a build needs
	@scripts/setup build

demo: ## the main job, on a real program, in one minute
	@scripts/setup build demo
	@$(MAKE) --no-print-directory all
	@scripts/demo.sh

test: ## everything CI checks
	@scripts/setup build test
	@scripts/test-all

check: ## the fast part, about ten seconds
	@scripts/check

bench: ## Cellar beside its peers in 60 workloads and a dozen real programs, twenty minutes; QUICK=1: under three
	@scripts/setup build bench
	@$(MAKE) --no-print-directory all
	@scripts/bench

bench-micro: ## instructions, cache misses and nanoseconds of small loops, beside the peers
	@scripts/setup build bench
	@$(MAKE) --no-print-directory all
	@scripts/bench-micro

bench-arena: ## arenas under every fit policy: time, instructions, touches, metadata
	@scripts/setup build bench
	@$(MAKE) --no-print-directory all
	@$(CMAKE_BUILD) --target bound_touch_main -- --no-print-directory -s
	@scripts/bench-arena

bench-zone: ## zones beside malloc and a constructor
	@scripts/setup build bench
	@$(MAKE) --no-print-directory all
	@scripts/bench-zone

conformance: ## which malloc does everything right: Cellar and the peers, row by row
	@scripts/setup build conformance
	@$(MAKE) --no-print-directory all
	@$(CMAKE_BUILD) --target conformance -- --no-print-directory -s
	@scripts/conformance

fuzz: ## libFuzzer on arenas and zones, 60 s each; SECONDS=600 for more, KEEP=1 to keep what it finds in the corpus
	@scripts/setup build test
	@SECONDS_EACH=$(or $(SECONDS),60) scripts/fuzz $(if $(KEEP),--keep)

soak: ## random work on malloc for ten minutes; SECONDS=30 for less, SEED=1 to repeat one
	@scripts/setup build test
	@scripts/build default
	@build/tests/soak/soak --seconds $(or $(SECONDS),600) $(if $(SEED),--seed $(SEED))

freestanding: ## the buddy alone, for machines without an operating system, into build/freestanding/
	@scripts/setup build
	@scripts/gate-freestanding

asan ubsan tsan: ## the tests that can run under that sanitizer
	@scripts/setup build test
	@scripts/test-all $@

format: ## lay out all C files
	@scripts/list-files . '*.c' '*.h' '*.cc' | xargs clang-format --style=file -i

lint: ## all gates
	@scripts/build default
	@mkdir -p build && scripts/gates-plan >build/gates.plan
	@scripts/run-tests build/gates.plan

install: all ## into PREFIX (default /usr/local), under DESTDIR
	@cmake --install build --prefix $(PREFIX)

clean: ## remove build/
	@rm -rf build
