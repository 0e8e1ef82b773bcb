# The location column as PostGIS and pgRouting have it: cast, searched by an index, checked against
# the areas' boundaries, and made a route of. The extension itself needs neither.
use strict;
use warnings;

use JSON::PP;
use Math::Trig qw(great_circle_distance deg2rad pi);
use PostgreSQL::Test::Utils;
use Test::More;
use YottaFleet;
use YottaTest;

use constant VEHICLES => 60;
use constant EARTH_RADIUS_M => 6371008.7714;    # of PostGIS's sphere

my $seed = $ENV{YS_SEED} // time;
note "YS_SEED=$seed";
srand $seed;

my $node = new_node('postgis');
my $table = unique_name('vehicles');
create_fleet($node, table => $table, topic => unique_name('vehicles'));

sub query { return $node->safe_psql('postgres', $_[0]); }

is(query(q{SELECT count(*) FROM pg_available_extensions WHERE name IN ('postgis', 'pgrouting')}), '2', 'the server has both')
  or die "install PostGIS and pgRouting for this server (for Debian's: postgresql-15-postgis-3, postgresql-15-pgrouting)\n";
query('CREATE EXTENSION pgrouting CASCADE');

my %place;
foreach my $n (1 .. VEHICLES)
{
	my ($lon, $lat) = map { sprintf '%.5f', $_ } rand(36) - 3, rand(14) - 2;
	$place{"v$n"} = [ $lon, $lat ];
	put_vehicle($table, "v$n", { type => { S => 'car' }, pos => { M => { lon => { N => $lon }, lat => { N => $lat } } } });
}
put_vehicle($table, 'nowhere', { type => { S => 'car' } });
create_policy($node);

# before there is any partition: those that are made later have them too
query('CREATE INDEX ON vehicle_service USING gist (location)');
query('CREATE INDEX ON vehicle_service USING gist ((ST_SetSRID(location::geometry, 4326)::geography))');
wait_for_index($node, 'the start');

# ---- where they are ------------------------------------------------------------------------------

is(query('SELECT vehicle_id, ST_X(location::geometry), ST_Y(location::geometry) FROM vehicle_service ORDER BY vehicle_id COLLATE "C"'),
	join("\n", 'nowhere||', map { join '|', $_, map { $_ + 0 } @{ $place{$_} } } sort keys %place),
	'the column is a geometry');
is(query(<<'END'), VEHICLES, 'GEOS finds the same areas');
SELECT count(*) FROM vehicle_service v
WHERE v.area = coalesce((SELECT min(a.name) FROM yottastore.areas a
  WHERE ST_Contains(ST_GeomFromGeoJSON(a.boundary::text), ST_SetSRID(v.location::geometry, 4326))), 'unlocated')
  AND v.location IS NOT NULL
END

sub metres
{
	my ($from, $to) = @_;
	my @polar = map { deg2rad($_->[0]), pi / 2 - deg2rad($_->[1]) } $from, $to;
	return great_circle_distance(@polar, EARTH_RADIUS_M);
}

my @centre = (12, 5);
my $near = join "\n", sort grep { metres(\@centre, $place{$_}) < 900_000 } keys %place;
my $within = <<"END";
SELECT vehicle_id FROM vehicle_service
WHERE ST_DWithin(ST_SetSRID(location::geometry, 4326)::geography, ST_SetSRID(ST_MakePoint($centre[0], $centre[1]), 4326)::geography, 900000, false)
ORDER BY vehicle_id COLLATE "C"
END
is(query($within), $near, 'what is near, by ST_DWithin');
like(query("SET enable_seqscan = off; EXPLAIN (COSTS OFF) $within"), qr/Index Cond: \(\(st_setsrid/, 'by the index on the expression');
like(query(q{SET enable_seqscan = off; EXPLAIN (COSTS OFF) SELECT FROM vehicle_service WHERE location <@ box '(0,0),(10,10)'}),
	qr/Index Cond: \(location <@/, 'PostgreSQL\'s own operators by one on the point');

# ---- rows that move are found where they went ----------------------------------------------------

query(q{UPDATE yottastore.areas SET name = 'Renamed' WHERE name = 'B'});
my $job = query(q{SELECT yottastore.index_relocate_start('vehicle_service')});
is(query("SELECT yottastore.job_wait($job)"), 't', 'an area is renamed');
cmp_ok(query(q{SELECT count(*) FROM vehicle_service WHERE area = 'Renamed'}), '>', 0, 'rows move');
is(query("SET enable_seqscan = off; $within"), $near, 'and the index finds them');

# ---- a route -------------------------------------------------------------------------------------

query(<<'END');
CREATE TABLE stops AS SELECT row_number() OVER (ORDER BY vehicle_id COLLATE "C") AS id, vehicle_id,
  ST_SetSRID(location::geometry, 4326) AS place FROM vehicle_service WHERE location IS NOT NULL
END
my @tour = split /\n/, query(<<'END');
SELECT s.vehicle_id
FROM pgr_TSPeuclidean('SELECT id, ST_X(place) AS x, ST_Y(place) AS y FROM stops', 1) t JOIN stops s ON s.id = t.node
ORDER BY t.seq
END

sub tour_metres
{
	my @keys = @_;
	my $sum = 0;
	$sum += metres($place{ $keys[ $_ - 1 ] }, $place{ $keys[$_] }) foreach 1 .. $#keys;
	return $sum;
}
is($tour[0], $tour[-1], 'pgRouting\'s tour comes back');
is_deeply([ sort @tour[ 1 .. $#tour ] ], [ sort keys %place ], 'and visits each once');
my @keys = sort keys %place;
my ($found, $listed) = (tour_metres(@tour), tour_metres(@keys, $keys[0]));
cmp_ok($found, '<', $listed, sprintf 'it is %.0f km long, by key %.0f km', $found / 1000, $listed / 1000);

query('DROP TABLE stops; DROP EXTENSION pgrouting, postgis CASCADE');
put_vehicle($table, 'v1', { type => { S => 'bus' }, pos => { M => { lon => { N => '5' }, lat => { N => '5' } } } });
wait_for_index($node, 'without PostGIS again');
is(index_rows($node, "vehicle_id = 'v1'"), 'v1|A|bus|||', 'events apply');

$node->stop;
store_api('DeleteTable', { TableName => $table });
done_testing();
