# Events without the item's new state: it is read from the store, whatever else happens meanwhile; and
# a look at a stream's last messages.
use strict;
use warnings;

use JSON::PP;
use PostgreSQL::Test::Utils;
use Test::More;
use YottaFleet;
use YottaTest;

my $node = new_node('keys_only');
my ($table, $topic) = (unique_name('vehicles'), unique_name('keys'));
create_fleet($node, table => $table, topic => $topic, relay => 0, format => 'dynamodb');
produce($topic, undef, 'there before the policy', partition => 0);
create_policy($node);
wait_for_index($node, 'the start');

sub record
{
	my ($id, %option) = @_;
	return encode_json(
		{
			eventName => $option{name} // 'MODIFY',
			dynamodb => {
				Keys => { vehicle_id => { S => $id } },
				StreamViewType => 'KEYS_ONLY',
				map { $option{$_} ? ($_ => { vehicle_id => { S => $id }, %{ $option{$_} } }) : () } qw(NewImage OldImage),
			}
		});
}
sub post
{
	my ($id, %option) = @_;
	produce($topic, undef, record($id, %option), partition => 0,
		$option{at} ? (headers => { 'yottastore-position' => "1:$option{at}" }) : ());
	return;
}
sub of_type { return { type => { S => $_[0] } } }
sub put { my ($id, $type) = @_; put_vehicle($table, $id, of_type($type)); return }
sub kind_of { return $node->safe_psql('postgres', "SELECT kind FROM vehicle_service WHERE vehicle_id = '$_[0]'") }
sub quarantined { return $node->safe_psql('postgres', 'SELECT count(*) FROM yottastore.quarantine') }

# ---- what the store has ----------------------------------------------------------------------------

put('a', 'car');
put('b', 'bus');
post('a');
post('b', OldImage => of_type('ship'));
post('c', NewImage => of_type('van'));
post('d', NewImage => of_type('van'));
post('d');
post('e', name => 'REMOVE');
wait_for_index($node, 'keys and images');
is(index_rows($node), "a|unlocated|car|||\nb|unlocated|bus|||\nc|unlocated|van|||", 'items are read; one that is not there is deleted');

my @many = map { sprintf 'm%03d', $_ } 1 .. 250;
store_api('BatchWriteItem',
	{ RequestItems => { $table => [ map { { PutRequest => { Item => { vehicle_id => { S => $_ }, %{ of_type('many') } } } } } splice(@{ [ @many ] }, $_ * 25, 25) ] } })
  foreach 0 .. 9;
my $requests = "SELECT sum(requests) FROM yottastore.node_status WHERE server = 'fleet'";
my $before = $node->safe_psql('postgres', $requests);
produce_many($topic, [ map { [ 'k', record($_) ] } @many, @many ], partition => 0);
wait_for_index($node, 'many keys');
is($node->safe_psql('postgres', "SELECT count(*), min(kind) FROM vehicle_service WHERE vehicle_id LIKE 'm%'"), '250|many', 'many are read');
cmp_ok($node->safe_psql('postgres', $requests) - $before, '<', 100, 'by batches');

# ---- a read may be newer than its event, or older than what follows ----------------------------------

my $n = '20000000000000000000';
put('v', 'newest');
post('v', at => "${n}200");
wait_for_index($node, 'a read');
is(kind_of('v'), 'newest', 'the item as it is');
post('v', at => "${n}100", NewImage => of_type('older'));
wait_for_index($node, 'an older event');
is(kind_of('v'), 'newest', 'an older event is late');
post('v', at => "${n}300", NewImage => of_type('later'));
wait_for_index($node, 'a later event');
is(kind_of('v'), 'later', 'a later one is not, however new what was read is');
post('v', at => "${n}200");
post('v', at => "${n}300");
wait_for_index($node, 'repeated deliveries');
is(kind_of('v'), 'later', 'repeated ones change nothing');
delete_vehicle($table, 'v');
post('v', at => "${n}400");
wait_for_index($node, 'a deletion');
is(kind_of('v'), '', 'an absent item is deleted');
post('v', at => "${n}350", NewImage => of_type('older'));
post('v', at => "${n}400");
wait_for_index($node, 'late news');
is(kind_of('v'), '', 'and stays so');
post('v', at => "${n}450", name => 'REMOVE');
post('v', at => "${n}500", NewImage => of_type('back'));
wait_for_index($node, 'an insertion');
is(kind_of('v'), 'back', 'until it is inserted again');
put('w', 'store');
post('w', at => "${n}2", NewImage => of_type('image'));
post('w', at => "${n}1");
post('x', at => "${n}1");
post('x', at => "${n}2", NewImage => of_type('image'));
wait_for_index($node, 'keys and images together');
is(kind_of('w') . kind_of('x'), 'imageimage', 'in one batch the highest version counts');

# ---- a store that is away ---------------------------------------------------------------------------

my $store = store_url();
$node->safe_psql('postgres', <<"END");
CREATE SERVER near FOREIGN DATA WRAPPER yottastore OPTIONS (nodes '$store', region 'eu-south-1');
CREATE USER MAPPING FOR CURRENT_USER SERVER near OPTIONS (access_key_id 'test', secret_access_key 'test');
CREATE FOREIGN TABLE vehicles_near (vehicle_id text OPTIONS (key 'partition') NOT NULL) SERVER near OPTIONS (table '$table');
END
foreach ([ 'same_source', 'vehicles' ], [ 'other_source', 'vehicles_near' ])
{
	$node->safe_psql('postgres', "SELECT yottastore.create_index_policy('$_->[0]', '$_->[1]', 'fleet_changes',
		ARRAY[yottastore.field('kind', 'text', ARRAY['type'])])");
	is($node->safe_psql('postgres', "SELECT yottastore.index_wait('$_->[0]')"), 't', "$_->[0] follows, too");
}
$node->safe_psql('postgres', "ALTER SERVER fleet OPTIONS (SET nodes 'http://127.0.0.1:1', ADD request_timeout '500ms')");
put('s', 'patient');
post('s');
post('t', NewImage => of_type('behind'));
ok($node->poll_query_until('postgres', "SELECT bool_and((reason IS NOT NULL) = (policy <> 'other_source')) FROM yottastore.index_policies"),
	'policies of that source say so, and no other');
is($node->safe_psql('postgres', "SELECT DISTINCT phase FROM yottastore.index_policies"), 'LIVE', 'a store that is away is trouble, and no pause');
is($node->safe_psql('postgres', "SELECT yottastore.index_wait('other_source')"), 't', 'another source goes on');
is($node->safe_psql('postgres', q{SELECT string_agg(kind, ' ' ORDER BY vehicle_id) FROM other_source WHERE vehicle_id IN ('s', 't')}), 'patient behind', 'with all of it');
is(kind_of('t'), '', 'events behind wait');
$node->safe_psql('postgres', "ALTER SERVER fleet OPTIONS (SET nodes '$store', DROP request_timeout)");
wait_for_index($node, 'the store is back');
is(kind_of('s') . ' ' . kind_of('t'), 'patient behind', 'then it goes on');
is($node->safe_psql('postgres', "SELECT yottastore.index_wait('same_source')"), 't', 'and the others of its source');
is($node->safe_psql('postgres', q{SELECT string_agg(kind, ' ' ORDER BY vehicle_id) FROM same_source WHERE vehicle_id IN ('s', 't')}), 'patient behind', 'with all of it, too');
is(quarantined(), '0', 'nothing went to quarantine');
$node->safe_psql('postgres', "SELECT yottastore.drop_index_policy('same_source'), yottastore.drop_index_policy('other_source')");

# ---- keys that the store refuses ----------------------------------------------------------------------

put('u', 'beside');
produce($topic, undef, encode_json({ eventName => 'MODIFY', dynamodb => { Keys => { vehicle_id => $_ }, StreamViewType => 'KEYS_ONLY' } }), partition => 0)
  foreach { N => '5' }, { S => '' }, { S => 'x' x 2049 };
post('u');
wait_for_index($node, 'keys that no item can have');
is(kind_of('u'), 'beside', 'do not keep others from being read');
is($node->safe_psql('postgres', q{SELECT string_agg(reason, ', ' ORDER BY "offset") FROM yottastore.quarantine}),
	'key attribute "vehicle_id" is no string, key attribute "vehicle_id" is empty, key attribute "vehicle_id" is longer than the store\'s keys are',
	'they are kept, and why');
$node->safe_psql('postgres', q{SELECT yottastore.quarantine_discard('vehicle_service')});

# ---- a stream of the store that has only keys --------------------------------------------------------

my $keys_table = unique_name('keys');
store_api('CreateTable', {
	TableName => $keys_table, BillingMode => 'PAY_PER_REQUEST',
	AttributeDefinitions => [ { AttributeName => 'id', AttributeType => 'S' } ],
	KeySchema => [ { AttributeName => 'id', KeyType => 'HASH' } ],
	StreamSpecification => { StreamEnabled => JSON::PP::true, StreamViewType => 'KEYS_ONLY' } });
my $relayed = unique_name('relayed');
my $brokers = kafka_brokers();
$node->safe_psql('postgres', <<"END");
CREATE FOREIGN TABLE keyed (id text OPTIONS (key 'partition') NOT NULL, n integer) SERVER fleet OPTIONS (table '$keys_table');
CREATE SERVER keyed_changes FOREIGN DATA WRAPPER yottastore_stream OPTIONS (brokers '$brokers', topic '$relayed');
SELECT yottastore.create_relay('keyed_relay', 'keyed', 'keyed_changes', 1);
SELECT yottastore.create_index_policy('keyed_index', 'keyed', 'keyed_changes', fields => ARRAY[yottastore.field('n', 'numeric')]);
END
sub wait_for_keyed { is($node->safe_psql('postgres', "SELECT yottastore.index_wait('keyed_index', timeout => '60 s')"), 't', $_[0]); return }
wait_for_keyed('a relay of keys starts');
$node->safe_psql('postgres', $_) foreach 'INSERT INTO keyed SELECT i::text, i FROM generate_series(1, 20) i',
  'UPDATE keyed SET n = n + 100 WHERE id::int > 10', 'DELETE FROM keyed WHERE id::int % 5 = 0';
wait_for_keyed('and goes on');
is( $node->safe_psql('postgres', 'SELECT id, n FROM keyed_index ORDER BY id::int'),
	$node->safe_psql('postgres', 'SELECT id, n FROM keyed ORDER BY id::int'), 'the index is the store');
$node->safe_psql('postgres', "SELECT yottastore.drop_index_policy('keyed_index'), yottastore.drop_relay('keyed_relay')");
store_api('DeleteTable', { TableName => $keys_table });

# ---- looking at the stream ----------------------------------------------------------------------------

sub peek
{
	my ($what, $count) = @_;
	return $node->safe_psql('postgres', "SELECT $what FROM yottastore.peek_stream('fleet_changes', $count) ORDER BY partition, \"offset\"");
}
my $positions = 'SELECT array_agg(p ORDER BY p) FROM yottastore_internal.position p';
post('s', NewImage => of_type('x'), OldImage => of_type("a\0b"));
produce($topic, '{"vehicle_id":{"S":"q"}}', '{"broken', partition => 0);
post('s', name => 'REMOVE');
wait_for_index($node, 'what is looked at');
my $there = $node->safe_psql('postgres', $positions);
is(peek("format, kind, key, new_image, old_image, left(error, 17)", 3),
	"dynamodb|update|{\"vehicle_id\": \"s\"}|{\"type\": \"x\", \"vehicle_id\": \"s\"}|{\"type\": \"a\x{fffd}b\", \"vehicle_id\": \"s\"}|\n"
	  =~ s/\x{fffd}/\xef\xbf\xbd/r
	  . "dynamodb||{\"vehicle_id\": \"q\"}|||document is not v\n"
	  . "dynamodb|delete|{\"vehicle_id\": \"s\"}|||",
	'the last messages, with both states, or why they can\'t be used');
is( $node->safe_psql('postgres', <<'END'), '200|200|t', 'as many as are asked for, and these the last');
SELECT count(*), count(DISTINCT "offset"), max("offset") = (SELECT high_offset - 1 FROM yottastore_internal.position WHERE partition = 0)
FROM yottastore.peek_stream('fleet_changes', 200) WHERE partition = 0 AND produced_at > now() - interval '1 hour'
END
is($node->safe_psql('postgres', $positions), $there, 'nobody\'s positions move');
$node->safe_psql('postgres', "ALTER SERVER fleet_changes OPTIONS (SET format 'auto')");
produce($topic, 'k1', '{"op":"d","before":{"a":1},"source":{"table":"cars"}}', partition => 0);
produce($topic, 'k2', '{"n":[1,2]}', partition => 0);
produce($topic, undef, '{"Records":[{"eventName":"REMOVE","dynamodb":{"Keys":{"a":{"N":"1"}}},"tableName":"t"},{"dynamodb":{}}]}', partition => 0);
is(peek('format, table_name, kind, key, new_image, old_image, error', 3),
	"debezium|cars|delete|\"k1\"||{\"a\": 1}|\ndocument||put|\"k2\"|{\"n\": [1, 2]}||\n"
	  . "dynamodb|t|delete|{\"a\": 1}|||\ndynamodb||||||event has no name",
	'each message by its own format, an event a row');

$node->safe_psql('postgres', 'CREATE ROLE reader');
my ($code, $out, $err) = $node->psql('postgres', "SET ROLE reader; SELECT * FROM yottastore.peek_stream('fleet_changes')");
like($err, qr/permission denied for foreign server fleet_changes/, 'it needs USAGE on the server');
($code, $out, $err) = $node->psql('postgres', "SELECT * FROM yottastore.peek_stream('fleet')");
like($err, qr/server "fleet" is not a stream/, 'and a stream');
($code, $out, $err) = $node->psql('postgres', "SELECT * FROM yottastore.peek_stream('fleet_changes', 0)");
like($err, qr/0 messages cannot be shown/, 'and a number');
$node->safe_psql('postgres', "ALTER SERVER fleet_changes OPTIONS (SET topic 'no_such_topic')");
($code, $out, $err) = $node->psql('postgres', "SELECT * FROM yottastore.peek_stream('fleet_changes')");
like($err, qr/could not list the partitions of kafka topic "no_such_topic"/, 'and a topic');
$node->stop;
store_api('DeleteTable', { TableName => $table });
done_testing();
