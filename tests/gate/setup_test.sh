#!/usr/bin/env bash
# What scripts/setup says and installs, on machines made of stand-ins for dpkg-query, apt-get, id and sudo.
# shellcheck source=tests/gate/lib.sh
. "$(dirname "$0")/lib.sh"
gate_begin setup

put packages.txt '# list' 'build gcc gcc' 'build cmake cmake-that-is-nowhere' 'test perl-base sh' 'bench libx lib:libx-nowhere.so'
export CELLAR_PACKAGES=$tree/packages.txt

# stand_in NAME LINE...: a command of that name in front of the machine's own.
stand_in() {
    local name=$1
    shift
    put "bin/$name" '#!/bin/sh' "$@"
    chmod +x "bin/$name"
}

# ends TITLE STATUS "OUTPUT" ARGUMENTS...; $path is PATH
ends() {
    local title=$1 want=$2 text=$3 status=0 good=1
    shift 3
    gate_output=$(PATH=$path "$gate_scripts/setup" "$@" 2>&1) || status=$?
    if [ "$status" -eq "$want" ] && [ "$gate_output" = "$text" ]; then
        good=0
    fi
    gate_output="status $status"$'\n'"$gate_output"
    gate_point "$title" "$good"
}

path=$tree/bin:$PATH
stand_in dpkg-query "grep -Fqx \"\$4\" $tree/have && printf installed"
stand_in apt-get "echo apt-get \"\$@\"" "case \"\$*\" in *update*) touch $tree/lists ;; *) [ -e $tree/lists ] ;; esac"
stand_in id 'echo 0'
stand_in sudo 'echo sudo' 'exec "$@"'
touch lists

put have gcc cmake perl-base
ends "nothing is missing" 0 "" build test
put have gcc
ends "it says what is missing" 1 "setup: missing for build test: cmake perl-base" -n build test
install_line='apt-get -q -y install --no-install-recommends'
ends "it installs as root" 0 "setup: missing for build: cmake
setup: installing them with apt-get
$install_line cmake" build
rm lists
ends "it fetches the lists when it must" 0 "setup: missing for bench build: cmake libx
setup: installing them with apt-get
$install_line cmake libx
setup: fetching the package lists first
apt-get -q -y update
$install_line cmake libx" bench build
stand_in id 'echo 1000'
ends "it installs by sudo" 0 "setup: missing for build: cmake
setup: installing them with apt-get
sudo
$install_line cmake" build
stand_in apt-get 'exit 100'
ends "apt-get fails" 100 "setup: missing for build: cmake
setup: installing them with apt-get
sudo
setup: fetching the package lists first
sudo" build

# Another system: no dpkg-query, no apt-get; only what the script itself needs.
mkdir other
for command in bash env dirname awk sort grep gcc sh; do
    ln -s "$(command -v "$command")" other/
done
path=$tree/other
ends "elsewhere it names what is missing" 1 \
    "setup: this is not Debian; install what these packages bring, then try again: cmake libx" build test bench
ends "elsewhere it goes on when nothing is" 0 "" test
ends "no purpose" 2 "usage: setup [-n] PURPOSE..."
gate_end
