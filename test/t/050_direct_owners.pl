# Policies without Kafka in a database that is dumped and restored, and of who is no superuser.
use strict;
use warnings;

use PostgreSQL::Test::Utils;
use Test::More;
use YottaFleet;
use YottaTest;

use constant VEHICLES => 60;

my $seed = $ENV{YS_TEST_SEED} // time;
srand $seed;
note "seed $seed (YS_TEST_SEED)";

my $node = new_node('direct_owners');
my $table = unique_name('vehicles');
create_fleet($node, table => $table, relay => 0);

sub query { return $node->safe_psql('postgres', $_[0]); }
sub said { my (undef, $output, $errors) = $node->psql('postgres', "\\set VERBOSITY verbose\n$_[0]"); return "$output$errors"; }
sub write_some { write_vehicles($table, $_[0], VEHICLES); return; }

sub becomes
{
	my ($condition, $what) = @_;
	ok($node->poll_query_until('postgres', "SELECT $condition FROM yottastore.index_policies"), $what)
	  or diag(query('SELECT policy, owner, phase, reason FROM yottastore.index_policies'));
	return;
}

sub has_all
{
	my ($what) = @_;
	wait_for_index($node, $what);
	is(query('SELECT count(*) FROM vehicle_service'), () = fleet_rows($table) =~ /^./mg, "$what: as many rows as items");
	return;
}

write_some(60);
create_policy($node, direct => 1);
wait_for_index($node, 'the start');

# ---- dump and restore ---------------------------------------------------------------------------------

my $dump = PostgreSQL::Test::Utils::tempdir() . '/dump.sql';
$node->command_ok([ 'pg_dump', '-f', $dump, 'postgres' ], 'the database can be dumped');
$node->safe_psql('postgres', 'CREATE DATABASE restored');
my ($code, undef, $errors) = $node->psql('restored', undef, extra_params => [ '-f', $dump ], on_error_stop => 1);
is($code, 0, 'and restored') or diag($errors);
write_some(20);
$node->safe_psql('restored', <<"END");
DROP TABLE vehicle_service;
SELECT yottastore.create_index_policy('vehicle_service', 'vehicles',
  fields => ARRAY[yottastore.field('kind', 'text', ARRAY['type'], normalizers => ARRAY['lower'])]);
SELECT yottastore.index_wait('vehicle_service', timeout => '$PostgreSQL::Test::Utils::timeout_default s');
END
has_all('in the database that was dumped');
is( $node->safe_psql('restored', 'SELECT vehicle_id, kind FROM vehicle_service ORDER BY 1'),
	query('SELECT vehicle_id, kind FROM vehicle_service ORDER BY 1'),
	'created anew, the restored one has the same');
$node->safe_psql('restored', q{SELECT yottastore.drop_index_policy('vehicle_service')});
query(q{SELECT yottastore.drop_index_policy('vehicle_service')});

# ---- of who is no superuser ---------------------------------------------------------------------------

my $policy = q{SELECT yottastore.create_index_policy('vehicle_service', 'vehicles',
  fields => ARRAY[yottastore.field('kind', 'text', ARRAY['type'])])};
query(<<'END');
CREATE ROLE maker;
GRANT CREATE ON SCHEMA public TO maker;
GRANT USAGE ON FOREIGN SERVER fleet TO maker;
END
like(said("SET ROLE maker; $policy"), qr/42501: must be owner of foreign table "vehicles"/, 'the source must be theirs');
query('ALTER FOREIGN TABLE vehicles OWNER TO maker');
like(said("SET ROLE maker; $policy"), qr/user mapping/, 'and they must have a mapping');
query(q{CREATE USER MAPPING FOR maker SERVER fleet OPTIONS (access_key_id 'test', secret_access_key 'test');
	ALTER SYSTEM SET yottastore.allowed_endpoints = '127.0.0.1'});
$node->reload;
query("SET ROLE maker; $policy");
write_some(20);
has_all('of who is no superuser');
query('REVOKE ALL ON vehicles FROM maker');
becomes(q{phase = 'PAUSED' AND reason ~ 'permission denied for foreign table vehicles'}, 'without SELECT on the source it pauses');
query('GRANT ALL ON vehicles TO maker');
query(q{SET ROLE maker; SELECT yottastore.resume_index_policy('vehicle_service')});
wait_for_index($node, 'with SELECT again');

query('CREATE ROLE heir; GRANT CREATE ON SCHEMA public TO heir; GRANT USAGE ON FOREIGN SERVER fleet TO heir;'
	  . q{CREATE USER MAPPING FOR heir SERVER fleet OPTIONS (access_key_id 'test', secret_access_key 'test');}
	  . 'REASSIGN OWNED BY maker TO heir');
becomes(q{owner = 'heir'}, 'what an owner had goes to the next one');
write_some(20);
has_all('of the heir');

# ---- another table under the policy ----------------------------------------------------------------

my $other = unique_name('others');
query("SELECT yottastore.create_store_table('fleet', '$other', 'vehicle_id')");
put_vehicle($other, 'o1', { type => { S => 'ship' } });
query("ALTER FOREIGN TABLE vehicles OPTIONS (SET table '$other')");
becomes(qq{phase = 'INCOMPLETE' AND reason ~ 'its foreign table was made to name store table "$other",|stream of store table "$other" was disabled or replaced'}, 'a source that names another table is noticed');
query(q{SELECT yottastore.index_resync_start('vehicle_service')});
put_vehicle($other, 'o2', { type => { S => 'tram' } });
wait_for_index($node, 'of another table');
is(query(q{SELECT string_agg(vehicle_id || '=' || kind, ' ' ORDER BY vehicle_id) FROM vehicle_service}), 'o1=ship o2=tram', 'a resync makes it the other table');

# ---- the source goes -----------------------------------------------------------------------------------

query('DROP FOREIGN TABLE vehicles CASCADE');
is(query('SELECT count(*) FROM yottastore.index_policies') + query('SELECT count(*) FROM yottastore_internal.shard_position'), 0, 'with its source a policy goes');
ok($node->poll_query_until('postgres', q{SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type = 'yottastore stream worker'}), 'and its worker');

store_api('DeleteTable', { TableName => $other });
$node->stop;
store_api('DeleteTable', { TableName => $table });
done_testing();
