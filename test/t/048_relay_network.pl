# A relay and a policy while the network to store and broker is cut, mute and slow, and both are
# killed and come back: the index is the store at the end, each change in the topic in order.
use strict;
use warnings;

use JSON::PP;
use Test::More;
use Time::HiRes qw(usleep);
use YottaTest;
use YottaWire;

my $node = new_node('network');
my $store = start_service('store', durable => 1);
my $broker_wire;
my $broker = start_service('kafka',
	advertise => sub { $broker_wire = YottaWire->new($_[0]); return $broker_wire->port; });
my $store_wire = YottaWire->new($store->{port});
my $brokers = '127.0.0.1:' . $broker_wire->port;

sub query { return $node->safe_psql('postgres', $_[0]); }

create_servers(
	$node,
	store => 'http://127.0.0.1:' . $store_wire->port,
	brokers => $brokers,
	topic => 'items');
query(<<'END');
SELECT yottastore.create_store_table('fleet', 'items', 'id');
CREATE FOREIGN TABLE items (id text OPTIONS (key 'partition') NOT NULL, item jsonb OPTIONS (document 'true'))
  SERVER fleet OPTIONS (table 'items');
SELECT yottastore.create_relay('items', 'items', 'fleet_changes', 3);
SELECT yottastore.create_index_policy('numbers', 'items', 'fleet_changes',
  fields => ARRAY[yottastore.field('n', 'numeric', ARRAY['n'])]);
ALTER SERVER fleet OPTIONS (ADD request_timeout '3s');
END

# What the store has: written straight to it, whatever its network.
my %items;
my $n = 0;

sub write_some
{
	foreach (1 .. 20)
	{
		my $key = 'k' . int(rand 40);
		if (rand() < 0.2)
		{
			store_api('DeleteItem', { TableName => 'items', Key => { id => { S => $key } } },
				$store->{url});
			delete $items{$key};
			next;
		}
		$items{$key} = ++$n;
		store_api('PutItem',
			{ TableName => 'items', Item => { id => { S => $key }, n => { N => "$n" } } },
			$store->{url});
	}
	return;
}

sub index_is_store
{
	my ($what) = @_;
	my ($code, $reached, $error) =
	  $node->psql('postgres', "SELECT yottastore.index_wait('numbers', timeout => '120 s')");
	is($error . $reached, 't', "the index catches up: $what");
	is( query("SELECT string_agg(id || '=' || n, ' ' ORDER BY id COLLATE \"C\") FROM numbers"),
		join(' ', map { "$_=$items{$_}" } sort keys %items),
		"and is the store: $what")
	  or diag(query('SELECT * FROM yottastore.relay_status'));
	return;
}

my $seed = $ENV{YS_SEED} // time();
srand($seed);
note("seed $seed");

write_some();
index_is_store('at first');

# ---- the network ---------------------------------------------------------------------------------

foreach my $to ([ 'store', $store_wire ], [ 'broker', $broker_wire ])
{
	my ($name, $wire) = @$to;
	$wire->cut;
	write_some();
	ok( $node->poll_query_until(
			'postgres',
			"SELECT reason IS NOT NULL FROM yottastore.relay_status"),
		"the relay says that it is cut off")
	  if $name eq 'store';
	sleep 1;
	$wire->heal;
	index_is_store("the network to the $name was cut");

	$wire->slow(0.15);
	write_some();
	usleep(500_000);
	write_some();
	$wire->heal;
	index_is_store("the network to the $name was slow");

	write_some();
	$wire->mute;
	write_some();
	sleep 1;
	$wire->heal;
	index_is_store("the network to the $name was mute");
}

# ---- the services --------------------------------------------------------------------------------

my $stream = query('SELECT store_stream FROM yottastore_internal.relay');
# What keeps the relay is said while it goes on trying, and no more once it goes on.
sub relay_says
{
	my ($condition, $what) = @_;
	ok($node->poll_query_until('postgres', "SELECT reason $condition FROM yottastore.relay_status"), $what)
	  or diag(query('SELECT * FROM yottastore.relay_status'));
	return;
}

write_some();
kill_service($store);
relay_says(q{LIKE 'no node of the store could be reached%'}, 'that the store is gone');
resume_service($store);
write_some();
index_is_store('the store was killed');
is(query('SELECT store_stream FROM yottastore_internal.relay'), $stream, 'its stream is the same one');

write_some();
kill_service($broker);
write_some();
relay_says(q{LIKE 'could not write to kafka topic%'}, 'that the broker is gone');
resume_service($broker);
write_some();
index_is_store('the broker was killed');
relay_says('IS NULL', 'that it is back');

kill_service($broker);
kill_service($store);
resume_service($store);
write_some();
resume_service($broker);
index_is_store('both were killed');

# ---- what came of it -----------------------------------------------------------------------------

is( query("SELECT phase, reason, losses, open_shards, restarts > 0 FROM yottastore.relay_status"),
	'LIVE||0|1|t', 'the relay lost nothing');
is(query("SELECT phase FROM yottastore.index_policies"), 'LIVE', 'and the policy is complete');

# Each change once or more, each key in one partition, and its first appearances in order.
my (%seen, %partition, %last, @astray, @disorder);
foreach my $message (consume('items', brokers => $brokers))
{
	my %headers = @{ $message->{headers} };
	my $position = $headers{'yottastore-position'} // next;
	my $key = $message->{key};
	push @astray, $key if ($partition{$key} //= $message->{partition}) != $message->{partition};
	next if $seen{$position}++;
	my ($sequence) = $position =~ /:(\d+)$/;
	push @disorder, $key if defined $last{$key} && $sequence le $last{$key};
	$last{$key} = $sequence;
}
is_deeply([ \@astray, \@disorder ], [ [], [] ], 'keys keep their partitions and order');
my $twice = grep { $_ > 1 } values %seen;
note(scalar(keys %seen) . " changes, $twice of them produced more than once");
is(query('SELECT records_produced FROM yottastore.relay_status') >= keys %seen,
	1, 'as many were counted as there are');

$node->stop;
done_testing();
