# What EXPLAIN ANALYZE says a statement has cost the store: requests, retries, throttles, units.
use strict;
use warnings;

use JSON::PP;
use PostgreSQL::Test::Utils;
use Test::More;
use YottaAnswers;
use YottaProxy;
use YottaTest;

my $table = unique_name('cost');
my $proxy = YottaProxy->new(store_url());
my $scripted = YottaAnswers->new;
my $node = new_node('cost');

sub sql { return $node->safe_psql('postgres', $_[0]); }

create_servers($node, store => $proxy->url);
sql(<<"END");
CREATE SERVER scripted FOREIGN DATA WRAPPER yottastore OPTIONS (nodes '@{[$scripted->url]}');
CREATE USER MAPPING FOR CURRENT_USER SERVER scripted OPTIONS (access_key_id 'test', secret_access_key 'test');
SELECT yottastore.create_store_table('fleet', '$table', 'id', stream => false);
CREATE FOREIGN TABLE parts (id text OPTIONS (key 'partition') NOT NULL, n int, filling text)
  SERVER fleet OPTIONS (table '$table');
CREATE FOREIGN TABLE told (id text OPTIONS (key 'partition') NOT NULL, n int) SERVER scripted OPTIONS (table 'told');
END

# The properties of the nodes of a plan that begin with Store, and those that say what they are; the
# query is run.
sub properties
{
	my ($query, $options) = @_;
	my $plan = decode_json(sql("EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, FORMAT json) $query"))->[0]{Plan};
	my %found;
	for (; defined $plan; $plan = $plan->{Plans}[0])
	{
		$found{$_} //= $plan->{"Store $_"}
		  foreach map { /^Store (.*)/ ? $1 : () } keys %$plan;
	}
	return \%found;
}

sub costs
{
	my ($query, $expected, $what) = @_;
	my $found = properties($query);
	is_deeply({ map { $_ => $found->{$_} } keys %$expected }, $expected, $what);
	return;
}

# ---- writes ----------------------------------------------------------------------------------

my %quiet = (Retries => 0, Throttles => 0);
costs("INSERT INTO parts SELECT 'p' || i, i FROM generate_series(1, 50) i",
	{ %quiet, Operation => 'PutItem', Requests => 50, 'Read Units' => 0, 'Write Units' => 50 },
	'INSERT, all of whose requests were waited for');
costs("INSERT INTO parts VALUES ('large', 1, repeat('x', 3000))",
	{ %quiet, Requests => 1, 'Write Units' => 3 }, 'INSERT of 3 kB');
costs("UPDATE parts SET n = 7 WHERE id = 'p7'",
	{ %quiet, Operation => 'UpdateItem', Requests => 1, 'Read Units' => 0, 'Write Units' => 1 },
	'UPDATE by the key');
costs("UPDATE parts SET n = n + 1 WHERE n > 40 AND id LIKE 'p%'",
	{ %quiet, Operation => 'UpdateItem', Requests => 10, 'Write Units' => 10 }, 'UPDATE of what was read');
costs("DELETE FROM parts WHERE id = 'p8'",
	{ %quiet, Operation => 'DeleteItem', Requests => 1, 'Write Units' => 1 }, 'DELETE by the key');
costs("DELETE FROM parts WHERE n < 4 AND id LIKE 'p%'",
	{ %quiet, Operation => 'DeleteItem', Requests => 3, 'Write Units' => 3 }, 'DELETE of what was read');
costs("UPDATE parts SET n = 0 WHERE id = 'none'",
	{ %quiet, Requests => 1, 'Read Units' => 0 }, 'UPDATE of an item that there is not doesn\'t look for it');

# an outcome that is unknown is looked up
$proxy->fail('PutItem', 'mute');
costs("INSERT INTO parts VALUES ('doubt', 1)",
	{ %quiet, Requests => 2, 'Read Units' => 1 }, 'INSERT that had to be looked up');
$proxy->fail('DeleteItem', 'lose');
my $text = sql("EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) DELETE FROM parts WHERE id = 'p9'");
unlike($text, qr/Store (?:Retries|Throttles)/, 'what did not happen is left out of a text');
like($text, qr/Store Requests: 3\n +Store Read Units: 1.0\n +Store Write Units: 1.0/, '... what did is in it');

# ---- reads -----------------------------------------------------------------------------------

costs("SELECT n FROM parts WHERE id = 'p20'",
	{ %quiet, Operation => 'GetItem', Requests => 1, Pages => 1, 'Read Units' => 0.5 }, 'one item');
costs("SELECT n FROM parts WHERE id = ANY (ARRAY(SELECT 'p' || i FROM generate_series(10, 39) i))",
	{ %quiet, Operation => 'BatchGetItem', Requests => 1, 'Read Units' => 15 }, 'a batch');
my $verbose = "EXPLAIN (ANALYZE, VERBOSE, COSTS OFF, TIMING OFF, SUMMARY OFF) SELECT n FROM parts";
like(sql($verbose), qr/Store Retries: 0\n +Store Throttles: 0\n +Store Read Units: \d+\.\d\n +Mismatches: 0/,
	'VERBOSE shows what did not happen');

# what statements say they have read is what the node has counted
sql('SELECT yottastore.reset_node_status()');
my $units = 0;
foreach my $query ('SELECT n FROM parts', "SELECT n FROM parts WHERE id = 'p20'", 'SELECT count(*) FROM parts')
{
	my $found = properties($query);
	cmp_ok($found->{'Read Units'}, '>', 0, $query);
	$units += $found->{'Read Units'};
}
is(sql('SELECT sum(read_units) FROM yottastore.node_status'), $units, 'sum up to what node_status says');

# ---- throttling ------------------------------------------------------------------------------

my $slow_down = refusal('ThrottlingException', 'slow down');
my $capacity = { ConsumedCapacity => { TableName => 'told', CapacityUnits => 1.5 } };
$scripted->says('PutItem', $slow_down, $slow_down, { json => $capacity });
costs("INSERT INTO told VALUES ('a', 1)",
	{ Requests => 1, Retries => 2, Throttles => 2, 'Write Units' => 1.5 }, 'INSERT that is throttled');
$scripted->says('UpdateItem', $slow_down, { json => $capacity });
$text = sql("EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) UPDATE told SET n = 2 WHERE id = 'a'");
like($text, qr/Store Requests: 1\n +Store Retries: 1\n +Store Throttles: 1\n +Store Write Units: 1.5/,
	'what happened is in a text');
my $page = { %$capacity, Items => [ { id => { S => 'a' } } ] };
foreach my $try ([ Scan => 'SELECT * FROM told', $page ],
	[ GetItem => "SELECT * FROM told WHERE id = 'a'", { %$capacity, Item => { id => { S => 'a' } } } ])
{
	my ($operation, $query, $answer) = @$try;
	$scripted->says($operation, $slow_down, refusal('InternalServerError', 'failed', 500), { json => $answer });
	costs($query, { Operation => $operation, Retries => 2, Throttles => 1, 'Read Units' => 1.5 },
		"$operation that is throttled, and then fails once");
}
unlike(sql("EXPLAIN UPDATE told SET n = 2 WHERE id = 'a'"), qr/Requests/, 'what is not run has no cost');

$node->stop;
store_api('DeleteTable', { TableName => $table });
done_testing();
