# Every SQL block of the README runs as it stands, in order, on fresh servers; only addresses and the
# names of what outlives the database differ.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename;
use PostgreSQL::Test::Utils;
use Test::More;
use YottaTest;

my $readme = slurp_file(abs_path(dirname(__FILE__) . '/../../README.md'));
my @blocks = $readme =~ /^```sql\n(.*?)^```/msg;
cmp_ok(scalar @blocks, '>', 5, 'the README has SQL');

my $node = new_node('readme', extension => 0);
my $trucks = unique_name('trucks');
my ($store, $brokers) = (store_url(), kafka_brokers());
my @output;
foreach my $block (@blocks)
{
	$block =~ s{http://127\.0\.0\.1:18000}{$store}g;
	$block =~ s{127\.0\.0\.1:19092}{$brokers}g;
	$block =~ s{topic 'trucks'}{topic '$trucks'}g;
	$block =~ s{table 'trucks'}{table '$trucks'}g;
	$block =~ s{create_store_table\('fleet', 'trucks'}{create_store_table('fleet', '$trucks'}g;
	my ($code, $stdout, $stderr) = $node->psql('postgres', $block, on_error_stop => 1);
	my ($first) = $block =~ /\A(.*)$/m;
	is($code, 0, "runs: $first") or diag($stderr);
	push @output, $stdout;
}

my $all = join "\n", @output;
like($all, qr/Store Operation: GetItem/, 'one key is one GetItem');
like($all, qr/Store Operation: BatchGetItem/, 'several keys are one BatchGetItem');
like($all, qr/^South\|stralis\|2026-11-20\|19867\.35168$/m, 'the index has what the tour says');
like($all, qr/^North\|actros\|2025-06-01\|19867\.2$/m, 'of each shape');
like($all, qr/^t2\|North\|2025-06-01\|19867\.2$/m, 'and the items themselves, too');
like($all, qr{^t1\|\|.*31/02/2026}m, 'a date that does not exist is rejected');
like($all, qr/^t\nMidi\|t1\nNorth\|t2\nMidi\|t3$/m, 'rows move with their areas');

store_api('DeleteTable', { TableName => $trucks });
$node->stop;
done_testing();
