# From a fleet that no two makers write alike to an index policy: what is suggested is run as it
# stands, and its index holds what the generator says of each vehicle.
use strict;
use warnings;

use JSON::PP;
use PostgreSQL::Test::Utils;
use Test::More;
use YottaFleet;
use YottaTest;

use constant VEHICLES => 500;

my $json = JSON::PP->new->utf8->canonical->allow_nonref;
my $node = new_node('suggest');
my $table = unique_name('vehicles');
create_fleet($node, table => $table, topic => unique_name('vehicles'));

# ---- the fleet, and what is true of it -----------------------------------------------------------

my $python = $ENV{PYTHON} // '/usr/bin/python3';
my $seed = $ENV{YS_SEED} // time % 1_000_000;
note "YS_SEED=$seed";
my @vehicles = map { $json->decode($_) } split /\n/, `$python - $seed @{[VEHICLES]} <<'END'
import json, sys
sys.path.insert(0, 'examples/fleet')
import generate
from fleet import Fleet
for vehicle in Fleet(int(sys.argv[1])).vehicles(int(sys.argv[2])):
    truth = vehicle.truth
    print(json.dumps({'id': vehicle.vehicle_id, 'item': generate.typed_item(vehicle), 'style': truth.style.name,
                      'service': truth.last_service and truth.last_service.isoformat(),
                      'km': None if truth.odometer_km is None else f'{truth.odometer_km.normalize():f}',
                      'where': truth.position and [float(x) for x in truth.position]}))
END`;
is(scalar @vehicles, VEHICLES, 'the generator makes a fleet');
my %styles = map { $_->{style} => 1 } @vehicles;
is(scalar keys %styles, 10, 'of ten makers\' styles');
for (my $first = 0; $first < VEHICLES; $first += 25)
{
	store_api('BatchWriteItem',
		{ RequestItems => { $table => [ map { { PutRequest => { Item => $_->{item} } } } @vehicles[ $first .. $first + 24 ] ] } });
}

# ---- the profile -----------------------------------------------------------------------------------

is( $node->safe_psql('postgres', <<'END'), "500|1|S:500|text|t|f", 'the key is in every item');
SELECT items, share, types, guess, abs(cardinality - 500) < 500 * 0.17, cardinality = 0 FROM yottastore.profile_items('vehicles')
WHERE path = 'vehicle_id'
END
my %guesses = map { split /\|/, $_, 2 } split /\n/,
  $node->safe_psql('postgres', q(SELECT path, guess FROM yottastore.profile_items('vehicles')));
is_deeply(
	{ map { $_ => $guesses{$_} } qw(last_service service.last svcDt maintenance.history[*].on svc.ts lastServiceMs) },
	{
		'last_service' => 'date: ISO',
		'service.last' => 'date: DD/MM/YYYY',
		'svcDt' => 'date: MM-DD-YY',
		'maintenance.history[*].on' => 'date: ISO',
		'svc.ts' => 'timestamp: epoch_s',
		'lastServiceMs' => 'timestamp: epoch_ms'
	},
	'each maker\'s dates are known for what they are');
is( $node->safe_psql('postgres', <<'END'), '10', 'of a sample of the size asked for');
SELECT items FROM yottastore.profile_items('vehicles', sample => 10) WHERE path = 'vehicle_id'
END
is( $node->safe_psql('postgres', <<'END'), 't', 'examples are values of the items');
SELECT bool_and(jsonb_array_length(examples) > 0) FROM yottastore.profile_items('vehicles') WHERE types ~ '[SN]'
END

# ---- the suggestion ----------------------------------------------------------------------------------

my $sql = $node->safe_psql('postgres', "SELECT yottastore.suggest_index_fields('vehicles')");
note $sql;

sub field_of
{
	my ($path) = @_;
	my ($name) = grep { $sql =~ /field\('\Q$_\E'[^)]*?'\Q$path\E'/ } $sql =~ /yottastore\.field\('(\w+)'/g;
	return $name // 'none';
}
my @service = ('last_service', 'service.last', 'svcDt', 'maintenance.history[*].on', '"dernier.entretien"', 'svc.ts',
	'lastServiceMs', 'service_log[*]', 'Service-Date', 'record.serviced_on');
my @odometer = ('odometer_km', 'service.odometer', 'odo', 'telemetry.mileage', "kilom\xc3\xa9trage", 'can.odometer.km',
	'distanceDriven', 'trip.total', 'Odometer-Reading', 'record.distance');
my ($service) = field_of($service[0]);
my ($odometer) = field_of($odometer[0]);
is_deeply([ map { field_of($_) } @service ], [ ($service) x 10 ], 'the dates of all makers are one field');
is_deeply([ map { field_of($_) } @odometer ], [ ($odometer) x 10 ], 'and so are the odometers');
isnt($service, $odometer, 'which are two');

# run as it stands, with the stream's name
$sql =~ s/'your_stream'/'fleet_changes'/ or die $sql;
my ($policy) = $sql =~ /create_index_policy\('(\w+)'/;
$node->safe_psql('postgres', $sql);
is($node->safe_psql('postgres', "SELECT yottastore.index_wait('$policy', timeout => '180 s')"), 't', 'the policy is made and catches up');
my %rows = map { my ($id, @row) = split /\|/, $_, -1; $id => \@row } split /\n/,
  $node->safe_psql('postgres', "SELECT vehicle_id, $service, $odometer, location[0], location[1] FROM $policy");
is(scalar keys %rows, VEHICLES, 'with a row for every vehicle');
# of lists of two numbers nobody knows which is the latitude, unless enough of them can only be one
my $undecided = $sql =~ /the latitude: "fix"/ ? 'nordic' : '';
my (@wrong, $dates, $distances, $places);
foreach my $vehicle (@vehicles)
{
	my ($date, $km, $lon, $lat) = @{ $rows{ $vehicle->{id} } };
	push @wrong, "$vehicle->{id} $vehicle->{style}: $date, not " . ($vehicle->{service} // 'none')
	  if $date ne ($vehicle->{service} // '');
	push @wrong, "$vehicle->{id} $vehicle->{style}: $km, not " . ($vehicle->{km} // 'none') if $km ne ($vehicle->{km} // '');
	push @wrong, "$vehicle->{id} $vehicle->{style}: at $lon $lat"
	  if $vehicle->{style} ne $undecided && (($lon ne '') != defined $vehicle->{where}
	  || ($lon ne '' && abs($lon - $vehicle->{where}[0]) + abs($lat - $vehicle->{where}[1]) > 1e-9));
	$dates++ if $date ne '';
	$distances++ if $km ne '';
	$places++ if $lon ne '';
}
is_deeply(\@wrong, [], 'every date, odometer and place is what the generator says');
cmp_ok($dates, '>', VEHICLES * 0.8, "$dates dates");
cmp_ok($distances, '>', VEHICLES * 0.9, "$distances odometers");
cmp_ok($places, '>', VEHICLES * 0.7, "$places places");

# what is taken is not suggested again
like($node->safe_psql('postgres', "SELECT yottastore.suggest_index_fields('vehicles', 50)"),
	qr/create_index_policy\('${policy}_2'/, 'a name that is free');

# ---- what is refused -----------------------------------------------------------------------------------

sub refused
{
	my ($sql, $expected, $what) = @_;
	my ($code, $stdout, $stderr) = $node->psql('postgres', "\\set VERBOSITY verbose\n$sql");
	like($stderr, $expected, $what);
	return;
}
$node->safe_psql('postgres', 'CREATE ROLE stranger');
refused("SET ROLE stranger; SELECT yottastore.$_('vehicles')",
	qr/ERROR:  42501: permission denied for foreign table vehicles/, "$_ needs SELECT on the source")
  foreach 'suggest_index_fields', 'profile_items';
refused("SELECT yottastore.suggest_index_fields('vehicles', 100001)",
	qr/ERROR:  22023: a sample of 100001 items is out of range/, 'a sample too large');
refused("SELECT yottastore.suggest_index_fields('pg_class')",
	qr/ERROR:  42809: "pg_class" is not a foreign table of yottastore/, 'another kind of table');
$node->safe_psql('postgres', <<"END");
SELECT yottastore.create_store_table('fleet', '${table}_empty', 'id');
CREATE FOREIGN TABLE nothing (id text OPTIONS (key 'partition') NOT NULL) SERVER fleet OPTIONS (table '${table}_empty');
END
refused("SELECT yottastore.suggest_index_fields('nothing')",
	qr/ERROR:  P0002: foreign table "nothing" has no items to go by/, 'nothing to go by');
is($node->safe_psql('postgres', "SELECT count(*) FROM yottastore.profile_items('nothing')"), 0, 'nothing to show');

store_api('DeleteTable', { TableName => $_ }) foreach $table, "${table}_empty";
$node->stop;
done_testing();
