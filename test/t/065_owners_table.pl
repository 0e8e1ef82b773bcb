# What the owner of an index table, who is no superuser, can do to the worker that writes it.
use strict;
use warnings;

use PostgreSQL::Test::Utils;
use Test::More;
use YottaFleet;
use YottaTest;

my $node = new_node('owners_table');
my $table = unique_name('vehicles');
create_fleet($node, table => $table, relay => 0);

sub query { return $node->safe_psql('postgres', $_[0]); }
sub as_maker { return query("SET ROLE maker; $_[0]"); }
sub said { my (undef, $output, $errors) = $node->psql('postgres', "\\set VERBOSITY verbose\n$_[0]"); return "$output$errors"; }
sub worker { return query(q{SELECT pid FROM pg_stat_activity WHERE backend_type = 'yottastore stream worker'}); }

sub put
{
	my ($id, $kind, $east) = @_;
	put_vehicle($table, $id, { type => { S => $kind }, pos => { M => { lat => { N => '5' }, lon => { N => "$east" } } } });
	return;
}

sub becomes
{
	my ($condition, $what) = @_;
	ok($node->poll_query_until('postgres', "SELECT $condition FROM yottastore.index_policies"), $what)
	  or diag(query('SELECT policy, owner, phase, reason FROM yottastore.index_policies'));
	return;
}

sub create_anew
{
	query(q{SELECT yottastore.drop_index_policy('vehicle_service')}) if query('SELECT count(*) FROM yottastore.index_policies');
	as_maker(<<'END');
SELECT yottastore.create_index_policy('vehicle_service', 'vehicles',
  fields => ARRAY[yottastore.field('kind', 'text', ARRAY['type'])],
  area => yottastore.area_from_location(lat => ARRAY['pos.lat'], lon => ARRAY['pos.lon']))
END
	wait_for_index($node, 'a new policy');
	return;
}

query(<<'END');
CREATE ROLE maker;
GRANT CREATE ON SCHEMA public TO maker;
GRANT USAGE ON FOREIGN SERVER fleet TO maker;
ALTER FOREIGN TABLE vehicles OWNER TO maker;
CREATE USER MAPPING FOR maker SERVER fleet OPTIONS (access_key_id 'test', secret_access_key 'test');
ALTER SYSTEM SET yottastore.allowed_endpoints = '127.0.0.1';
END
$node->reload;
put('v1', 'car', 5);
create_anew();
my $postmaster = query('SELECT pg_postmaster_start_time()');

# ---- columns that are not what they were ---------------------------------------------------------------

foreach my $by_statements (0, 1)
{
	my $how = $by_statements ? 'by statements' : 'directly';

	# a generated column is left to statements
	as_maker('ALTER TABLE vehicle_service ADD twice text GENERATED ALWAYS AS (kind || kind) STORED') if $by_statements;
	as_maker('ALTER TABLE vehicle_service ALTER event_version DROP NOT NULL; UPDATE vehicle_service SET event_version = NULL');
	like(said(q{SELECT * FROM yottastore.explain_item('vehicle_service', 'v1')}), qr/XX001: version of an index row is NULL/,
		"$how: a version that is gone is told");
	put('v1', "bus $by_statements", 5);
	becomes(q{phase = 'PAUSED' AND reason ~ 'version of an index row is NULL'}, "$how: and pauses the policy");
	create_anew();
}

as_maker('ALTER TABLE vehicle_service ALTER event_version TYPE bigint USING 1');
like(said(q{SELECT * FROM yottastore.explain_item('vehicle_service', 'v1')}), qr/42846: cannot cast type bigint to bytea|XX001: version of an index row has 8 bytes/,
	'a version of another type is told');
put('v1', 'van', 5);
becomes(q{phase = 'PAUSED' AND reason ~ 'bytea|8 bytes'}, 'and pauses the policy');
create_anew();

as_maker(q{ALTER TABLE vehicle_service ALTER event_version TYPE text USING event_version::text});
put('v1', 'taxi', 15);
wait_for_index($node, 'a version that is text');
is(query('SELECT kind, area FROM vehicle_service'), 'taxi|B', 'is read as the bytes that it stands for');
create_anew();

foreach (['bigint USING 7', qr/^FAILED\|cannot cast type bigint to point/], ['text', qr/^DONE\|/])
{
	my ($type, $end) = @$_;
	as_maker("ALTER TABLE vehicle_service ALTER location TYPE $type");
	my $job = query(q{SELECT yottastore.index_relocate_start('vehicle_service')});
	$node->poll_query_until('postgres', "SELECT finished_at IS NOT NULL FROM yottastore.jobs WHERE job_id = $job");
	like(query("SELECT state, reason FROM yottastore.jobs WHERE job_id = $job"), $end, "rows are moved by a location that is $type");
	create_anew();
}

as_maker('ALTER TABLE vehicle_service ALTER vehicle_id TYPE name');
my $job = query(q{SELECT yottastore.index_verify_start('vehicle_service')});
ok($node->poll_query_until('postgres', "SELECT state = 'DONE' FROM yottastore.jobs WHERE job_id = $job"), 'keys of another type are verified');
is(query(q{SELECT count(*) FROM yottastore.index_differences}), 0, 'and are the same');
create_anew();
as_maker('ALTER TABLE vehicle_service DROP CONSTRAINT vehicle_service_pkey; ALTER TABLE vehicle_service ALTER vehicle_id DROP NOT NULL; '
	  . 'UPDATE vehicle_service SET vehicle_id = NULL');
query(q{SELECT yottastore.index_verify_start('vehicle_service')});
becomes(q{phase = 'PAUSED' AND reason ~ 'a row of index table public.vehicle_service has NULL in its key'}, 'a key that is gone pauses the policy');
create_anew();

# ---- what its code does to the worker ---------------------------------------------------------------------

# who runs a trigger, and whether the worker's lock is there: its tag is one that no function makes
query(<<'END');
CREATE TABLE seen (who name, worker_locks bigint, isolation text);
CREATE FUNCTION look() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	PERFORM pg_advisory_unlock_all();
	PERFORM pg_advisory_lock(77);
	INSERT INTO public.seen SELECT current_user, count(*), current_setting('transaction_isolation') FROM pg_catalog.pg_locks
	  WHERE pid = pg_catalog.pg_backend_pid() AND locktype = 'advisory' AND objsubid > 2 AND mode = 'ExclusiveLock' AND objsubid & 255 = 86;
	IF NEW.kind = 'bad' THEN
		RAISE 'a bad kind';
	END IF;
	RETURN NEW;
END $$;
GRANT INSERT ON seen TO PUBLIC;
END
as_maker('CREATE TRIGGER look BEFORE INSERT OR UPDATE ON vehicle_service FOR EACH ROW EXECUTE FUNCTION look()');
my $worker = worker();
foreach my $kind ('tram', 'bad', 'train')
{
	put('v1', $kind, 5);
	wait_for_index($node, "a $kind");
}
is(query('SELECT DISTINCT who, worker_locks FROM seen'), 'maker|1', 'pg_advisory_unlock_all leaves the worker its lock');
is(query(q{SELECT count(*) FROM yottastore.quarantine}), 1, 'also where a transaction fails');
is( query(q{SELECT count(*) FILTER (WHERE objsubid > 2), count(*) FILTER (WHERE objsubid <= 2)
	FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE locktype = 'advisory' AND backend_type = 'yottastore stream worker'}),
	'1|0', 'and of the locks it takes none stays');
is(worker(), $worker, 'there is one worker, the same');

# ---- another owner in mid-batch ----------------------------------------------------------------------------

query(<<'END');
CREATE ROLE heir;
GRANT CREATE ON SCHEMA public TO heir;
GRANT USAGE ON FOREIGN SERVER fleet TO heir;
GRANT SELECT ON vehicles TO heir;
CREATE USER MAPPING FOR heir SERVER fleet OPTIONS (access_key_id 'test', secret_access_key 'test');
ALTER SYSTEM SET lock_timeout = '100s';
SELECT pg_reload_conf();
END
create_anew();
$worker = worker();
my $giver = $node->background_psql('postgres');
$giver->query_safe('BEGIN; ALTER TABLE vehicle_service OWNER TO heir; '
	  . 'CREATE TRIGGER look BEFORE INSERT OR UPDATE ON vehicle_service FOR EACH ROW EXECUTE FUNCTION look()');
query('TRUNCATE seen');
put('v1', 'tandem', 5);
ok($node->poll_query_until('postgres', "SELECT wait_event_type = 'Lock' FROM pg_stat_activity WHERE pid = $worker"),
	'a batch waits for the table');
$giver->query_safe('COMMIT');
$giver->quit;
becomes(q{owner = 'heir' AND phase = 'LIVE'}, 'the policy is the new owner\'s');
wait_for_index($node, 'the new owner\'s');
is(query(q{SELECT kind FROM vehicle_service}), 'tandem', 'the batch is applied');
is(query('SELECT DISTINCT who FROM seen'), 'heir', 'by the new owner alone');
query('ALTER SYSTEM RESET lock_timeout; SELECT pg_reload_conf()');

# ---- what the database sets for all --------------------------------------------------------------------------

query(q{SELECT yottastore.stop_workers(); ALTER DATABASE postgres SET default_transaction_isolation = 'serializable'; TRUNCATE seen});
query('SELECT yottastore.start_workers()');
put('v1', 'tricycle', 5);
# the sessions that wait are not
local $ENV{PGOPTIONS} = '-c default_transaction_isolation=read\\ committed';
wait_for_index($node, 'where transactions are serializable');
is(query('SELECT DISTINCT isolation FROM seen'), 'read committed', 'batches see what was committed before they had their locks');
query('ALTER DATABASE postgres RESET default_transaction_isolation');

# ---- what is kept of statements ------------------------------------------------------------------------------

my $explain = q{SELECT count(*) > 0 FROM yottastore.explain_item('vehicle_service', 'v1')};
like(
	query("$explain; ALTER TABLE vehicle_service RENAME TO renamed; $explain; " . <<'END'),
SELECT count(*) FILTER (WHERE ident ~ 'yottastore_internal'), count(*) FILTER (WHERE ident ~ 'vehicle_service|renamed|locator')
FROM pg_backend_memory_contexts WHERE name = 'CachedPlanSource'
END
	qr/^t\nt\n[1-9]\d*\|0$/,
	'no plan outlives the names that it was made for');

is(query('SELECT pg_postmaster_start_time()'), $postmaster, 'the server never went down');

$node->stop;
store_api('DeleteTable', { TableName => $table });
done_testing();
