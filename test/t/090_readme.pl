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

sub run_tour
{
	my @output;
	foreach (@blocks)
	{
		my $block = $_;
		my ($first) = $block =~ /\A(.*)$/m;
		$block =~ s{http://127\.0\.0\.1:18000}{$store}g;
		$block =~ s{127\.0\.0\.1:19092}{$brokers}g;
		$block =~ s{topic 'trucks'}{topic '$trucks'}g;
		$block =~ s{table 'trucks'}{table '$trucks'}g;
		$block =~ s{_store_table\('fleet', 'trucks'}{_store_table('fleet', '$trucks'}g;
		my ($code, $stdout, $stderr) = $node->psql('postgres', $block, on_error_stop => 1);
		is($code, 0, "runs: $first") or diag($stderr);
		push @output, $stdout;
	}
	return join "\n", @output;
}

# it ends where it can begin again
foreach my $all (run_tour(), run_tour())
{
	like($all, qr/Store Operation: GetItem/, 'one key is one GetItem');
	like($all, qr/Store Operation: BatchGetItem/, 'several keys are one BatchGetItem');
	like($all, qr/^South\|stralis\|2026-11-20\|19867\.35168$/m, 'the index has what the tour says');
	like($all, qr/^North\|actros\|2025-06-01\|19867\.2$/m, 'of each shape');
	like($all, qr/^t2\|North\|2025-06-01\|19867\.2$/m, 'and the items themselves, too');
	like($all, qr{^t1\|\|.*31/02/2026}m, 'a date that does not exist is rejected');
	like($all, qr/^t\nMidi\|t1\nNorth\|t2\nMidi\|t3$/m, 'rows move with their areas');
}
like(($node->psql('postgres', "CREATE SERVER fleet FOREIGN DATA WRAPPER yottastore OPTIONS (nodes '$store'); "
		. "CREATE USER MAPPING FOR PUBLIC SERVER fleet OPTIONS (access_key_id 'demo', secret_access_key 'demo'); SELECT yottastore.drop_store_table('fleet', '$trucks')"))[2],
	qr/store table "$trucks" does not exist\n.*HINT:  Check its name, and options/s, 'its table is gone');

$node->stop;
done_testing();
