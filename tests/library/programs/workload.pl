# SPDX-License-Identifier: GPL-2.0
# Work for perl over a recording (perf script's text): every event becomes a hash
# of its fields; they are grouped, sorted, rewritten and thrown away again.
use strict;
use warnings;

my (%by_site, %live, @events);
open(my $in, '<', $ARGV[0]) or die "$ARGV[0]: $!";
while (my $line = <$in>) {
	next unless $line =~ /^\s*(.+?)\s+(\d+)\s+\[(\d+)\]\s+([\d.]+):\s+(\w+):(\w+): (.*)$/;
	my %event = (task => $1, pid => $2, cpu => $3, time => $4, name => $6, map { split /=/, $_, 2 } grep { /=/ } split ' ', $7);
	push @events, \%event;
	push @{ $by_site{ $event{call_site} // 'none' } }, \%event;
	if ($event{ptr}) {
		if ($event{name} =~ /free/) { delete $live{ $event{ptr} } }
		else { $live{ $event{ptr} } = \%event }
	}
}
close($in);
printf "%d events, %d sites, %d live\n", scalar @events, scalar keys %by_site, scalar keys %live;

for my $site (sort { @{ $by_site{$b} } <=> @{ $by_site{$a} } || $a cmp $b } keys %by_site) {
	my ($bytes, %sizes) = (0);
	for my $event (@{ $by_site{$site} }) {
		$bytes += $event->{bytes_req} // 0;
		$sizes{ $event->{bytes_req} // '-' }++;
	}
	print join(' ', $site, scalar @{ $by_site{$site} }, $bytes,
		map { "$_:$sizes{$_}" } sort keys %sizes), "\n";
}

my $text = join '', map { my $e = $_; join(',', map { "$_=$e->{$_}" } sort keys %$e) . "\n" } @events;
(my $short = $text) =~ s/0x([0-9a-f]{8})[0-9a-f]+/<$1>/g;
my $sum = 0;
$sum = ($sum * 31 + length($_)) % 4294967291 for split /[,\n]/, $short;
print length($text), ' ', length($short), " $sum\n";

my @pile;
for my $round (1 .. 20) {
	my @closures = map { my $n = $_ * $round; sub { $n . ('x' x ($n % 200)) } } 1 .. 5000;
	push @pile, join '', map { $_->() } @closures;
	shift @pile if @pile > 3;
}
print length(join '', @pile), "\n";
