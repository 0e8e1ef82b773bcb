# Areas at work: how many get a partition.
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

store_api('DeleteTable', { TableName => $table });
$node->stop;

done_testing();
