# Policies and relays of who is no superuser: what they may, that their code runs as nobody else, and what becomes of
# a policy when rights, tables and roles go or change hands.
use strict;
use warnings;

use PostgreSQL::Test::Utils;
use Test::More;
use YottaFleet;
use YottaTest;

my $node = new_node('roles');
my $table = unique_name('vehicles');
create_fleet($node, table => $table, topic => unique_name('vehicles'), relay => 0);
my $super = $node->safe_psql('postgres', 'SELECT current_user');

sub query { my ($sql) = @_; return $node->safe_psql('postgres', $sql); }
sub as { my ($role, $sql) = @_; return query("SET ROLE $role; $sql"); }
sub said { my ($sql) = @_; my (undef, $output, $errors) = $node->psql('postgres', "\\set VERBOSITY verbose\n$sql"); return "$output$errors"; }
sub becomes { my ($sql, $name) = @_; ok($node->poll_query_until('postgres', $sql), $name) or diag(query('SELECT policy, owner, phase, reason FROM yottastore.index_policies')); return; }

my $policy = q{SELECT yottastore.create_index_policy('vehicle_service', 'vehicles', 'fleet_changes',
  fields => ARRAY[yottastore.field('kind', 'text', ARRAY['type'])], area => yottastore.area_from_value(ARRAY['where']))};
my $relay = q{SELECT yottastore.create_relay('vehicles_relay', 'vehicles', 'fleet_changes', 4)};
my $phase = "FROM yottastore.index_policies WHERE policy = 'vehicle_service'";

query(<<'END');
CREATE ROLE maker LOGIN;
CREATE ROLE heir;
CREATE ROLE reader;
GRANT CREATE ON SCHEMA public TO maker, heir;
GRANT EXECUTE ON FUNCTION yottastore.create_relay TO maker;
CREATE USER MAPPING FOR maker SERVER fleet OPTIONS (access_key_id 'test', secret_access_key 'test');
CREATE USER MAPPING FOR heir SERVER fleet OPTIONS (access_key_id 'test', secret_access_key 'test');
GRANT USAGE ON FOREIGN SERVER fleet TO maker, heir;
END

# ---- what it takes -------------------------------------------------------------------------------

like(said("SET ROLE maker; $policy"), qr/42501: must be owner of foreign table "vehicles"/, 'the source must be theirs');
query('ALTER FOREIGN TABLE vehicles OWNER TO maker');
like(said("SET ROLE maker; $policy"), qr/42501: permission denied for foreign server fleet_changes/, 'and the stream theirs to use');
like(said("SET ROLE maker; $relay"), qr/42501: permission denied for foreign server fleet_changes/, '... by a relay, too');
query('GRANT USAGE ON FOREIGN SERVER fleet_changes TO maker');
put_vehicle($table, 'v1', { type => { S => 'car' }, where => { S => 'A' } });
as('maker', "$relay; $policy");
wait_for_index($node, 'of who is no superuser');
is(query(q{SELECT kind FROM vehicle_service}), 'car', 'backfilled as its owner');
is(query(q{SELECT DISTINCT pg_get_userbyid(relowner) FROM pg_class WHERE relname LIKE 'vehicle_service%'}), 'maker', 'table and partitions are theirs');
is(query('SELECT relay, source FROM yottastore.relay_status'), 'vehicles_relay|vehicles', 'a relay of who is no superuser');

# ---- code of the owner's runs as the owner -------------------------------------------------------

as('maker', <<"END");
CREATE TABLE traces (place text, result text);
CREATE FUNCTION who(place text) RETURNS void LANGUAGE plpgsql AS \$\$
BEGIN
  INSERT INTO public.traces VALUES (place, current_user || ', ' || current_setting('search_path'));
END \$\$;
CREATE FUNCTION attempt() RETURNS trigger LANGUAGE plpgsql AS \$\$
DECLARE
  attempt text;
BEGIN
  PERFORM public.who('trigger');
  FOREACH attempt IN ARRAY ARRAY['ALTER ROLE maker SUPERUSER', 'SET ROLE $super', 'SET SESSION AUTHORIZATION $super', 'RESET SESSION AUTHORIZATION',
    'SET LOCAL ROLE NONE', 'RESET ROLE', 'SELECT rolpassword FROM pg_authid', 'SELECT umoptions FROM pg_user_mapping',
    'UPDATE yottastore_internal.policy SET owner = 10', 'DELETE FROM yottastore_internal.locator_1',
    'COPY public.traces TO PROGRAM ''true''', 'SELECT pg_read_file(''postgresql.conf'')', 'CREATE TEMP TABLE t ()',
    'DECLARE c CURSOR WITH HOLD FOR SELECT 1', 'SELECT yottastore.stop_workers()', 'SET session_replication_role = replica',
    'SET yottastore.allowed_endpoints = ''0.0.0.0/0''', 'CREATE FUNCTION pg_catalog.now(text) RETURNS text LANGUAGE sql AS ''SELECT \$1''']
  LOOP
    BEGIN
      EXECUTE attempt;
      INSERT INTO public.traces VALUES ('done', attempt);
    EXCEPTION WHEN OTHERS THEN
      INSERT INTO public.traces VALUES ('refused', SQLSTATE || ' ' || attempt);
    END;
  END LOOP;
  RETURN NEW;
END \$\$;
CREATE TRIGGER attempt BEFORE INSERT ON vehicle_service FOR EACH ROW EXECUTE FUNCTION attempt();
CREATE FUNCTION indexed(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS \$\$ BEGIN PERFORM public.who('index'); RETURN \$1; END \$\$;
CREATE INDEX ON vehicle_service (indexed(kind));
CREATE FUNCTION filled() RETURNS text LANGUAGE plpgsql AS \$\$ BEGIN PERFORM public.who('default'); RETURN 'x'; END \$\$;
ALTER TABLE vehicle_service ADD COLUMN extra text;
ALTER TABLE vehicle_service ALTER COLUMN extra SET DEFAULT filled();
CREATE FUNCTION checked(text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS \$\$ BEGIN PERFORM public.who('domain'); RETURN true; END \$\$;
CREATE DOMAIN watched AS text CHECK (checked(VALUE));
ALTER TABLE vehicle_service ADD COLUMN seen watched DEFAULT 'y';
-- what a search_path with public in it would find before the server's own
CREATE FUNCTION public.unnest(text[]) RETURNS SETOF text LANGUAGE plpgsql AS \$\$ BEGIN PERFORM public.who('unnest'); RETURN NEXT 'x'; END \$\$;
CREATE FUNCTION public.eq(text, text) RETURNS boolean LANGUAGE plpgsql AS \$\$ BEGIN PERFORM public.who('operator'); RETURN true; END \$\$;
CREATE OPERATOR public.= (leftarg = text, rightarg = text, function = public.eq);
TRUNCATE traces;
END
put_vehicle($table, 'v2', { type => { S => 'bus' }, where => { S => 'B' } });
wait_for_index($node, 'with code of the owner');
is(query('SELECT kind, extra, seen FROM vehicle_service WHERE vehicle_id = $$v2$$'), 'bus|x|y', 'it ran');
is(query('SELECT string_agg(DISTINCT place, $$,$$ ORDER BY place) FROM traces WHERE place NOT IN ($$done$$, $$refused$$)'), 'default,domain,index,trigger', '... where it was expected to, and nowhere else');
is(query('SELECT DISTINCT result FROM traces WHERE place NOT IN ($$done$$, $$refused$$)'), 'maker, pg_catalog, pg_temp', '... as its owner');
is(query('SELECT string_agg(result, $$; $$) FROM traces WHERE place = $$done$$'), '', 'nothing it tried was done');
is(query('SELECT count(DISTINCT result) FROM traces WHERE place = $$refused$$'), '18', '... all was refused');
is(query('SELECT rolsuper FROM pg_roles WHERE rolname = $$maker$$'), 'f', 'it is no superuser yet');

# what runs at the end of a transaction would run as the worker: it isn't let
as('maker', <<'END');
CREATE FUNCTION late() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM public.who('late'); RETURN NULL; END $$;
CREATE CONSTRAINT TRIGGER late AFTER INSERT ON vehicle_service DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION late();
END
put_vehicle($table, 'v3', { type => { S => 'tram' }, where => { S => 'A' } });
becomes("SELECT phase = 'PAUSED' AND reason ~ 'cannot fire deferred trigger within security-restricted operation' $phase", 'a deferred trigger pauses the policy');
is(query('SELECT count(*) FROM traces WHERE place = $$late$$'), '0', '... and did not run');
as('maker', q{DROP TRIGGER late ON vehicle_service; SELECT yottastore.resume_index_policy('vehicle_service')});
wait_for_index($node, 'after a deferred trigger');

# rules and row security
as('maker', 'CREATE RULE also AS ON INSERT TO vehicle_service DO ALSO SELECT 1');
put_vehicle($table, 'v4', { type => { S => 'tram' }, where => { S => 'A' } });
becomes("SELECT phase = 'PAUSED' AND reason ~ 'rules' $phase", 'a rule pauses the policy');
as('maker', q{DROP RULE also ON vehicle_service; ALTER TABLE vehicle_service ENABLE ROW LEVEL SECURITY; SELECT yottastore.resume_index_policy('vehicle_service')});
wait_for_index($node, 'with row security for others');
as('maker', 'ALTER TABLE vehicle_service FORCE ROW LEVEL SECURITY');
put_vehicle($table, 'v4', { type => { S => 'ship' }, where => { S => 'A' } });
becomes("SELECT phase = 'PAUSED' AND reason ~ 'row security of index table \"vehicle_service\" applies to its owner' $phase", 'row security for the owner pauses the policy');
as('maker', q{ALTER TABLE vehicle_service NO FORCE ROW LEVEL SECURITY, DISABLE ROW LEVEL SECURITY; SELECT yottastore.resume_index_policy('vehicle_service')});
wait_for_index($node, 'after row security');
is(query('SELECT count(*), max(kind) FILTER (WHERE vehicle_id = $$v4$$) FROM vehicle_service'), '4|ship', 'nothing was lost');
is(query('SELECT count(*) FROM yottastore.quarantine'), '0', '... nor put aside');
as('maker', 'DROP TRIGGER attempt ON vehicle_service; DROP OPERATOR public.= (text, text); DROP FUNCTION public.unnest(text[])');

# ---- others ----------------------------------------------------------------------------------------

foreach my $view (qw(index_policies index_lag index_partitions index_quality jobs quarantine relay_status))
{
	is(as('reader', "SELECT count(*) FROM yottastore.$view"), '0', "$view shows strangers nothing");
}
like(said("SET ROLE reader; SELECT yottastore.$_('vehicle_service')"), qr/42501: /, "$_ is not for strangers")
  foreach qw(pause_index_policy resume_index_policy drop_index_policy index_wait index_relocate_start);
like(said("SET ROLE reader; SELECT yottastore.drop_relay('vehicles_relay')"), qr/42501: must be owner of relay/, 'nor are relays');
like(said("SET ROLE reader; $relay"), qr/42501: permission denied for function create_relay/, '... or making one');
as('maker', 'GRANT SELECT ON vehicle_service TO reader');
is(as('reader', "SELECT policy, owner $phase"), 'vehicle_service|maker', 'who may read the table sees the policy');
like(said("SET ROLE reader; SELECT yottastore.pause_index_policy('vehicle_service')"), qr/42501: must be owner of index policy/, '... and does not pause it');
$node->command_ok([ 'pg_dump', '-U', 'maker', '-t', 'vehicle_service*', '-d', $node->connstr('postgres') ], 'the owner dumps the table');

# ---- rights that go --------------------------------------------------------------------------------

query('REVOKE USAGE ON FOREIGN SERVER fleet_changes FROM maker');
becomes("SELECT phase = 'PAUSED' AND reason ~ 'permission denied for foreign server fleet_changes' $phase", 'without USAGE the policy pauses');
becomes(q{SELECT reason ~ 'permission denied for foreign server fleet_changes' FROM yottastore.relay_status}, '... and the relay says so');
put_vehicle($table, 'v5', { type => { S => 'van' }, where => { S => 'A' } });
query(q{GRANT USAGE ON FOREIGN SERVER fleet_changes TO maker; SELECT yottastore.resume_index_policy('vehicle_service')});
wait_for_index($node, 'with USAGE again');
query('REVOKE ALL ON vehicles FROM maker');
becomes("SELECT phase = 'PAUSED' AND reason ~ 'permission denied for foreign table vehicles' $phase", 'without SELECT on the source, too');
query(q{GRANT ALL ON vehicles TO maker; SELECT yottastore.resume_index_policy('vehicle_service')});
wait_for_index($node, 'with SELECT again');

# ---- roles that go ---------------------------------------------------------------------------------

like(said('DROP ROLE maker'), qr/2BP01: /, 'the owner of a policy is not dropped');
query('GRANT USAGE ON FOREIGN SERVER fleet_changes TO heir; REASSIGN OWNED BY maker TO heir; DROP OWNED BY maker; DROP ROLE maker');
becomes("SELECT owner = 'heir' $phase", 'what an owner had goes to the next one');
put_vehicle($table, 'v6', { type => { S => 'van' }, where => { S => 'Z' } });
wait_for_index($node, 'of the heir');
is(query(q{SELECT kind FROM vehicle_service WHERE vehicle_id = 'v6'}), 'van', 'and goes on');
is(query(q{SELECT DISTINCT pg_get_userbyid(relowner) FROM pg_class WHERE relname LIKE 'vehicle_service%'}), 'heir', 'with partitions that are theirs');
is(as('heir', q{SELECT yottastore.pause_index_policy('vehicle_service'), yottastore.resume_index_policy('vehicle_service')}), 't|t', 'who decides on it');
query('DROP OWNED BY heir; DROP ROLE heir');
is(query('SELECT count(*) FROM yottastore.index_policies') + query('SELECT count(*) FROM yottastore.relay_status'), 0, 'with an owner and what they own policies and relays go');
becomes(q{SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type ~ 'yottastore (?:stream worker|relay)'}, '... and their workers');

$node->stop;
store_api('DeleteTable', { TableName => $table });
done_testing();
