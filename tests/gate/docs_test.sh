#!/usr/bin/env bash
# The backticks below are Markdown's.
# shellcheck disable=SC2016
# shellcheck source=tests/gate/lib.sh
. "$(dirname "$0")/lib.sh"
gate_begin docs

put layers.txt 'level base' 'level os' 'beside stat on base'
put src/base/a.c 'int cellar__base_a(void);' 'static int base_b(void);'
put docs/design/base.md '# The base' '' '## Two words' '' 'See [home](../../README.md).'
put README.md '# Cellar' '' '[base](docs/design/base.md#two-words) [out](https://example.org/) [here](#cellar)' \
    'Code: `src/base/a.c`, `src/<level>/*.c`, `cellar__base_a()`, `base_b()`, `malloc()`.' '```' '[x](gone.md) `src/gone.c`' '```'
gate_passes "documents that fit"

# fault TITLE LINE MESSAGE: one line in a page of its own.
fault() {
    put docs/x.md "$2"
    gate_fails "$1" "gate-docs: $3"
    rm docs/x.md
}

fault "a dead link" '[x](gone.md)' "docs/x.md: link to gone.md: no such file"
fault "a dead anchor" '[x](design/base.md#three-words)' "docs/x.md: link to design/base.md#three-words: no such heading"
fault "a file that is not there" 'in `src/base/gone.c`' "docs/x.md: src/base/gone.c does not exist"
git -C "$tree" init -q
put .gitignore '/bench/results/'
put bench/results/a.json '{}'
fault "a file that only this copy has" 'in `bench/results/a.json`' "docs/x.md: bench/results/a.json does not exist"
fault "a private function that is not there" 'by `cellar__base_gone()`' "docs/x.md: cellar__base_gone() is not in the sources"
fault "a static function that is not there" 'by `base_gone()`' "docs/x.md: base_gone() is not in the sources"
put src/os/a.c ''
gate_fails "a level without a page" "gate-docs: src/os has no page docs/design/os.md"
put docs/design/os.md '# The os'

put include/cellar/a.h 'CELLAR_API int cellar_fly(void);' 'CELLAR_API void other(void);'
put man/a.3 'cellar_fly'
gate_fails "a public function without an example" "gate-docs: cellar_fly() is public, and nothing in examples/ names it"
put examples/a.c 'cellar_fly();'
gate_passes "a public function that is documented"
rm man/a.3
gate_fails "a public function without a page" "gate-docs: cellar_fly() is public, and nothing in man/ names it"
rm -r include examples

put build/cellar '#!/bin/sh' 'echo "# Options of $0"'
chmod +x build/cellar
gate_fails "no page of the options" \
    "gate-docs: docs/options.md is not what the command prints: build/cellar options --markdown > docs/options.md"
put docs/options.md "# Options of $tree/build/cellar"
gate_passes "the page of the options"
put docs/options.md "# Options of old"
gate_fails "an old page of the options" \
    "gate-docs: docs/options.md is not what the command prints: build/cellar options --markdown > docs/options.md"
put build/cellar '#!/bin/sh' 'exit 3'
gate_fails "a command that fails" "gate-docs: cellar options --markdown ended with status 3"
rm -r build docs README.md
gate_fails "no documents" "gate-docs: no files match *.md: nothing was checked"
gate_end
