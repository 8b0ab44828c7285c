#!/bin/bash
# timeout: 120
# builds: all
# perl: hashes, strings that grow, regular expressions, sorting, closures and cycles, fork with pipes.
. "$(dirname "$0")/lib.sh"
preload_begin perl
export PERL_HASH_SEED=0 PERL_PERTURB_KEYS=0

data() {
    perl -e '
        use strict; use warnings;
        my (%count, %tree);
        for my $i (1 .. 60000) {
            my $word = join "", map { chr(97 + ($i * $_ * 7919) % 26) } 1 .. 1 + $i % 7;
            $count{$word}++;
            push @{ $tree{ substr $word, 0, 1 }{ length $word } }, $word;
        }
        print "$_ $count{$_}\n" for (sort { $count{$b} <=> $count{$a} or $a cmp $b } keys %count)[0 .. 40];
        for my $first (sort keys %tree) {
            print $first, map({ " $_:" . @{ $tree{$first}{$_} } } sort keys %{ $tree{$first} }), "\n";
        }
        delete $count{$_} for grep { length > 3 } keys %count;
        print scalar(keys %count), "\n";'
}

text() {
    perl -e '
        use strict; use warnings;
        my $text = "";
        $text .= sprintf "%05d The quick brown fox no. %x jumps; ", $_, $_ * 2654435761 % 4294967296
            for 1 .. 20000;
        my $n = () = $text =~ /\b(\w+)\s+(?:fox|dog)\b/g;
        (my $copy = $text) =~ s/(\d+) (The)/lc($2) . "-" . ($1 + 1)/ge;
        my %seen; $seen{$1}++ while $copy =~ /no\. ([0-9a-f]{2})/g;
        print "$n ", length($copy), " ", join(",", map { "$_=$seen{$_}" } sort keys %seen), "\n";
        print unpack("%32C*", $copy), " ", substr(reverse($copy), 0, 60), "\n";
        print join("|", (split /[;,] */, $text)[500 .. 510]), "\n";'
}

processes() {
    perl -e '
        use strict; use warnings;
        my @kept = map { { id => $_, text => "x" x ($_ % 500) } } 1 .. 20000;
        my @pipes;
        for my $child (1 .. 6) {
            pipe(my $read, my $write) or die;
            my $pid = fork() // die;
            if ($pid == 0) {
                my %own = map { $_->{id} => $_->{text} . $child } grep { $_->{id} % $child == 0 } @kept;
                my $sum = 0; $sum += length for values %own;
                print $write "child $child: ", scalar(keys %own), " $sum\n";
                close $write;
                exit $child;
            }
            close $write;
            push @pipes, [$pid, $read];
            splice @kept, 0, 1000;
        }
        for my $pipe (@pipes) {
            my ($pid, $read) = @$pipe;
            print <$read>;
            waitpid $pid, 0;
            print "status ", $? >> 8, "\n";
        }
        my $node; for (1 .. 50000) { my $next = { next => $node, id => $_ }; $node = $next }
        my $length = 0; while ($node) { $length++; $node = $node->{next} } print "$length\n";
        print sort { $a <=> $b } map { "$_\n" } grep { $_ % 997 == 0 } reverse 1 .. 50000;'
}

preload_scenario "hashes and sorting" data perl
preload_scenario "strings and regular expressions" text perl
preload_scenario "fork and pipes" processes perl
preload_end
