# ----------------------------------------------------------------------------------------------
# YottaFleet.pm
#     A small fleet for tests of the index: a table in the store, its foreign table, three square
#     countries, a relay and a policy.
# ----------------------------------------------------------------------------------------------
package YottaFleet;

use strict;
use warnings;

use Exporter 'import';
use JSON::PP;

use PostgreSQL::Test::Utils;
use Test::More;
use YottaTest;

our @EXPORT = qw(
  create_fleet
  create_documents
  create_policy
  put_vehicle
  delete_vehicle
  write_vehicles
  fleet_rows
  index_rows
  wait_for_index
  planned_before
  geojson
);

# Countries A (0..10 east), B (10..20 east) and C (20..30 east, with a hole around 25, 5).
sub geojson
{
	my $square = sub {
		my ($west, $south, $east, $north) = @_;
		return [ [ $west, $south ], [ $east, $south ], [ $east, $north ], [ $west, $north ],
			[ $west, $south ] ];
	};
	my $feature = sub {
		my ($name, @rings) = @_;
		return {
			type => 'Feature',
			properties => { name => $name },
			geometry => { type => 'Polygon', coordinates => \@rings }
		};
	};
	return encode_json(
		{
			type => 'FeatureCollection',
			features => [
				$feature->('A', $square->(0, 0, 10, 10)),
				$feature->('B', $square->(10, 0, 20, 10)),
				$feature->('C', $square->(20, 0, 30, 10), $square->(24, 4, 26, 6)),
			]
		});
}

# create_fleet(node, table => name, topic => name, relay => 1, %create_servers options): store
# table, servers, foreign table vehicles, areas, and the relay unless relay => 0.
sub create_fleet
{
	my ($node, %option) = @_;
	create_servers($node, %option);
	my $areas = geojson();
	$node->safe_psql('postgres', <<"END");
SELECT yottastore.create_store_table('fleet', '$option{table}', 'vehicle_id');
CREATE FOREIGN TABLE vehicles (
  vehicle_id text OPTIONS (key 'partition') NOT NULL,
  item jsonb OPTIONS (document 'true')
) SERVER fleet OPTIONS (table '$option{table}');
SELECT yottastore.load_areas('$areas');
END
	$node->safe_psql('postgres',
		"SELECT yottastore.create_relay('vehicles_relay', 'vehicles', 'fleet_changes', 4)")
	  if $option{relay} // 1;
	return;
}

# create_documents(node, table => name, topic => name, %create_servers options): events are others' documents, in the
# topic. Servers, store table (unless exists => 1) and foreign table vehicles, by column id; and, with relay => 1, a relay of the
# table to a topic of its own.
sub create_documents
{
	my ($node, %option) = @_;
	my $database = $option{database} // 'postgres';
	create_servers($node, format => 'document', %option);
	$node->safe_psql($database, "SELECT yottastore.create_store_table('fleet', '$option{table}', 'id')")
	  unless $option{exists};
	$node->safe_psql($database, <<"END");
CREATE FOREIGN TABLE vehicles (id text OPTIONS (key 'partition') NOT NULL) SERVER fleet OPTIONS (table '$option{table}');
END
	$node->safe_psql($database, <<"END") if $option{relay};
CREATE SERVER relayed FOREIGN DATA WRAPPER yottastore_stream
  OPTIONS (brokers '@{[ kafka_brokers() ]}', topic '$option{topic}_relayed_$database');
SELECT yottastore.create_relay('vehicles_relay', 'vehicles', 'relayed', 1);
END
	return;
}

# create_policy(node, name => 'vehicle_service', direct => 1: without Kafka, and_then => SQL run in
# the same transaction)
sub create_policy
{
	my ($node, %option) = @_;
	my $and_then = $option{and_then} // '';
	my $name = $option{name} // 'vehicle_service';
	my $stream = $option{direct} ? 'NULL' : "'fleet_changes'";
	$node->safe_psql('postgres', <<"END" . "$and_then; COMMIT");
BEGIN;
SELECT yottastore.create_index_policy('$name', 'vehicles', $stream,
  fields => ARRAY[
    yottastore.field('kind', 'text', ARRAY['type', 'spec.type'], normalizers => ARRAY['trim', 'lower']),
    yottastore.field('last_service', 'date', ARRAY['last', 'log[*].on'], combine => 'max',
                     formats => ARRAY['ISO', 'DD/MM/YYYY', 'epoch_ms']),
    yottastore.field('odometer_km', 'numeric', ARRAY['odo'], unit => 'km', locale => 'en'),
    yottastore.field('active', 'boolean', ARRAY['active'])],
  area => yottastore.area_from_location(lat => ARRAY['pos.lat'], lon => ARRAY['pos.lon'],
                                        paths => ARRAY['where']));
END
	return;
}

# put_vehicle(table, id, { attribute => typed value }, [url])
sub put_vehicle
{
	my ($table, $id, $attributes, $url) = @_;
	store_api('PutItem',
		{ TableName => $table, Item => { vehicle_id => { S => $id }, %$attributes } }, $url);
	return;
}

# planned_before(node, index table, SQL that writes, query): what the query returns that was planned before the index
# table got a partition for what its session has written, which it waits for.
sub planned_before
{
	my ($node, $index, $write, $query) = @_;
	my $holder = $node->background_psql('postgres');
	my $session = $node->background_psql('postgres', on_error_stop => 0);
	$holder->query_safe("BEGIN; LOCK TABLE $index IN SHARE MODE");
	$session->query_safe("SET yottastore.staleness_timeout = '1min'; $write");
	$session->query_until(qr/asked/, "\\echo asked\n$query;\n");
	$node->poll_query_until(
		'postgres', q{SELECT count(*) = 1 FROM pg_stat_activity
		WHERE wait_event_type = 'Extension' AND state = 'active' AND query LIKE '%FROM vehicles%'})
	  or die 'nobody waits';
	$holder->query_safe('COMMIT');
	my $returned = $session->query('SELECT 1');
	$_->quit foreach $holder, $session;
	return $returned;
}

sub delete_vehicle
{
	my ($table, $id, $url) = @_;
	store_api('DeleteItem', { TableName => $table, Key => { vehicle_id => { S => $id } } }, $url);
	return;
}

my $written = 0;

# write_vehicles(table, count, of): puts, moves between areas and deletions of so many vehicles. Returns how
# many writes there have been.
sub write_vehicles
{
	my ($table, $count, $of) = @_;
	foreach (1 .. $count)
	{
		my $id = sprintf 'v%04d', int rand $of;
		$written++;
		if (rand() < 0.15)
		{
			delete_vehicle($table, $id);
			next;
		}
		put_vehicle(
			$table, $id,
			{
				type => { S => "kind$written" },
				odo => { N => "$written" },
				pos => { M => { lat => { N => '5' }, lon => { N => int(rand 3) * 10 + 2 } } }
			});
	}
	return $written;
}

# What index_rows must be of vehicles so written, from the store alone.
sub fleet_rows
{
	my ($table) = @_;
	my @rows;
	my $start;
	do
	{
		my $page = store_api(
			'Scan',
			{
				TableName => $table,
				ConsistentRead => \1,
				$start ? (ExclusiveStartKey => $start) : ()
			});
		foreach my $item (@{ $page->{Items} })
		{
			my $lon = $item->{pos}{M}{lon}{N};
			push @rows, join '|', $item->{vehicle_id}{S},
			  ($lon < 10 ? 'A' : $lon < 20 ? 'B' : 'C'), $item->{type}{S}, '', $item->{odo}{N}, '';
		}
		$start = $page->{LastEvaluatedKey};
	} while ($start);
	return join "\n", sort @rows;
}

# Waits until everything written so far is in the index; fails the test when it doesn't come.
sub wait_for_index
{
	my ($node, $what, $timeout, $policy) = @_;
	$timeout //= $PostgreSQL::Test::Utils::timeout_default;
	$policy //= 'vehicle_service';
	my ($code, $reached, $error) =
	  $node->psql('postgres', "SELECT yottastore.index_wait('$policy', timeout => '$timeout s')");
	is($error . $reached, 't', "index caught up: $what");
	diag($node->safe_psql('postgres', <<'END')) if $code != 0;
SELECT row_to_json(p) FROM yottastore.index_policies p
UNION ALL SELECT row_to_json(l) FROM yottastore.index_lag l
UNION ALL SELECT row_to_json(r) FROM yottastore.relay_status r
END
	return;
}

# The columns of interest of an index, ordered by key, as psql prints them.
sub index_rows
{
	my ($node, $where, $policy) = @_;
	$where //= 'true';
	$policy //= 'vehicle_service';
	return $node->safe_psql('postgres', <<"END");
SELECT vehicle_id, area, kind, last_service, odometer_km, active FROM $policy
WHERE $where ORDER BY vehicle_id
END
}

1;
