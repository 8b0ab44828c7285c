#!/bin/bash
# timeout: 120
# git: commits with fixed dates, so that every name of an object follows from the contents; diff, log,
# blame, merge, gc with threads, fsck, clone.
. "$(dirname "$0")/lib.sh"
preload_begin git

export GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null GIT_PAGER=cat
export GIT_AUTHOR_NAME=Author GIT_AUTHOR_EMAIL=author@example.org
export GIT_COMMITTER_NAME=Author GIT_COMMITTER_EMAIL=author@example.org

commit() {
    local date=$((1700000000 + $1 * 3600))
    git add -A
    GIT_AUTHOR_DATE="$date +0000" GIT_COMMITTER_DATE="$date +0000" git commit -q -m "Change $1"
}

project_create() {
    git init -q -b main project
    cd project || exit
    git config gc.autoDetach false
    git config pack.threads 4
    local i
    for i in 1 2 3 4 5 6 7 8; do
        seq 1 $((i * 700)) | sed "s/7\$/seven of $i/" >numbers
        mkdir -p "folder/$i"
        seq $((i * 1000)) $((i * 1000 + 400)) | split -l 20 - "folder/$i/part."
        commit "$i"
    done
    git checkout -q -b side HEAD~3
    echo side >side
    commit 9
    git checkout -q main
    GIT_AUTHOR_DATE='1700100000 +0000' GIT_COMMITTER_DATE='1700100000 +0000' git merge -q --no-edit side
    git log -p --stat --all
    git log --graph --oneline --all
    git blame numbers | tail -n 50
    git diff --word-diff HEAD~4 HEAD -- numbers | cksum
    git grep -c seven
}

upkeep() {
    project_create >/dev/null
    git gc -q --aggressive --prune=now
    git fsck --full --strict
    git rev-list --objects --all | sort | cksum
    git archive --format=tar HEAD | cksum
    cd ..
    git clone -q project copy
    git -C copy rev-parse HEAD
    git -C copy status --short
    git -C copy rev-parse nothing && return 1
    echo "status $?"
    # A pack depends on how its threads were scheduled, and an index on the inodes.
    rm -rf project/.git copy/.git
}

history() {
    project_create
    cd ..
    rm -rf project/.git
}

preload_scenario "commits, merge, log, blame, diff, grep" history git
preload_scenario "gc with threads, fsck, archive, clone" upkeep git
preload_end
