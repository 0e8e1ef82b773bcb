# Malformed events of every kind in a live stream of each declared format, between good ones that keep coming,
# some of them twice and in another order: all good ones applied, all bad ones kept, byte by byte.
use strict;
use warnings;

use Digest::SHA qw(sha256_hex);
use File::Temp;
use JSON::PP;
use List::Util qw(shuffle);
use Test::More;
use YottaTest;

my $seed = $ENV{YS_SEED} // time();
srand($seed);
note("YS_SEED=$seed");

use constant KEYS => 40;
use constant GOOD => 300;
# what stream's topics and the relay's messages may have
use constant LARGEST => 8_388_608;

my $properties = File::Temp->new;
print {$properties} 'message.max.bytes=' . LARGEST . "\n";
close $properties;
chmod 0644, "$properties";
my $broker = start_service('kafka', kafka => { properties => "$properties" });
my $node = new_node('bad_live', conf => 'log_min_messages = warning');
my $table = unique_name('vehicles');
my @formats = qw(dynamodb debezium document auto);
my %topic = map { $_ => unique_name($_) } @formats;
my $json = JSON::PP->new->utf8->canonical->allow_nonref;

sub query { my ($sql) = @_; return $node->safe_psql('postgres', $sql); }

create_servers($node);
query(<<"END");
SELECT yottastore.create_store_table('fleet', '$table', 'id');
CREATE FOREIGN TABLE vehicles (id text OPTIONS (key 'partition') NOT NULL) SERVER fleet OPTIONS (table '$table');
END
foreach my $format (@formats)
{
	produce($topic{$format}, 'none', 'there before the policy', partition => 0, brokers => $broker->{address});
	query(<<"END");
CREATE SERVER of_$format FOREIGN DATA WRAPPER yottastore_stream
  OPTIONS (brokers '$broker->{address}', topic '$topic{$format}', format '$format');
SELECT yottastore.create_index_policy('$format', 'vehicles', 'of_$format',
  fields => ARRAY[yottastore.field('kind', 'text', ARRAY['kind']), yottastore.field('odo', 'numeric', ARRAY['odo'])]);
END
}

$node->poll_query_until('postgres', "SELECT count(*) = 4 FROM yottastore.index_policies WHERE phase = 'LIVE'") or die('not live');

# ---- events --------------------------------------------------------------------------------------

my %make = (
	dynamodb => sub {
		my ($id, $kind) = @_;
		return {
			eventName => defined $kind ? 'MODIFY' : 'REMOVE',
			dynamodb => {
				Keys => { id => { S => $id } },
				SequenceNumber => '1',
				defined $kind ? (NewImage => { id => { S => $id }, kind => { S => $kind } }) : ()
			}
		};
	},
	debezium => sub {
		my ($id, $kind) = @_;
		return {
			op => defined $kind ? 'u' : 'd',
			before => { id => $id },
			after => defined $kind ? { id => $id, kind => $kind } : undef,
			source => { table => $table, ts_ms => 1700000000123 }
		};
	},
	document => sub { my ($id, $kind) = @_; return defined $kind ? { kind => $kind } : undef },
);
# where a bad value stands
my %around = (
	dynamodb => sub { qq({"eventName":"MODIFY","dynamodb":{"Keys":{"id":{"S":"$_[0]"}},"NewImage":{"id":{"S":"$_[0]"},"odo":$_[1]}}}) },
	debezium => sub { qq({"op":"c","before":null,"after":{"id":"$_[0]","odo":$_[1]},"source":{"table":"$table"}}) },
	document => sub { qq({"odo":$_[1]}) },
);
sub kinds_of { my ($format) = @_; return $format eq 'auto' ? qw(dynamodb debezium document) : ($format) }

my $digits = '9' x 100_000;
my %values = (
	'a number of 100,000 digits' => $digits,
	'an exponent of 100,000 digits' => "1e$digits",
	'levels without end' => '[' x 200_000,
	'200,000 levels' => '{"a":' x 200_000 . '1' . '}' x 200_000,
	'NUL' => "\"a\0b\"",
	'invalid UTF-8' => "\"\xff\xfe\"",
	'overlong UTF-8' => "\"\xc0\x80\"",
	'half a surrogate' => '"\\ud800"',
	'no value' => 'tru',
	'nothing' => '',
);
my %typed = ("a number of 100,000 digits" => qq({"N":"$digits"}), 'an exponent of 100,000 digits' => qq({"N":"1e$digits"}));

# as large as the brokers take: good ones, since nothing is wrong but the size, and one that is not closed
my $largest = LARGEST - 4096;

# [key, value, what] of each bad event; each has a key of its own
sub bad_events
{
	my ($format) = @_;
	my @bad;
	my $n = 0;
	foreach my $shape (kinds_of($format))
	{
		foreach my $what (sort keys %values)
		{
			my $id = "b$shape" . ++$n;
			my $value = $shape eq 'dynamodb' && $typed{$what} ? $typed{$what} : $values{$what};
			push @bad, [ qq({"id":"$id"}), $around{$shape}->($id, $value), "$what in a $shape event" ];
		}
		my $whole = $around{$shape}->('x', '1');
		push @bad, [ qq({"id":"x$shape"}), substr($whole, 0, $_), "a $shape event cut at $_" ] foreach 1, 7, length($whole) - 1;
		push @bad, [ qq({"id":"h$shape"}), substr($around{$shape}->('x', '"' . 'x' x $largest), 0, $largest), "a $shape event as large as may be, cut" ];
	}
	push @bad, [ '{"id":"f"}', $_, 'of no format' ] foreach '[]', '7', '"text"', "\0\0\0\0\1\2Avro", "\xff" x 100;
	push @bad, [ '{"id":"f"}', '{}', 'empty' ] unless $format eq 'document';
	push @bad, [ undef, '{"Records":[' . join(',', ('{"dynamodb":7}') x 10_001) . ']}', 'more records than there may be' ];
	push @bad, [ '{"id":', $json->encode($make{ (kinds_of($format))[-1] }->('t', 'x')), 'of a key that is cut' ] unless $format eq 'dynamodb';
	push @bad, [ '{"id":{"S":"t"}}', undef, 'without a value' ] if $format eq 'dynamodb';
	return @bad;
}

# ---- the stream ----------------------------------------------------------------------------------

sub post
{
	my ($format, $key, $value) = @_;
	produce($topic{$format}, $key, $value, partition => 0, brokers => $broker->{address}, largest => LARGEST);
	return;
}

my (%expected, %bad);

# Good events in order, in messages of many between each two bad ones.
foreach my $format (@formats)
{
	my @bad = shuffle bad_events($format);
	my @shapes = kinds_of($format);
	my $between = int(GOOD / @bad) + 1;
	my $version = 0;
	$bad{$format} = \@bad;
	foreach my $bad (@bad)
	{
		my @good;
		foreach (1 .. $between)
		{
			my $id = 'v' . int rand KEYS;
			my $kind = rand() < 0.2 ? undef : 'k' . ++$version;
			my $shape = $shapes[ rand @shapes ];
			# what says that an item is gone is null in a document: here, text
			my $event = $make{$shape}->($id, $kind);
			push @good, [ qq({"id":"$id"}), defined $event ? $json->encode($event) : 'null' ];
			# under "auto" null has the store asked, where there is none
			if (defined $kind) { $expected{$format}{$id} = $kind } else { delete $expected{$format}{$id} }
		}
		produce_many($topic{$format}, \@good, partition => 0, brokers => $broker->{address});
		post($format, $bad->[0], $bad->[1]);
	}
	my $shape = $shapes[0];
	my $huge = 'x' x ($largest - 1000);
	post($format, '{"id":"huge"}', $around{$shape}->('huge', $shape eq 'dynamodb' ? qq({"S":"$huge"}) : qq("$huge")));
	$expected{$format}{huge} = '';
}

# ---- what became of it ---------------------------------------------------------------------------

foreach my $format (@formats)
{
	is(query("SELECT yottastore.index_wait('$format', timeout => '120 s')"), 't', "$format caught up");
	is( query("SELECT id, kind FROM $format ORDER BY id COLLATE \"C\""),
		join("\n", map { "$_|$expected{$format}{$_}" } sort keys %{ $expected{$format} }),
		'all good events are applied, the last of each item');
	my %kept = map { ($_ => 1) } split /\n/,
	  query("SELECT encode(sha256(payload), 'hex') FROM yottastore.quarantine WHERE policy = '$format' AND payload IS NOT NULL");
	my @lost = grep { defined $_->[1] && !$kept{ sha256_hex($_->[1]) } } @{ $bad{$format} };
	is_deeply([ map { $_->[2] } @lost ], [], 'all bad events are kept, byte by byte');
	is(query("SELECT count(*) FROM yottastore.quarantine WHERE policy = '$format'"), scalar @{ $bad{$format} }, scalar @{ $bad{$format} } . ' of them, and nothing else');
	is(query("SELECT count(*) FROM yottastore.quarantine WHERE policy = '$format' AND reason = ''"), '0', 'with a reason each');
	is(query("SELECT phase, reason IS NULL FROM yottastore.index_policies WHERE policy = '$format'"), 'LIVE|t', 'the policy goes on');
}

# ---- twice, and in another order -----------------------------------------------------------------

# With versions: the same events again and again, as a relay that lost its place delivers them.
foreach my $format (@formats)
{
	my @shapes = kinds_of($format);
	my %last;
	my @deliveries;
	foreach my $version (1 .. 6)
	{
		my @messages;
		foreach my $id (map { "w$_" } 1 .. 15)
		{
			my $kind = rand() < 0.2 ? undef : "r$version";
			my $event = $make{ $shapes[ rand @shapes ] }->($id, $kind);
			$event = $make{debezium}->($id, undef) if $format eq 'auto' && !defined $kind;
			push @messages, [ qq({"id":"$id"}), defined $event ? $json->encode($event) : 'null' ];
			$last{$id} = $kind;
		}
		push @deliveries, ([ $version, \@messages ]) x (1 + int(rand(3)));
	}
	produce_many($topic{$format}, [ shuffle @{ $_->[1] } ],
		partition => 0, brokers => $broker->{address},
		headers => { 'yottastore-position' => "1:40000000000000000000$_->[0]" })
	  foreach shuffle @deliveries;
	is(query("SELECT yottastore.index_wait('$format', timeout => '60 s')"), 't', "$format caught up");
	is( query("SELECT id, kind FROM $format WHERE id ~ '^w' ORDER BY id COLLATE \"C\""),
		join("\n", map { "$_|$last{$_}" } grep { defined $last{$_} } sort keys %last),
		scalar(@deliveries) . ' deliveries in any order end with the last versions');
}

$node->stop;
store_api('DeleteTable', { TableName => $table });
done_testing();
