# Every attribute searchable: the same rows by backfill and by events, found through the index, as
# large as is allowed. And the indexes that fields declare, which new partitions come with.
use strict;
use warnings;

use PostgreSQL::Test::Utils;
use Test::More;
use YottaFleet;
use YottaTest;

my $node = new_node('attributes');
my $table = unique_name('vehicles');
create_fleet($node, table => $table, topic => unique_name('vehicles'));

my %items = (
	car => {
		where => { S => '5,5' },
		spec => { M => { model => { S => 'Stralis' }, 'odd.name' => { M => { kW => { N => '330.50' } } }, none => { NULL => \1 } } },
		log => { L => [ { M => { on => { S => '2024-01-02' }, by => { S => 'Ann' } } }, { M => { on => { S => '2023-05-06' } } } ] },
		tags => { SS => [ 'b', 'a' ] },
		codes => { NS => [ '10', '9' ] },
		photo => { B => 'AAE=' },
		exact => { N => '12345678901234567890123456789012345678' },
		new => { BOOL => \1 },
	},
	odd => {
		where => { S => '5,15' },
		text => { S => "nul\0 and \x{20ac}" },
		"nul\0name" => { S => 'x' },
		tiny => { N => '1E-120' },
	},
	large => { where => { S => '5,25' }, blob => { S => 'x' x 500 }, parts => { L => [ map { { N => "$_" } } 1 .. 200 ] }, z => { N => '1' } });

put_vehicle($table, "b_$_", $items{$_}) foreach sort keys %items;
$node->poll_query_until('postgres', 'SELECT records_produced = ' . keys(%items) . ' FROM yottastore.relay_status')
  or die('the relay is not through');
$node->safe_psql('postgres', <<'END');
CREATE EXTENSION pg_trgm;
SELECT yottastore.create_index_policy('vehicle_service', 'vehicles', 'fleet_changes',
  fields => ARRAY[yottastore.field('model', 'text', ARRAY['spec.model'], index => 'gin'),
                  yottastore.field('brand_new', 'boolean', ARRAY['new'], index => 'btree')],
  area => yottastore.area_from_location(paths => ARRAY['where'], index => 'gist'),
  attributes => 'all', attributes_exclude => ARRAY['where', '**.by'], attributes_size => 400);
END
wait_for_index($node, 'backfill');

sub attributes
{
	my ($way) = @_;
	return $node->safe_psql('postgres', <<"END") =~ s/"${way}_/"/gr;
SELECT substr(vehicle_id, 3), attributes, rejected->'attributes'->'value' FROM vehicle_service
WHERE vehicle_id LIKE '${way}\\_%' ORDER BY 1
END
}
my $backfilled = attributes('b');
is($backfilled, <<"END" =~ s/\n\z//r, 'all leaves are there, by their paths');
car|{"new": true, "exact": 12345678901234567890123456789012345678, "photo": "AAE=", "tags[*]": ["a", "b"], "codes[*]": [9, 10], "log[*].on": ["2024-01-02", "2023-05-06"], "spec.model": "Stralis", "vehicle_id": "car", "spec.\\"odd.name\\".kW": 330.50}|
large|{"z": 1, "vehicle_id": "large"}|201
odd|{"text": "nul\xef\xbf\xbd and \xe2\x82\xac", "tiny": 0.000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000001, "nul\xef\xbf\xbdname": "x", "vehicle_id": "odd"}|
END

# In another order, as far as the store keeps one.
foreach my $name (sort keys %items)
{
	put_vehicle($table, "l_$name", $items{$name});
}
wait_for_index($node, 'live');
is(attributes('l'), $backfilled, 'events make the same rows as backfill');
is($node->safe_psql('postgres', 'SELECT max(octet_length(attributes::text)) <= 400 FROM vehicle_service'),
	't', 'none is larger than was asked for');

# ---- found through the indexes ----------------------------------------------------------------

sub found
{
	my ($where, $index) = @_;
	my $plan = $node->safe_psql('postgres', "SET enable_seqscan = off; EXPLAIN (COSTS OFF) SELECT * FROM vehicle_service WHERE $where");
	like($plan, qr/Index.*Scan (?:on|using) $index/, "$where uses the index");
	return $node->safe_psql('postgres',
		"SET enable_seqscan = off; SELECT string_agg(vehicle_id, ',' ORDER BY vehicle_id) FROM vehicle_service WHERE $where");
}
is(found(q(attributes @> '{"tags[*]": ["a"]}'), 'vehicle_service_a_attributes_idx'), 'b_car,l_car', 'by an element of a set');
is(found(q(attributes @> '{"log[*].on": ["2023-05-06"]}'), 'vehicle_service_a_attributes_idx'), 'b_car,l_car', 'by a value in a list');
is(found(q(attributes @@ '$."spec.model" == "Stralis"'), 'vehicle_service_a_attributes_idx'), 'b_car,l_car', 'by a path of JSON');
is(found(q(attributes @> '{"z": 1}'), 'vehicle_service_\w*_attributes_idx'), 'b_large,l_large', 'by a number');
is(found(q(model LIKE '%rali%'), 'vehicle_service_a_model_idx'), 'b_car,l_car', 'a field by its own index');
is(found(q(location <@ box '((4,4),(6,6))'), 'vehicle_service_a_location_idx'), 'b_car,l_car', 'a location by its own index');

# What the owner adds comes with new partitions, and adding one does not wait for readers.
$node->safe_psql('postgres', 'CREATE INDEX own ON vehicle_service (changed_at)');
my $busy = 'SELECT count(*) FROM vehicle_service; DELETE FROM vehicle_service WHERE false; SELECT pg_sleep(600)';
my ($out, $err) = ('', '');
my $reader = IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr('postgres'), '-c', $busy ],
	'<', \undef, '>', \$out, '2>', \$err);
$node->poll_query_until('postgres', "SELECT count(*) = 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'")
  or die('nobody reads');
put_vehicle($table, 'l_new', { where => { S => '5,25.9' }, spec => { M => { model => { S => 'Daily' } } } });
put_vehicle($table, 'l_c', { where => { S => '5,21' }, spec => { M => { model => { S => 'Daily' } } } });
wait_for_index($node, 'another partition, beside a transaction that reads and writes');
$node->safe_psql('postgres', "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep'");
$reader->finish;
is( $node->safe_psql('postgres', <<'END'), 't', 'every partition has every index');
SELECT count(*) = (SELECT count(*) FROM pg_inherits WHERE inhparent = 'vehicle_service'::regclass)
  * (SELECT count(*) FROM pg_index WHERE indrelid = 'vehicle_service'::regclass)
FROM pg_index i JOIN pg_inherits h ON h.inhrelid = i.indexrelid WHERE i.indisvalid
  AND i.indrelid IN (SELECT inhrelid FROM pg_inherits WHERE inhparent = 'vehicle_service'::regclass)
END

store_api('DeleteTable', { TableName => $table });
$node->stop;
done_testing();
