# Fields whose values go through a function of the user's: backfilled and live, errors per value,
# and what becomes of the policy when the function changes under a running worker.
use strict;
use warnings;

use PostgreSQL::Test::Utils;
use Test::More;
use YottaFleet;
use YottaTest;

my $node = new_node('functions');
my $table = unique_name('vehicles');
create_fleet($node, table => $table, topic => unique_name('vehicles'));

# Owner of the policy: an ordinary role. It has what a function that only pretends to be IMMUTABLE
# would write to.
$node->safe_psql('postgres', <<'END');
CREATE ROLE fleet_owner;
CREATE TABLE traces (what text);
GRANT ALL ON traces TO fleet_owner;
GRANT CREATE ON SCHEMA public TO fleet_owner;
GRANT USAGE ON FOREIGN SERVER fleet, fleet_changes TO fleet_owner;
CREATE USER MAPPING FOR fleet_owner SERVER fleet OPTIONS (access_key_id 'test', secret_access_key 'test');
ALTER FOREIGN TABLE vehicles OWNER TO fleet_owner;

CREATE FUNCTION plate(text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT upper(replace($1, ' ', '')) $$;
CREATE FUNCTION checked(jsonb) RETURNS date LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  IF $1 ? 'bad' THEN
    RAISE EXCEPTION 'no day in it: %', repeat(U&'\00e9', 300);
  END IF;
  RETURN DATE '2024-01-01' + ($1->>'day')::int;
END $$;
CREATE FUNCTION ratio(text) RETURNS numeric LANGUAGE sql IMMUTABLE AS 'SELECT 100 / $1::numeric';
CREATE FUNCTION who(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN RETURN current_user || ' ' || current_setting('search_path') || ' ' || $1; END $$;
CREATE FUNCTION wrote(text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  IF $1 = 'insert' THEN
    INSERT INTO public.traces VALUES ($1);
  ELSIF $1 = 'set' THEN
    PERFORM set_config('my.trace', 'left behind', false);
  ELSIF $1 = 'see' THEN
    RETURN current_setting('my.trace', true) = 'left behind';
  END IF;
  RETURN true;
END $$;
CREATE FUNCTION pretends(text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS
  'BEGIN RETURN public.wrote($1); END';
CREATE FUNCTION sleepy(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  IF $1 = 'sleep' THEN
    PERFORM pg_sleep(600);
  END IF;
  RETURN $1;
END $$;
END

put_vehicle($table, 'b1', { p => { S => 'ab 12 cd' }, d => { M => { day => { N => '71' } } } });
put_vehicle($table, 'b2', { p => { N => '1.50' }, d => { M => { bad => { NULL => \1 } } }, r => { N => '0' } });
put_vehicle($table, 'b3', { p => { L => [ { S => 'x y' }, { N => '7' } ] }, d => { NULL => \1 }, r => { S => '3' } });

$node->safe_psql('postgres', <<'END');
SET ROLE fleet_owner;
SELECT yottastore.create_index_policy('vehicle_service', 'vehicles', 'fleet_changes', fields => ARRAY[
  yottastore.field('plate', 'text', ARRAY['p'], function => 'plate(text)'),
  yottastore.field('day', 'date', ARRAY['d'], function => 'checked(jsonb)'),
  yottastore.field('ratio', 'numeric', ARRAY['r', 'r2'], function => 'ratio(text)'),
  yottastore.field('who', 'text', ARRAY['who'], function => 'who(text)'),
  yottastore.field('pretends', 'boolean', ARRAY['pretends'], function => 'pretends(text)'),
  yottastore.field('sleepy', 'text', ARRAY['sleepy'], function => 'sleepy(text)')]);
END
wait_for_index($node, 'backfill');

sub rows
{
	my ($where) = @_;
	return $node->safe_psql('postgres',
		"SELECT vehicle_id, plate, day, ratio, who, pretends, sleepy FROM vehicle_service WHERE $where ORDER BY 1");
}
sub rejected
{
	my ($id) = @_;
	return $node->safe_psql('postgres', <<"END");
SELECT string_agg(key || '=' || (value->>'reason'), ', ' ORDER BY key)
FROM vehicle_service, jsonb_each(rejected) WHERE vehicle_id = '$id'
END
}

is(rows('true'), <<'END' =~ s/\n\z//r, 'backfilled items went through the functions');
b1|AB12CD|2024-03-12||||
b2|1.5|||||
b3|["XY",7]||33.3333333333333333|||
END
is( $node->safe_psql('postgres', <<'END'), 'division by zero|no day in it:|107|200',
SELECT rejected->'ratio'->>'reason', substr(reason, 1, 13), length(reason), octet_length(reason)
FROM vehicle_service, LATERAL (SELECT rejected->'day'->>'reason') r (reason) WHERE vehicle_id = 'b2'
END
	'an error is the value\'s own, cut between characters');
is( $node->safe_psql('postgres', "SELECT rejected->'ratio'->>'value' FROM vehicle_service WHERE vehicle_id = 'b2'"),
	'0', 'with the value as the item has it');

# ---- live ------------------------------------------------------------------------------------

put_vehicle($table, 'b1', { p => { S => 'zz 9' }, r => { N => '0' }, r2 => { N => '8' }, who => { S => 'called' } });
put_vehicle($table, 'b2', { p => { BOOL => \1 }, d => { M => { day => { S => 'x' } } } });
put_vehicle($table, "w_$_", { pretends => { S => $_ } }) foreach qw(insert set);
put_vehicle($table, 'b3', { p => { S => "nul\0" } });
wait_for_index($node, 'live');
put_vehicle($table, 'w_see', { pretends => { S => 'see' } });
wait_for_index($node, 'afterwards');
is(rows('true'), <<'END' =~ s/\n\z//r, 'so did live ones, as the owner and with a fixed search_path');
b1|ZZ9||12.5|fleet_owner pg_catalog, pg_temp called||
b2|TRUE|||||
b3||||||
w_insert||||||
w_see|||||f|
w_set|||||t|
END
is(rejected('b1'), 'ratio=division by zero', 'a first value that fails is noted, and the next one taken');
like(rejected('b2'), qr/^day=invalid input syntax for type integer: "x"$/, 'errors of the language itself, too');
like(rejected('w_insert'), qr/cannot execute INSERT in a read-only transaction/, 'a function cannot write');
is($node->safe_psql('postgres', 'SELECT count(*) FROM traces'), 0, 'and nothing was written');
is(rejected('b3'), 'plate=contains U+0000', 'what text cannot hold is not handed over');

# ---- the same elsewhere ------------------------------------------------------------------------

is( $node->safe_psql('postgres', <<'END'), '12.5|t', 'explained, as the owner');
SELECT value, agrees FROM yottastore.explain_item('vehicle_service', 'b1') WHERE field = 'ratio' AND agrees IS NOT NULL
UNION ALL
SELECT value, agrees FROM yottastore.explain_item('vehicle_service', 'b1') WHERE field = 'who' AND NOT agrees
END
is( $node->safe_psql('postgres', <<'END'), $node->safe_psql('postgres', 'SELECT current_user') . '|9 Z', 'tried out, as whoever tries');
CREATE FUNCTION turned(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT reverse($1)';
SELECT split_part(string_agg(value, ' ' ORDER BY field DESC), ' ', 1), max(value) FILTER (WHERE field = 'turned')
FROM yottastore.test_index_policy(ARRAY[
    yottastore.field('turned', 'text', ARRAY['p'], function => 'turned(text)'),
    yottastore.field('who', 'text', ARRAY['p'], function => 'who(text)')], ARRAY['{"p": "Z 9"}'::jsonb])
END

# ---- it sleeps, and is cancelled --------------------------------------------------------------

# The worker that is in a transaction of its own, after any before, and sleeps there.
sub wait_for_sleeper
{
	my ($before) = @_;
	my $sleeper = q{SELECT pid || ' ' || xact_start FROM pg_stat_activity
		WHERE backend_type = 'yottastore stream worker' AND wait_event = 'PgSleep'};
	$node->poll_query_until('postgres', "SELECT count(*) = 1 FROM ($sleeper) s(id) WHERE id <> '$before'")
	  or die 'nobody sleeps';
	return $node->safe_psql('postgres', $sleeper);
}
sub pid { return (split ' ', $_[0])[0]; }

put_vehicle($table, 's1', { sleepy => { S => 'sleep' } });
my $first = wait_for_sleeper('');
is($node->safe_psql('postgres', 'SELECT pg_cancel_backend(' . pid($first) . ')'), 't', 'cancelled');
my $again = wait_for_sleeper($first);
is(pid($again), pid($first), 'what is cancelled is tried again, and nothing is rejected for that');
is($node->safe_psql('postgres', 'SELECT pg_terminate_backend(' . pid($again) . ')'), 't', 'terminated');
my $other = wait_for_sleeper($again);
isnt(pid($other), pid($again), 'another worker goes on');

# A pause does not wait for the function.
is($node->safe_psql('postgres', "SELECT yottastore.pause_index_policy('vehicle_service')"), 't', 'paused meanwhile');
$node->safe_psql('postgres', <<'END');
CREATE OR REPLACE FUNCTION sleepy(text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT 'awake' $$;
SELECT yottastore.resume_index_policy('vehicle_service');
END
$node->safe_psql('postgres', 'SELECT pg_cancel_backend(' . pid($other) . ')');
wait_for_index($node, 'with another function');
is(rows("vehicle_id = 's1'"), 's1||||||awake', 'the function as it is now is called');

# ---- it is no longer what it must be ----------------------------------------------------------

sub paused_by
{
	my ($change, $reason, $mend) = @_;
	$node->safe_psql('postgres', $change);
	put_vehicle($table, 'c1', { p => { S => $change } });
	$node->poll_query_until('postgres',
		"SELECT phase = 'PAUSED' FROM yottastore.index_policies") or die("not paused: $change");
	like($node->safe_psql('postgres', 'SELECT reason FROM yottastore.index_policies'),
		$reason, "$change pauses the policy");
	$node->safe_psql('postgres', "$mend; SELECT yottastore.resume_index_policy('vehicle_service')");
	wait_for_index($node, 'mended');
	is(rows("vehicle_id = 'c1'"), 'c1|' . (uc $change =~ s/ //gr) . '|||||', 'and nothing was lost');
	return;
}
paused_by('ALTER FUNCTION plate(text) STABLE', qr/function public\.plate\(pg_catalog\.text\) is not IMMUTABLE/,
	'ALTER FUNCTION plate(text) IMMUTABLE');
paused_by('REVOKE EXECUTE ON FUNCTION plate FROM PUBLIC', qr/permission denied for function plate/,
	'GRANT EXECUTE ON FUNCTION plate TO fleet_owner');

my ($code, $stdout, $stderr) = $node->psql('postgres', 'DROP FUNCTION plate(text)');
like($stderr, qr/vehicle_service depends on function plate\(text\)/, 'a function in use cannot be dropped');

# Forced out of the catalog, as no statement would: still a pause, and no value is blamed.
$node->safe_psql('postgres', <<'END');
DELETE FROM pg_depend WHERE refclassid = 'pg_proc'::regclass AND refobjid = 'plate(text)'::regprocedure;
DROP FUNCTION plate(text);
END
put_vehicle($table, 'c2', { p => { S => 'gone' } });
$node->poll_query_until('postgres', "SELECT phase = 'PAUSED' AND reason LIKE 'function \"public.plate(pg_catalog.text)\" does not exist%' FROM yottastore.index_policies")
  or die('not paused');
pass('a function that is gone pauses the policy');

store_api('DeleteTable', { TableName => $table });
$node->stop;
done_testing();
