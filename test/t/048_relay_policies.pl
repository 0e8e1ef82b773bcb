# A policy and the stream of its store's table, when there is none, when there is one too late, when
# it is replaced, and when its relay is made anew: complete, or INCOMPLETE and saying why.
use strict;
use warnings;

use JSON::PP;
use Test::More;
use YottaTest;

my $node = new_node('policies');
create_servers($node);

sub query { return $node->safe_psql('postgres', $_[0]); }

# A store table without a stream, its foreign table, and a stream server of its own.
sub create_table
{
	my ($name) = @_;
	my $brokers = kafka_brokers();
	query(<<"END");
SELECT yottastore.create_store_table('fleet', '$name', 'id', stream => false);
CREATE FOREIGN TABLE $name (id text OPTIONS (key 'partition') NOT NULL) SERVER fleet OPTIONS (table '$name');
CREATE SERVER ${name}_changes FOREIGN DATA WRAPPER yottastore_stream
  OPTIONS (brokers '$brokers', topic '$name', format 'dynamodb');
END
	return;
}

sub create_relay
{
	query("SELECT yottastore.create_relay('$_[0]', '$_[0]', '$_[0]_changes', 1)");
	return;
}

sub create_policy
{
	my ($name) = @_;
	query("SELECT yottastore.create_index_policy('${name}_index', '$name', '${name}_changes', "
		  . "fields => ARRAY[yottastore.field('n', 'numeric', ARRAY['n'])])");
	return;
}

sub set_stream
{
	my ($name, $enabled) = @_;
	store_api(
		'UpdateTable',
		{
			TableName => $name,
			StreamSpecification => $enabled
			? { StreamEnabled => \1, StreamViewType => 'NEW_AND_OLD_IMAGES' }
			: { StreamEnabled => \0 }
		});
	return;
}

sub put
{
	my ($name, $key, $n) = @_;
	store_api('PutItem', { TableName => $name, Item => { id => { S => $key }, n => { N => "$n" } } });
	return;
}

sub policy_becomes
{
	my ($name, $condition) = @_;
	ok( $node->poll_query_until('postgres',
			"SELECT $condition FROM yottastore.index_policies WHERE policy = '${name}_index'"),
		"$name: $condition")
	  or diag(query('SELECT policy, phase, reason FROM yottastore.index_policies'));
	return;
}

sub relay_becomes
{
	my ($name, $condition) = @_;
	ok( $node->poll_query_until('postgres',
			"SELECT $condition FROM yottastore.relay_status WHERE relay = '$name'"),
		"$name: $condition")
	  or diag(query('SELECT relay, phase, reason, last_loss FROM yottastore.relay_status'));
	return;
}

# ---- no stream yet -----------------------------------------------------------------------------

# the topic is there already, so that nothing but its relay holds the policy back
my $early = unique_name('early');
create_table($early);
produce($early, 'nobody', '{}');
create_relay($early);
relay_becomes($early, "phase = 'PAUSED'");
create_policy($early);
policy_becomes($early, "phase = 'STARTING' AND reason LIKE 'relay \"$early\" has no stream%'");
put($early, 'a', 1);
set_stream($early, 1);
put($early, 'b', 2);
policy_becomes($early, "phase = 'LIVE'");
query("SELECT yottastore.index_wait('${early}_index', timeout => '60 s')");
is(query("SELECT string_agg(id || n, ' ' ORDER BY id) FROM ${early}_index"),
	'a1 b2', 'what was written before and after the stream was made is there');

# ---- a relay made anew, in time ----------------------------------------------------------------

query("SELECT yottastore.drop_relay('$early')");
put($early, 'a', 3);
create_relay($early);
ok($node->poll_query_until('postgres', "SELECT n = 3 FROM ${early}_index WHERE id = 'a'"),
	'a new relay finds what was written without one');
policy_becomes($early, "phase = 'LIVE'");
relay_becomes($early, "phase = 'LIVE' AND losses = 0");

# ---- the stream goes, and another comes --------------------------------------------------------

set_stream($early, 0);
policy_becomes($early, "phase = 'INCOMPLETE' AND reason LIKE '%has no stream%'");
relay_becomes($early, "phase = 'PAUSED'");
set_stream($early, 1);
relay_becomes($early, "phase = 'LIVE' AND losses = 1 AND last_loss LIKE '%replaced%'");

# ---- a relay that comes too late ---------------------------------------------------------------

my $late = unique_name('late');
create_table($late);
produce($late, 'nobody', '{}');
create_policy($late);
policy_becomes($late, "phase = 'LIVE'");
put($late, 'a', 1);
sleep 2;
set_stream($late, 1);
create_relay($late);
relay_becomes($late, "phase = 'LIVE' AND losses = 0");
policy_becomes($late, "phase = 'INCOMPLETE' AND reason LIKE '%which holds changes since%'");

$node->stop;
done_testing();
