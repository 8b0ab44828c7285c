# Hashes of arrays of strings, built, sorted and taken apart; the argument is the number of rounds.
use strict;
use warnings;

my $rounds = shift;
my %kept;
for my $round (1 .. $rounds) {
    my (%count, %tree);
    for my $i (1 .. 40000) {
        my $word = join "", map { chr(97 + ($i * $_ * 7919 + $round) % 26) } 1 .. 1 + $i % 9;
        $count{$word}++;
        push @{ $tree{ substr $word, 0, 1 }{ length $word } }, { id => $i, text => $word x (1 + $i % 5) };
    }
    $kept{ $_ % 3000 } = "x" x ($_ * $round % 700) for 1 .. 10000;
    my $text = join " ", map { "$_=$count{$_}" } sort keys %count;
    (my $copy = $text) =~ s/(\w)=(\d+)/$2$1/g;
    my @sorted = sort { $a->{text} cmp $b->{text} or $a->{id} <=> $b->{id} } map { @$_ } map { values %$_ } values %tree;
    print join(" ", $round, scalar(keys %count), length($copy), $sorted[0]{text}, $sorted[-1]{id}), "\n";
}
my $sum = 0;
$sum += length for values %kept;
print "$sum\n";
