# Events of every format in one topic, of two tables, malformed ones of every kind and format among them: the good
# ones applied, the bad ones kept, what is another table's passed over; whatever order versions come in.
use strict;
use warnings;

use Digest::SHA qw(sha256_hex);
use JSON::PP;
use List::Util qw(shuffle);
use MIME::Base64;
use Test::More;
use YottaFleet;
use YottaTest;

my $seed = $ENV{YS_SEED} // time();
srand($seed);
note("YS_SEED=$seed");

my $node = new_node('event_formats');
my ($table, $trucks, $topic) = (unique_name('vehicles'), unique_name('trucks'), unique_name('mixed'));
create_fleet($node, table => $table, topic => $topic, relay => 0, format => 'auto');
produce($topic, undef, 'there before the policies', partition => 0);
create_policy($node);
$node->safe_psql('postgres', <<"END");
ALTER SERVER fleet_changes OPTIONS (ADD table '$table');
SELECT yottastore.create_store_table('fleet', '$trucks', 'truck_id');
CREATE FOREIGN TABLE trucks (truck_id text OPTIONS (key 'partition') NOT NULL) SERVER fleet OPTIONS (table '$trucks');
SELECT yottastore.create_index_policy('truck_service', 'trucks', 'fleet_changes',
  fields => ARRAY[yottastore.field('kind', 'text', ARRAY['type'])]);
END

sub wait_for_both
{
	wait_for_index($node, $_[0]);
	is($node->safe_psql('postgres', "SELECT yottastore.index_wait('truck_service', timeout => '60 s')"), 't', 'and the other one');
	return;
}
sub counters
{
	return $node->safe_psql('postgres',
		'SELECT policy, events_passed_over, events_quarantined, phase FROM yottastore.index_policies ORDER BY policy');
}
wait_for_both('the start');

# ---- what events look like ------------------------------------------------------------------------

my $json = JSON::PP->new->utf8->canonical->allow_nonref;
our $key_name = 'vehicle_id';    # of the table that events are of

# of the store's stream; attributes are typed
sub record
{
	my ($id, $image, %option) = @_;
	return {
		eventName => $image ? 'MODIFY' : 'REMOVE',
		dynamodb => {
			Keys => { $key_name => { S => $id } },
			$image ? (NewImage => { $key_name => { S => $id }, %$image }) : (),
			SequenceNumber => '1',
		},
		$option{table} ? (eventSourceARN => "arn:aws:dynamodb:eu-south-1:1:table/$option{table}/stream/2026") : (),
	};
}

# the row of a database; attributes are plain
sub envelope
{
	my ($id, $row, %option) = @_;
	my $full = $row && { $key_name => $id, %$row };
	my $payload = {
		op => $row ? 'u' : 'd',
		before => $row ? undef : { $key_name => $id },
		after => $full,
		source => { connector => 'x', ts_ms => 1700000000123, $option{table} ? (table => $option{table}) : () },
	};
	return $option{schema} ? { schema => { type => 'struct' }, payload => $payload } : $payload;
}
sub key { return $json->encode({ $key_name => $_[0] }) }
sub typed_key { return $json->encode({ $key_name => { S => $_[0] } }) }
sub framed { return "\0" . pack('N', 42) . $_[0] }

sub post { my ($key, $value) = @_; produce($topic, $key, $value, partition => 0); return }
my @rows;
sub good { my ($id, $kind, $key, $value) = @_; post($key, $value); push @rows, "$id|$kind"; return }

# ---- good ones ------------------------------------------------------------------------------------

my $car = { type => { S => 'car' } };
good('d1', 'car', undef, $json->encode(record('d1', $car)));
good('d2', 'car', typed_key('d2'), framed($json->encode(record('d2', $car, table => $table))));
post(undef, $json->encode({
	Records => [
		record('l1', $car), record('l2', $car), record('l3', $car), record('l3', undef),
		record('l2', { type => { S => 'bus' } })
	] }));
push @rows, 'l1|car', 'l2|bus';
good('s1', 'car', 'p', $json->encode({ %{ record('s1', $car) }, tableName => $table, recordFormat => 'application/json' }));
post(undef, $json->encode({
	Records => [ map { { kinesis => { data => encode_base64($json->encode($_), '') }, eventSource => 'aws:kinesis', eventName => 'aws:kinesis:record' } }
		  record('n1', $car), record('n2', $car) ] }));
push @rows, 'n1|car', 'n2|car';
good('z1', 'van', key('z1'), $json->encode(envelope('z1', { type => 'van' }, schema => 1)));
good('z2', 'van', $json->encode({ schema => { type => 'struct' }, payload => { $key_name => 'z2' } }),
	$json->encode(envelope('z2', { type => 'van' }, table => $table)));
good('z3', 'van', undef, $json->encode(envelope('z3', { type => 'van' })));
post(key('z4'), $json->encode(envelope('z4', { type => 'van' })));
post(key('z4'), $json->encode(envelope('z4', undef)));
post(key('z4'), undef);
good('p1', 'lorry', key('p1'), $json->encode({ type => 'Lorry', $key_name => 'p1' }));
good('p2', 'lorry', typed_key('p2'), $json->encode({ spec => { type => 'lorry' } }));
good('p3', 'lorry', 'p3', $json->encode({ type => 'lorry' }));
# a key with NUL is no argument of a program
produce_many($topic, [ [ framed('"p4"'), framed($json->encode({ type => 'lorry' })) ] ], partition => 0);
push @rows, 'p4|lorry';
post('p5', $json->encode({ type => 'lorry' }));
post('p5', undef);
put_vehicle($table, 'p6', { type => { S => 'in the store' } });
good('p6', 'in the store', 'p6', undef);

sub kinds { return $node->safe_psql('postgres', 'SELECT vehicle_id, kind FROM vehicle_service ORDER BY vehicle_id COLLATE "C"') }
sub expected { return join("\n", sort { $a =~ s/\|.*//r cmp $b =~ s/\|.*//r } @rows) }
wait_for_both('good events');
is(kinds(), expected(), 'events of all formats are applied');
is( $node->safe_psql('postgres', "SELECT changed_at FROM vehicle_service WHERE vehicle_id = 'z2'"),
	$node->safe_psql('postgres', "SELECT to_timestamp(1700000000.123)"), 'with the time of the change');

# ---- another table's ------------------------------------------------------------------------------

is(counters() =~ s/truck_service\|[1-9][0-9]*/truck_service|n/r, "truck_service|n|0|LIVE\nvehicle_service|0|0|LIVE", 'what names no table is the declared one\'s')
  or diag(counters());
{
	local $key_name = 'truck_id';
	post(undef, $json->encode(record('t1', { type => { S => 'tank' } }, table => $trucks)));
	post(key('t2'), $json->encode(envelope('t2', { type => 'tank' }, table => $trucks)));
	post(undef, $json->encode({ Records => [ record('t3', { type => { S => 'tank' } }, table => $trucks),
				record('t1', undef, table => $trucks) ] }));
	post(undef, $json->encode({ %{ record('t4', { type => { Q => 'tank' } }) }, tableName => $trucks }));
}
wait_for_both('events of the other table');
is($node->safe_psql('postgres', 'SELECT truck_id, kind FROM truck_service ORDER BY 1'), "t2|tank\nt3|tank", 'each table has its own events');
is(kinds(), expected(), 'and not the other one\'s');
like(counters(), qr/^vehicle_service\|5\|0\|LIVE$/m, 'which are passed over, the malformed one too');
is( $node->safe_psql('postgres', "SELECT count(*) FROM yottastore.quarantine WHERE policy = 'vehicle_service'"),
	'0', 'and not quarantined');

# ---- bad ones --------------------------------------------------------------------------------------

$node->safe_psql('postgres', "SELECT yottastore.drop_index_policy('truck_service')");
my @bad;
sub bad { my ($what, $key, $value) = @_; post($key, $value); push @bad, [ $what, $value ]; return }

my $nested = '"x"';
$nested = qq({"a":$nested}) foreach 1 .. 50;
my $digits = '9' x 100_000;
my %values = (
	'number of 100,000 digits' => $digits,
	'50 levels' => $nested,
	'10,000 levels' => '[' x 10_000 . ']' x 10_000,
	'unclosed' => '[' x 100_000,
	'NUL' => "\"a\0b\"",
	'invalid UTF-8' => "\"\xff\xfe\"",
	'overlong UTF-8' => "\"\xc0\x80\"",
	'bad escape' => '"\\ud800"',
	'no value' => 'nul',
	'huge string, not closed' => '"' . 'x' x 800_000,
);
my %shapes = (
	record => sub { qq({"eventName":"MODIFY","dynamodb":{"Keys":{"vehicle_id":{"S":"$_[0]"}},"NewImage":{"odo":$_[1]}}}) },
	lambda => sub { qq({"Records":[{"eventName":"MODIFY","dynamodb":{"Keys":{"vehicle_id":{"S":"$_[0]"}},"NewImage":{"odo":$_[1]}}}]}) },
	envelope => sub { qq({"op":"c","before":null,"after":{"odo":$_[1]},"source":{"table":"$table"}}) },
	document => sub { qq({"odo":$_[1]}) },
);
my $n = 0;
foreach my $what (sort keys %values)
{
	foreach my $shape (sort keys %shapes)
	{
		my $value = $values{$what};
		$value = qq({"N":"$digits"}) if $value eq $digits && $shape =~ /record|lambda/;
		bad("$what in a $shape", key('b' . ++$n), $shapes{$shape}->("b$n", $value));
	}
	good("g$n", 'car', undef, $json->encode(record("g$n", $car)));
}
my $whole = $json->encode(envelope('x', { type => 'van' }, schema => 1));
bad('a truncated envelope', key('x'), substr($whole, 0, length($whole) - 3));
bad('a truncated document', key('x'), '{"type":"car"');
bad('of no format', key('x'), '{}');
bad('an array', key('x'), '[{"type":"car"}]');
bad('a number', key('x'), '7');
bad('text', key('x'), 'hello');
bad('an op that is none', key('x'), $json->encode({ %{ envelope('x', {}) }, op => 'q' }));
bad('an op of a wrong type', key('x'), $json->encode({ %{ envelope('x', {}) }, op => 'cc' }));
bad('a row of a wrong type', key('x'), $json->encode({ %{ envelope('x', {}) }, after => [] }));
bad('no row', key('x'), $json->encode({ %{ envelope('x', {}) }, after => undef }));
bad('a truncation', undef, $json->encode({ op => 't', after => undef, source => {} }));
bad('another key than the document\'s', key('x'), $json->encode({ $key_name => 'y' }));
bad('a document without key', undef, '{"type":"car"}');
bad('a key of a wrong type', $json->encode({ $key_name => [] }), '{"type":"car"}');
bad('a truncated key', '{"vehicle_id":', '{"type":"car"}');
bad('an empty key', '', '{"type":"car"}');
bad('a key of bytes', "\xff\xfe", '{"type":"car"}');
bad('Avro', key('x'), framed("\2\6abc"));
bad('records that are none', undef, '{"Records":[{"dynamodb":{}},{"dynamodb":7},{"dynamodb":{"Keys":{}},"eventName":1}]}');
bad('Kinesis data that is none', undef, '{"Records":[{"kinesis":{"data":"e30="}},{"kinesis":{"data":"eyI="}}]}');
good('end', 'car', undef, $json->encode(record('end', $car)));

# good ones beside bad ones in one message
bad('a bad record among good ones', undef,
	$json->encode({ Records => [ record('m1', $car), record('m2', { type => { Q => 1 } }), {}, record('m3', $car) ] }));
push @rows, 'm1|car', 'm3|car';

wait_for_index($node, 'bad events');
is(kinds(), expected(), 'all good events are applied');
my %kept = map { my ($hash, $reason) = split /\|/, $_, 2; ($hash => $reason) }
  split /\n/, $node->safe_psql('postgres', "SELECT encode(sha256(payload), 'hex'), reason FROM yottastore.quarantine");
is_deeply([ grep { !$kept{ sha256_hex($_->[1]) } } @bad ], [], scalar @bad . ' bad events are kept, byte by byte, with a reason')
  or diag(join("\n", map { $_->[0] } grep { !$kept{ sha256_hex($_->[1]) } } @bad));
is($node->safe_psql('postgres', 'SELECT count(*) FROM yottastore.quarantine'), scalar @bad, 'and nothing else');
like($kept{ sha256_hex($bad[-1][1]) }, qr/^event 2 of 4: attribute has an unknown type tag/, 'which event of several it was is told');
is( $node->safe_psql('postgres', "SELECT phase, reason IS NULL, events_quarantined FROM yottastore.index_policies"),
	'LIVE|t|' . scalar @bad, 'the policy goes on');

# ---- duplicates, and any order ---------------------------------------------------------------------

my @keys = map { "v$_" } 1 .. 20;
my %last;
my @deliveries;
foreach my $version (1 .. 8)
{
	my @messages;
	foreach my $id (@keys)
	{
		my $gone = rand() < 0.2;
		my $kind = "k$version";
		my $shape = int(rand(3));
		my $value = $shape == 0 ? record($id, $gone ? undef : { type => { S => $kind } }) : envelope($id, $gone ? undef : { type => $kind });
		$value = { type => $kind } if $shape == 2 && !$gone;
		$last{$id} = $gone ? undef : $kind;
		push @messages, [ key($id), $json->encode($value) ];
	}
	push @deliveries, ([ $version, \@messages ]) x (1 + int(rand(3)));
}
foreach my $delivery (shuffle @deliveries)
{
	produce_many($topic, [ shuffle @{ $delivery->[1] } ],
		partition => 0, headers => { 'yottastore-position' => "1:30000000000000000000$delivery->[0]" });
}
wait_for_index($node, scalar(@deliveries) . ' deliveries');
is( $node->safe_psql('postgres', "SELECT vehicle_id, kind FROM vehicle_service WHERE vehicle_id ~ '^v' ORDER BY vehicle_id COLLATE \"C\""),
	join("\n", map { "$_|$last{$_}" } grep { defined $last{$_} } sort @keys),
	'versions decide, not the order of delivery');

$node->stop;
store_api('DeleteTable', { TableName => $_ }) foreach $table, $trucks;
done_testing();
