# Malformed events among good ones: the good ones applied, the bad ones kept, nothing else lost.
use strict;
use warnings;

use JSON::PP;
use PostgreSQL::Test::Utils;
use Test::More;
use YottaFleet;
use YottaTest;

my $node = new_node('bad_events');
my $table = unique_name('vehicles');
my $topic = unique_name('vehicles');
create_fleet($node, table => $table, topic => $topic, relay => 0);
produce($topic, undef, 'there before the policy: not its business');
create_policy($node);
wait_for_index($node, 'the start');

# An event as the store's stream gives it.
sub event
{
	my ($id, $image, %option) = @_;
	my $name = $option{name} // 'MODIFY';
	return encode_json(
		{
			eventID => '1',
			eventName => $name,
			eventVersion => '1.1',
			dynamodb => {
				ApproximateCreationDateTime => 1700000000,
				Keys => { vehicle_id => { S => $id } },
				$image ? (NewImage => { vehicle_id => { S => $id }, %$image }) : (),
				SequenceNumber => '1',
			}
		});
}
sub key { return qq({"vehicle_id":{"S":"$_[0]"}}) }
sub send_event { my ($id, $value) = @_; produce($topic, key($id), $value, partition => 0); return }

my $good = { type => { S => 'car' } };
my @bad;

sub send_bad
{
	my ($what, $key, $value) = @_;
	produce($topic, $key, $value, partition => 0);
	push @bad, $what;
	return;
}

send_event('g1', event('g1', $good));
send_bad('not JSON', key('x1'), 'hello');
send_bad('truncated', key('x2'), substr(event('x2', $good), 0, 80));
send_bad('empty', key('x3'), '{}');
send_event('g2', event('g2', $good));
send_bad('no key', undef, '{"eventName":"MODIFY","dynamodb":{"NewImage":{"type":{"S":"car"}}}}');
send_bad('another key', key('x4'), '{"eventName":"REMOVE","dynamodb":{"Keys":{"other":{"S":"x4"}}}}');
send_bad('key of a map', key('x5'), '{"eventName":"REMOVE","dynamodb":{"Keys":{"vehicle_id":{"M":{}}}}}');
send_bad('unknown event', key('x6'), event('x6', $good, name => 'EXPLODE'));
send_bad('unknown type', key('x7'), event('x7', { type => { Q => 'car' } }));
send_bad('invalid UTF-8', key('x8'), event('x8', { type => { S => 'PLACE' } }) =~ s/PLACE/\xff\xfe/r);
send_bad('number of 100,000 digits', key('x9'), event('x9', { odo => { N => '9' x 100_000 } }));
send_bad('tombstone', key('x10'), undef);

# Nested deeper than the store itself can hold: 50 levels.
my $nested = { S => 'deep' };
$nested = { M => { a => $nested } } foreach 1 .. 50;
send_bad('50 levels', key('x11'), event('x11', { type => $nested }));

# Bad values in good events are rejected one by one.
send_event('g3', event('g3', { type => { S => "nul\0" }, odo => { N => '5' } }));
send_event('g4', event('g4', { type => { S => 'car' }, odo => { S => '9' x 1000 } }));
send_event('g5', event('g5', { type => { M => { a => { S => 'b' } } }, active => { S => 'perhaps' } }));

# A row that a bad event makes stale goes; the next good event brings it back.
send_event('s1', event('s1', $good));
send_event('s2', event('s2', $good));
send_bad('bad news of s1', key('s1'), event('s1', { type => { Q => 'car' } }));
send_bad('bad news of s2', key('s2'), event('s2', { type => { Q => 'car' } }));
send_event('s2', event('s2', { type => { S => 'bus' } }));

# Delivered twice, and in the wrong order, with the relay's position.
sub send_at
{
	my ($id, $image, $sequence) = @_;
	produce(
		$topic, key($id), event($id, $image),
		partition => 0,
		headers => { 'yottastore-position' => "1:$sequence" });
	return;
}
send_at('r1', { type => { S => 'new' } }, '300000000000000000200');
send_at('r1', { type => { S => 'old' } }, '300000000000000000100');
send_at('r1', { type => { S => 'new' } }, '300000000000000000200');
send_event('end', event('end', $good));

wait_for_index($node, 'bad events');
is( index_rows($node),
	join("\n",
		'end|unlocated|car|||', 'g1|unlocated|car|||', 'g2|unlocated|car|||',
		'g3|unlocated|||5|', 'g4|unlocated|car|||', 'g5|unlocated||||',
		'r1|unlocated|new|||', 's2|unlocated|bus|||'),
	'all good events are applied');
is($node->safe_psql('postgres', 'SELECT count(*) FROM yottastore.quarantine'),
	scalar @bad, 'all bad events are kept: ' . join(', ', @bad));
is( $node->safe_psql(
		'postgres', "SELECT encode(payload, 'escape'), item_key FROM yottastore.quarantine ORDER BY quarantine_id LIMIT 1"),
	'hello|' . key('x1'), 'with payload and key');
is($node->safe_psql('postgres', "SELECT count(*) FROM yottastore.quarantine WHERE reason = ''"),
	0, 'and a reason each');
is( $node->safe_psql(
		'postgres', "SELECT string_agg(key, ',' ORDER BY key) FROM vehicle_service, jsonb_object_keys(rejected) key WHERE vehicle_id = 'g5'"),
	'active,kind', 'bad values are rejected each on its own');
is( $node->safe_psql(
		'postgres', "SELECT rejected->'odometer_km' IS NOT NULL FROM vehicle_service WHERE vehicle_id = 'g4'"),
	't', 'a number of 1,000 digits is rejected');
is( $node->safe_psql(
		'postgres', "SELECT phase, reason IS NULL, events_quarantined FROM yottastore.index_policies"),
	'LIVE|t|' . scalar @bad, 'the policy goes on and counts them');

# ---- what the table refuses is isolated -----------------------------------------------------

$node->safe_psql('postgres', "ALTER TABLE vehicle_service ADD CHECK (kind <> 'tank')");
send_event("c$_", event("c$_", { type => { S => $_ == 37 ? 'tank' : 'car' } })) foreach 30 .. 44;
wait_for_index($node, 'a culprit among others');
is($node->safe_psql('postgres', "SELECT count(*) FROM vehicle_service WHERE vehicle_id LIKE 'c%'"),
	14, 'a refused row does not hold up the others');
like(
	$node->safe_psql('postgres', "SELECT reason FROM yottastore.quarantine ORDER BY quarantine_id DESC LIMIT 1"),
	qr/violates check constraint/, 'the culprit is alone in quarantine');

# ---- what concerns the whole system pauses --------------------------------------------------

$node->safe_psql('postgres', 'ALTER TABLE vehicle_service DROP COLUMN active');
send_event('p1', event('p1', $good));
$node->poll_query_until('postgres',
	"SELECT phase = 'PAUSED' AND reason LIKE '%active%' FROM yottastore.index_policies")
  or die('not paused');
pass('a missing column pauses the policy, with the reason');
$node->safe_psql('postgres', 'ALTER TABLE vehicle_service ADD COLUMN active boolean');
$node->safe_psql('postgres', "SELECT yottastore.resume_index_policy('vehicle_service')");
wait_for_index($node, 'after mending');
is(index_rows($node, "vehicle_id = 'p1'"), 'p1|unlocated|car|||', 'nothing was lost by the pause');

store_api('DeleteTable', { TableName => $table });
$node->stop;
done_testing();
