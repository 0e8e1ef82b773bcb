# A dump has the index table, but not the policy; in the restored database the policy is created
# anew, under whatever number it gets, and beside what the dump left of the old one.
use strict;
use warnings;

use PostgreSQL::Test::Utils;
use Test::More;
use YottaFleet;
use YottaTest;

my $node = new_node('restore');
my $table = unique_name('vehicles');
create_fleet($node, table => $table, topic => unique_name('vehicles'));
put_vehicle($table, $_, { type => { S => 'car' } }) foreach qw(v1 v2);
create_policy($node);
wait_for_index($node, 'before the dump');

my $dump = PostgreSQL::Test::Utils::tempdir() . '/dump.sql';
$node->command_ok([ 'pg_dump', '-f', $dump, 'postgres' ], 'the database can be dumped');

# who is no superuser may not read the workers' state, and need not dump it
$node->safe_psql('postgres', <<'END');
CREATE ROLE dumper LOGIN;
GRANT SELECT ON vehicle_service TO dumper;
CREATE ROLE reader LOGIN IN ROLE pg_read_all_data;
END
my @partitions = split /\n/, $node->safe_psql('postgres', "SELECT inhrelid::regclass FROM pg_inherits WHERE inhparent = 'vehicle_service'::regclass");
$node->safe_psql('postgres', "GRANT SELECT ON $_ TO dumper") foreach @partitions;
$node->command_fails_like([ 'pg_dump', '-U', 'dumper', '-f', "$dump.none", 'postgres' ],
	qr/permission denied for schema yottastore_internal/, 'not by others');
$node->command_ok([ 'pg_dump', '-U', 'dumper', '--exclude-schema=yottastore_internal', '-f', "$dump.part", 'postgres' ],
	'but without the workers\' state');
$node->command_ok([ 'pg_dump', '-U', 'reader', '-f', "$dump.all", 'postgres' ], 'or by who may read all');
$node->safe_psql('postgres', 'CREATE DATABASE restored_part');
# others' user mappings, of which it has no options, are refused
$node->psql('restored_part', undef, extra_params => [ '-f', "$dump.part" ], on_error_stop => 0);
is($node->safe_psql('restored_part', 'SELECT count(*) FROM vehicle_service'), '2', 'which can be restored');
$node->safe_psql('postgres', 'CREATE DATABASE restored');
my ($code, $stdout, $stderr) = $node->psql('restored', undef,
	extra_params => [ '-f', $dump ], on_error_stop => 1);
is($code, 0, 'and restored') or diag($stderr);
is($node->safe_psql('restored', 'SELECT count(*) FROM vehicle_service'), '2', 'with its rows');
is($node->safe_psql('restored', 'SELECT count(*) FROM yottastore.areas'), '3', 'and areas');
is($node->safe_psql('restored', 'SELECT count(*) FROM yottastore.index_policies'), '0', 'but no policy');

put_vehicle($table, 'v3', { type => { S => 'bus' } });
$node->safe_psql('restored', <<'END');
DROP TABLE vehicle_service;
SELECT yottastore.create_index_policy('vehicle_service', 'vehicles', 'fleet_changes',
  fields => ARRAY[yottastore.field('kind', 'text', ARRAY['type'])])
END
is( $node->safe_psql('restored',
		"SELECT yottastore.index_wait('vehicle_service', timeout => '$PostgreSQL::Test::Utils::timeout_default s')"),
	't', 'created anew, the policy catches up');
is($node->safe_psql('restored', "SELECT string_agg(vehicle_id || kind, ' ' ORDER BY vehicle_id) FROM vehicle_service"),
	'v1car v2car v3bus', 'with all that is in the store');

wait_for_index($node, 'in the database that was dumped');
is($node->safe_psql('postgres', 'SELECT count(*) FROM vehicle_service'), '3', 'which goes on');

$node->stop;
done_testing();
