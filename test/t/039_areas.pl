# Areas at work: names, areas in areas, locations and geohashes, backfilled and live; how many get a
# partition.
use strict;
use warnings;

use PostgreSQL::Test::Utils;
use Test::More;
use YottaFleet;
use YottaTest;

my $node = new_node('areas');
my $table = unique_name('vehicles');

create_fleet($node, table => $table, topic => unique_name('vehicles'));

sub query { return $node->safe_psql('postgres', $_[0]) }

# Keys and areas of a policy's rows.
sub areas
{
	return query("SELECT string_agg(vehicle_id || ' ' || area, ', ' ORDER BY vehicle_id) FROM $_[0]");
}

sub wait_for
{
	my ($policy, $what) = @_;
	is(query("SELECT yottastore.index_wait('$policy', timeout => '$PostgreSQL::Test::Utils::timeout_default s')"),
		't', "$policy caught up: $what");
	return;
}

sub put { return put_vehicle($table, $_[0], $_[1]) }

# ---- most areas --------------------------------------------------------------------------------

put('v1', { country => { S => 'A' } });
put('v2', { country => { S => 'b' } });
put('v3', {});
query(q{SELECT yottastore.create_index_policy('few', 'vehicles', 'fleet_changes', '{}',
	yottastore.area_from_value(ARRAY['country']), max_areas => 2)});
wait_for('few', 'backfill');
is(areas('few'), 'v1 A, v2 B, v3 unlocated', 'as many areas as there may be, and those of no area');
put('v4', { country => { S => 'C' } });
put('v2', { country => { S => 'C' } });
put('v5', { country => { S => 'B' } });
wait_for('few', 'live');
is(areas('few'), 'v1 A, v2 other, v3 unlocated, v4 other, v5 B', 'a third area shares a partition');
query('ALTER TABLE few DETACH PARTITION few_b');
put('v4', { country => { S => 'C' }, wheels => { N => '4' } });
wait_for('few', 'with room again');
is(areas('few'), 'v1 A, v2 other, v3 unlocated, v4 C', 'room that is there again is taken');
is(query(q{SELECT max_areas FROM yottastore.index_policies WHERE policy = 'few'}), 2, 'the limit is shown');
query(q{SELECT yottastore.drop_index_policy('few')});

# ---- names, locations, areas in areas ---------------------------------------------------------

query(q{
	UPDATE yottastore.areas SET aliases = '{Alfà}' WHERE name = 'A';
	INSERT INTO yottastore.areas (level, name, parent_level, parent, boundary) VALUES
		('region', 'Upper', 'country', 'A',
		 '{"type": "Polygon", "coordinates": [[[179, 0], [-179, 0], [-179, 10], [179, 10], [179, 0]]]}'),
		('region', 'Twin', 'country', 'C', NULL);
	INSERT INTO yottastore.areas (level, name, parent_level, parent, aliases) VALUES
		('city', 'Uptown', 'region', 'Upper', '{UT}'), ('city', 'Twin', 'country', 'B', '{}');
});

# What an item has, its area by name and else by location, and by geohash.
my @items = (
	[ { country => { S => " ALFA\n" } }, 'A', 'unlocated' ],
	[ { country => { S => 'uptown' }, gps => at(-5.6, 42.6) }, 'A', 'ezs' ],
	[ { country => { N => '7' }, name => { S => 'ut' } }, 'A', 'unlocated' ],
	[ { country => { S => 'Twin' }, gps => at(15, 5) }, 'B', 's2f' ],
	[ { country => { S => 'Twin' } }, 'unlocated', 'unlocated' ],
	[ { gps => at(-179.5, 5) }, 'A', '80b' ],
	[ { gps => at(179.5, 5) }, 'A', 'xbz' ],
	[ { gps => at(178.5, 5) }, 'unlocated', 'xby' ],
	[ { gps => at(25, 1) }, 'C', 's81' ],
	[ { gps => { S => "1\x{b0}30'N 25\x{b0}E" } }, 'C', 's83' ],
	[ { hash => { S => 'EZS42e44yx96' } }, 'unlocated', 'ezs' ],
	[ { hash => { S => 'ez' } }, 'unlocated', 'unlocated' ],
	[ { gps => at(0, 0) }, 'unlocated', 'unlocated' ],
);

sub at { return { L => [ map { { N => "$_" } } @_ ] } }

sub put_items
{
	my ($prefix) = @_;
	put(sprintf('%s%02d', $prefix, $_), $items[$_][0]) foreach 0 .. $#items;
	return;
}

# The areas that items of a prefix have in a policy.
sub areas_of
{
	my ($policy, $prefix) = @_;
	return query("SELECT string_agg(area, ' ' ORDER BY vehicle_id) FROM $policy WHERE vehicle_id LIKE '$prefix%'");
}

put_items('b');
query(q{
	SELECT yottastore.create_index_policy('by_name', 'vehicles', 'fleet_changes', '{}',
		yottastore.area_from_value(ARRAY['country', 'name'],
			location => yottastore.area_from_location(paths => ARRAY['gps'], "order" => 'lon_lat')));
	SELECT yottastore.create_index_policy('by_geohash', 'vehicles', 'fleet_changes', '{}',
		yottastore.area_from_geohash(paths => ARRAY['gps', 'hash'], length => 3, "order" => 'lon_lat'));
});
wait_for($_, 'backfill') foreach qw(by_name by_geohash);
put_items('l');
wait_for($_, 'live') foreach qw(by_name by_geohash);
foreach my $prefix ('b', 'l')
{
	my $way = $prefix eq 'b' ? 'backfilled' : 'live';
	is(areas_of('by_name', $prefix), join(' ', map { $_->[1] } @items), "by name, else by location: $way");
	is(areas_of('by_geohash', $prefix), join(' ', map { $_->[2] } @items), "by geohash: $way");
}
is( query(q{SELECT area_value, location IS NULL, rejected->'area'->>'reason' FROM by_name WHERE vehicle_id IN ('l03', 'l04') ORDER BY vehicle_id}),
	"Twin|f|several areas of that name\nTwin|t|several areas of that name",
	'a name of several areas is nobody\'s');
is( query(q{SELECT area_value FROM by_name WHERE vehicle_id = 'l02'}), "7\nut", 'all names are kept');
is( query(q{SELECT rejected->'area'->>'reason' FROM by_geohash WHERE vehicle_id = 'l11'}),
	'geohash shorter than the areas', 'a geohash can be too short to tell');

# an area of the level takes its name from those below
query(q{INSERT INTO yottastore.areas (level, name) VALUES ('country', 'Twin')});
$node->poll_query_until('postgres', q{SELECT count(*) = 4 FROM by_name WHERE area = 'Twin'})
  or die('rows have not moved');
pass('rows move to an area that has their name now');

store_api('DeleteTable', { TableName => $table });
$node->stop;

done_testing();
