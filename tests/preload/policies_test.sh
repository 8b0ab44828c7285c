#!/bin/bash
# timeout: 120
# The policies of fit and sizing that the other programs are not run under: perl, whose strings grow and move, on each.
PRELOAD_SETTINGS="fit:segregated fit:quick fit:next fit:worst fit:buddy fit:fifo fit:lifo sizing:constant sizing:pow2"
. "$(dirname "$0")/lib.sh"
preload_begin perl

growing() {
    perl -e '
        my %words;
        for my $i (1 .. 40000) {
            $words{$i % 997} .= "x" x ($i % 211);
            delete $words{($i * 7) % 997} if $i % 5 == 0;
        }
        printf "%d %d\n", $_, length $words{$_} for sort {$a <=> $b} keys %words;
        my @blocks = map { "y" x (70_000 + $_ * 1000) } 1 .. 60;
        splice @blocks, $_, 1 for 1 .. 30;
        $_ .= $_ for @blocks;
        print length join("", @blocks), "\n";
    '
}

preload_scenario "strings that grow" growing perl
preload_end
