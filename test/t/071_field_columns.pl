# Columns that a policy computes from the item as it is read: the same as the index has once it has caught
# up, for whoever may read the table, and never written.
use strict;
use warnings;

use JSON::PP;
use PostgreSQL::Test::Utils;
use Test::More;
use YottaFleet;
use YottaTest;

use constant VEHICLES => 300;

my $json = JSON::PP->new->utf8->canonical->allow_nonref;
# what is read, and computed: conditions that the index answers have a test of their own
my $node = new_node('columns', conf => 'yottastore.index_scan = off');
my $table = unique_name('vehicles');
create_fleet($node, table => $table, relay => 0);

sub sql { return $node->safe_psql('postgres', $_[0]); }
sub quoted { my ($text) = @_; $text =~ s/'/''/g; return "'$text'"; }

# What a statement is refused with.
sub refused
{
	my ($statement, $expected, $what) = @_;
	my (undef, undef, $stderr) = $node->psql('postgres', "\\set VERBOSITY verbose\n$statement");
	like($stderr, $expected, $what);
	return;
}

# ---- a fleet that no two makers write alike ------------------------------------------------------

my $seed = $ENV{YS_SEED} // time % 1_000_000;
note "YS_SEED=$seed";
my ($declaration, @vehicles) = map { $json->decode($_) } split /\n/, `@{[ $ENV{PYTHON} // '/usr/bin/python3' ]} - $seed @{[VEHICLES]} <<'END'
import json, sys
sys.path.insert(0, 'examples/fleet')
import generate, schema
from fleet import Fleet
print(json.dumps(schema.create_policy()))
for vehicle in Fleet(int(sys.argv[1])).vehicles(int(sys.argv[2])):
    print(json.dumps(generate.typed_item(vehicle)))
END`;
is(scalar @vehicles, VEHICLES, 'the generator makes a fleet');
for (my $first = 0; $first < VEHICLES; $first += 25)
{
	store_api('BatchWriteItem',
		{ RequestItems => { $table => [ map { { PutRequest => { Item => $_ } } } @vehicles[ $first .. $first + 24 ] ] } });
}
put_vehicle($table, 'odd1', { type => { S => " Van\t" }, tags => { SS => [ 'b', 'a' ] }, seen => { S => '2024-05-06T07:08:09Z' }, ok => { S => 'yes' },
	raw => { M => { deep => { L => [ { N => '1.50' }, { BOOL => \1 } ] } } }, plate => { S => 'ab 12' }, zone => { S => 'france' }, must => { N => '1' } });
put_vehicle($table, 'odd2', { odo => { S => 'many' }, seen => { S => 'soon' }, plate => { S => 'boom' }, zone => { S => 'Spain' }, must => { S => 'x' } });
put_vehicle($table, 'odd3', { gps => { S => '45.07,7.69' }, ok => { NULL => \1 }, zone => { S => 'Atlantis' }, text => { S => "nul\0" } });
put_vehicle($table, 'bare', {});

# The policies are of an ordinary role, whom the table belongs to.
my $areas = quoted(slurp_file('examples/fleet/data/countries.geojson'));
my $fleet_policy = $declaration =~ s/'fleet_changes'/NULL/r;
$fleet_policy =~ s/fields => ARRAY\[/$&
    yottastore.field('tags', 'text[]'), yottastore.field('seen', 'timestamp', index => 'covering'), yottastore.field('ok', 'boolean'), yottastore.field('raw', 'jsonb'),
    yottastore.field('plate', 'text', function => 'plate(text)'),/ or die;
$fleet_policy =~ s/\)\s*\z/, attributes => 'all')/ or die;
my $zone_policy = <<'END';
SELECT yottastore.create_index_policy('zones', 'vehicles', NULL, ARRAY[
  yottastore.field('kind', 'text', ARRAY['type']), yottastore.field('must', 'numeric', on_error => 'reject')],
  area => yottastore.area_from_value(ARRAY['zone'], level => 'country'))
END
sql(<<"END");
SELECT yottastore.load_areas($areas, level => 'country', name_property => 'name');
CREATE ROLE fleet_owner;
GRANT CREATE ON SCHEMA public TO fleet_owner;
GRANT USAGE ON FOREIGN SERVER fleet TO fleet_owner;
CREATE USER MAPPING FOR fleet_owner SERVER fleet OPTIONS (access_key_id 'test', secret_access_key 'test');
ALTER FOREIGN TABLE vehicles OWNER TO fleet_owner;
CREATE FUNCTION plate(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS \$\$
BEGIN
  IF \$1 = 'boom' THEN
    RAISE 'no plate';
  END IF;
  RETURN current_user || ' ' || upper(\$1);
END \$\$;
REVOKE EXECUTE ON FUNCTION plate FROM PUBLIC;
GRANT EXECUTE ON FUNCTION plate TO fleet_owner;
SET ROLE fleet_owner;
$fleet_policy;
$zone_policy;
END
wait_for_index($node, 'the fleet', 180, $_) foreach 'vehicle_service', 'zones';

# ---- the same as the index -------------------------------------------------------------------------

is(sql("SET ROLE fleet_owner; SELECT yottastore.add_index_columns('vehicle_service'), yottastore.add_index_columns('zones', 'z_')"),
	'15|5', 'the columns are added by the table\'s owner');
is(sql("SELECT yottastore.add_index_columns('vehicle_service')"), '0', 'and once');
my @columns = split /\n/, sql(q(SELECT attname FROM pg_attribute WHERE attrelid = 'vehicle_service'::regclass AND attnum > 0
	AND attname NOT IN ('vehicle_id', 'changed_at', 'indexed_at', 'event_version') ORDER BY attnum));
is(scalar @columns, 15, 'every column of the index table that its policy makes is one of them');

# What the table and an index say differently: the table's names are the index's with a prefix.
sub differences
{
	my ($policy, $prefix, $set, @names) = @_;
	my $values = join ', ', map { "('$_', v.$prefix$_\::text, i.$_\::text)" } @names;
	return sql("$set SELECT vehicle_id, r.* FROM $policy i LEFT JOIN vehicles v USING (vehicle_id), LATERAL (VALUES $values) r(name, computed, indexed)"
		  . ' WHERE computed IS DISTINCT FROM indexed ORDER BY 1, 2 LIMIT 20');
}
is(differences('vehicle_service', '', '', @columns), '', 'a scan computes what the index has');
is(sql('SELECT count(*) FROM vehicle_service'), VEHICLES + 4, 'which has every item');
cmp_ok(sql("SELECT count($_) FROM vehicles"), '>', 0, "$_ is somewhere") foreach @columns;
cmp_ok(sql('SELECT count(DISTINCT area) FROM vehicles'), '>', 10, 'areas are many');
is(sql(q(SELECT tags, seen AT TIME ZONE 'UTC', ok, raw, plate, kind FROM vehicles WHERE vehicle_id = 'odd1')),
	'{a,b}|2024-05-06 07:08:09|t|{"deep": [1.50, true]}|fleet_owner AB 12|van', 'an item by its key');
is(sql(q(SELECT plate, rejected->'plate'->>'reason', rejected->'odometer_km'->>'value' FROM vehicles WHERE vehicle_id IN ('odd2', 'none'))),
	'|no plate|many', 'what can\'t be used is NULL, and told why');
is(differences('zones', 'z_', '', qw(area kind must area_value rejected)), '', 'another policy of the same table');
is(sql('SELECT count(*) FROM zones'), VEHICLES + 3, 'whose index lacks the item that is in quarantine');
is(sql("SELECT z_area, z_must, z_rejected->'must'->>'reason' FROM vehicles WHERE vehicle_id = 'odd2'"), 'Spain||not a number',
	'an item in quarantine is computed as any other');

# What a column is computed from is asked for, and no more; all attributes, all of the item.
sub rows_by { my ($columns) = @_; return sql("SELECT $columns FROM vehicles WHERE vehicle_id = 'odd1'"); }
is(rows_by('tags'), '{a,b}', 'one column alone');
is(rows_by('attributes->>\'plate\''), 'ab 12', 'all attributes');
is(rows_by('z_area, seen IS NULL'), 'France|f', 'columns of two policies');

# ---- read with conditions, joins, LIMIT, statistics ------------------------------------------------

is(sql('SELECT count(*) FROM vehicles WHERE odometer_km > 100000 AND last_service IS NOT NULL'),
	sql('SELECT count(*) FROM vehicle_service WHERE odometer_km > 100000 AND last_service IS NOT NULL'), 'conditions on them are checked');
is(sql('SELECT vehicle_id FROM vehicles WHERE kind IS NOT NULL ORDER BY odometer_km DESC NULLS LAST, vehicle_id LIMIT 5'),
	sql('SELECT vehicle_id FROM vehicle_service WHERE kind IS NOT NULL ORDER BY odometer_km DESC NULLS LAST, vehicle_id LIMIT 5'), 'sorted and limited');
is(sql('SELECT count(*) FROM (SELECT FROM vehicles WHERE make IS NOT NULL LIMIT 7) v'), '7', 'a LIMIT is of rows that satisfy them');
my $join = 'SET enable_hashjoin = off; SET enable_mergejoin = off;';
like(sql("$join EXPLAIN SELECT v.kind FROM vehicle_service i JOIN vehicles v USING (vehicle_id)"), qr/YottastoreKeys/, 'a join by key reads ahead');
is(differences('vehicle_service', '', $join, @columns), '', 'and computes the same');
is(sql("$join SELECT count(*) FROM vehicle_service i JOIN vehicles v USING (vehicle_id) WHERE (v.*) IS NULL OR v.kind IS DISTINCT FROM i.kind OR v.area <> i.area"),
	'0', 'with the index as the outer side');
my $parallel = 'SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0; SET enable_nestloop = off;';
sql("CREATE TABLE many AS SELECT 'odd' || i % 9 AS id FROM generate_series(1, 20000) i; ANALYZE many");
is(sql("$parallel SELECT count(v.plate), count(v.kind) FROM many JOIN vehicles v ON v.vehicle_id = many.id"), '2223|2223', 'beside parallel workers');
sql('ANALYZE vehicles');
is(sql("SELECT count(*) FROM pg_stats WHERE tablename = 'vehicles' AND attname IN ('kind', 'area', 'odometer_km', 'last_service', 'rejected')"),
	'5', 'ANALYZE computes them');

# A covering index has all that a lookup by it needs.
my $lookup = "SET yottastore.index_scan = on; SET enable_seqscan = off; SET enable_bitmapscan = off; SET random_page_cost = 0.1;";
sql('VACUUM ANALYZE vehicle_service');
like(sql("$lookup EXPLAIN SELECT vehicle_id, item FROM vehicles WHERE seen > '2024-01-01'"), qr/Index Only Scan using \w+_seen_vehicle_id_idx/,
	'nothing else of the index table is read');
is(sql("$lookup SELECT vehicle_id FROM vehicles WHERE seen > '2024-01-01'"), 'odd1', 'to find an item');

# ---- rights ----------------------------------------------------------------------------------------------

sql(<<'END');
CREATE ROLE visitor;
CREATE USER MAPPING FOR visitor SERVER fleet OPTIONS (access_key_id 'test', secret_access_key 'test');
GRANT SELECT (vehicle_id, kind, area, plate, seen, rejected) ON vehicles TO visitor;
END
is(sql("SET ROLE visitor; SELECT kind, plate, seen IS NULL FROM vehicles WHERE vehicle_id = 'odd1'"), 'van|fleet_owner AB 12|f',
	'SELECT on the table is enough: functions run as the policy\'s owner');
refused('SET ROLE visitor; SELECT odometer_km FROM vehicles', qr/42501: permission denied for foreign table vehicles/, 'and is needed');
refused('SET ROLE visitor; SELECT kind FROM vehicle_service', qr/42501: permission denied for table vehicle_service/, 'the index table is another matter');
refused("SET ROLE visitor; SELECT yottastore.add_index_columns('vehicle_service', 'x_')", qr/42501: must be owner of foreign table vehicles/,
	'columns are the owner\'s to add');

# ---- writing -----------------------------------------------------------------------------------------------

refused("INSERT INTO vehicles (vehicle_id, kind) VALUES ('new', 'car')", qr/428C9: cannot write column "kind"/, 'no INSERT');
refused("COPY vehicles (vehicle_id, odometer_km) FROM STDIN;\nnew\t5\n\\.", qr/428C9: cannot write column "odometer_km"/, 'no COPY');
refused("UPDATE vehicles SET kind = 'x'", qr/428C9: cannot write column "kind"/, 'no UPDATE');
is(sql("SELECT count(*) FROM vehicles WHERE vehicle_id = 'new'"), '0', 'nothing was written');
is(sql(q(INSERT INTO vehicles (vehicle_id, item) VALUES ('n1', '{"type": "Bus", "odo": "12 mi", "zone": "Italy"}') RETURNING kind, odometer_km, z_area, plate)),
	'bus|19.312128|Italy|', 'INSERT returns them');
is(sql(q(UPDATE vehicles SET item = jsonb_set(item, '{type}', '"Tram"') WHERE vehicle_id = 'n1' RETURNING kind, odometer_km)), 'tram|19.312128', 'UPDATE, too');
is(sql(q(UPDATE vehicles SET item = jsonb_set(item, '{odo}', to_jsonb(odometer_km * 10)) WHERE kind = 'tram' AND area = 'unlocated' RETURNING odometer_km)),
	'193.12128', 'an UPDATE finds items, and makes new values, by them');
is(sql(q(UPDATE vehicles v SET item = jsonb_set(item, '{plate}', '"p 7"') FROM (VALUES ('n1'), ('odd1')) u(id) WHERE u.id = v.vehicle_id AND v.kind = 'tram' RETURNING v.plate)),
	'fleet_owner P 7', 'in a join');
sql(<<'END');
CREATE TABLE noted (kind text, was text);
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO noted VALUES (NEW.kind, OLD.kind); RETURN NULL; END';
CREATE TRIGGER note AFTER UPDATE ON vehicles FOR EACH ROW EXECUTE FUNCTION note();
UPDATE vehicles SET item = jsonb_set(item, '{type}', '"Boat"') WHERE vehicle_id = 'n1';
DROP TRIGGER note ON vehicles;
CREATE FUNCTION pretend() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.kind := 'plane'; RETURN NEW; END $$;
CREATE TRIGGER pretend BEFORE UPDATE ON vehicles FOR EACH ROW EXECUTE FUNCTION pretend();
END
is(sql('SELECT * FROM noted'), 'boat|tram', 'triggers see them');
refused(q(UPDATE vehicles SET item = jsonb_set(item, '{type}', '"Car"') WHERE vehicle_id = 'n1'), qr/428C9: cannot write column "kind"/,
	'and don\'t write them');
sql('DROP TRIGGER pretend ON vehicles');
is(sql(q(DELETE FROM vehicles WHERE kind = 'boat' RETURNING vehicle_id, kind, z_area)), 'n1|boat|Italy', 'a DELETE finds items by them and returns them');
is(sql(q(DELETE FROM vehicles WHERE vehicle_id = 'bare' RETURNING area)), 'unlocated', 'and so does one by key, which reads nothing');

# Whoever changes what a column is computed from, after it was read, wins.
put_vehicle($table, 'race', { type => { S => 'race' } });
sql(<<"END");
CREATE FOREIGN TABLE other (vehicle_id text OPTIONS (key 'partition') NOT NULL, type text) SERVER fleet OPTIONS (table '$table');
CREATE FUNCTION meddle(text) RETURNS boolean LANGUAGE plpgsql AS \$\$
BEGIN
  UPDATE other SET type = \$1 || 'd' WHERE vehicle_id = 'race';
  RETURN true;
END \$\$;
END
refused(q(UPDATE vehicles SET item = jsonb_set(item, '{note}', '1') WHERE vehicle_id = 'race' AND kind = 'race' AND meddle('race')),
	qr/(?:40001|40003): an item of "\w+" was changed after it was read/, 'an UPDATE by a computed column guards all of the item');
refused(q(DELETE FROM vehicles WHERE vehicle_id = 'race' AND kind = 'raced' AND meddle('raced')),
	qr/(?:40001|40003): an item of "\w+" was changed after it was read/, 'and so does a DELETE');
is(sql(q(DELETE FROM vehicles WHERE vehicle_id = 'race' RETURNING kind)), 'racedd', 'which is there still');

# ---- what they are computed by changes -----------------------------------------------------------

refused("SELECT yottastore.drop_index_policy('zones')", qr/2BP01: cannot drop index policy "zones" because columns are computed by it\s+DETAIL:  They are, of foreign table "vehicles": "z_area", "z_kind", "z_must", "z_area_value", "z_rejected"/,
	'a policy that columns need is not dropped');
my $session = $node->background_psql('postgres', on_error_stop => 0);
$session->query_safe(q(PREPARE kinds AS SELECT string_agg(z_kind, ' ' ORDER BY vehicle_id) FROM vehicles WHERE vehicle_id LIKE 'odd%' AND z_area <> 'nowhere'));
is(join('|', map { scalar $session->query('EXECUTE kinds') } 1 .. 7), join('|', (" Van\t") x 7), 'a prepared statement');
sql(<<'END');
ALTER FOREIGN TABLE vehicles ALTER COLUMN z_area OPTIONS (DROP field), ALTER COLUMN z_kind OPTIONS (DROP field), ALTER COLUMN z_must OPTIONS (DROP field),
  ALTER COLUMN z_area_value OPTIONS (DROP field), ALTER COLUMN z_rejected OPTIONS (DROP field);
SELECT yottastore.drop_index_policy('zones');
ALTER FOREIGN TABLE vehicles ALTER COLUMN z_area OPTIONS (ADD field 'zones.area'), ALTER COLUMN z_kind OPTIONS (ADD field 'zones.kind'),
  DROP COLUMN z_must, DROP COLUMN z_area_value, DROP COLUMN z_rejected;
END
like(sql('SELECT count(*) FROM vehicles WHERE kind IS NOT NULL'), qr/^\d+$/, 'without it the other columns can be read');
refused('SELECT z_kind FROM vehicles', qr/42704: index policy "zones" does not exist\s+DETAIL:  Column "z_kind" of foreign table "vehicles" is computed by it/,
	'and not its own');
$session->query('EXECUTE kinds');
like($session->{stderr}, qr/index policy "zones" does not exist/, 'by a prepared statement neither');
$session->{stderr} = '';
sql($zone_policy =~ s/'type'\]/'type'\], normalizers => ARRAY['trim', 'upper']/r);
is(scalar $session->query('EXECUTE kinds'), 'VAN', 'a new policy of that name computes them from then on');
my $where = q(SELECT z_area FROM vehicles WHERE vehicle_id = 'odd1');
sub seen { my ($statement) = @_; return scalar $session->query($statement); }
is(seen($where), 'France', 'areas');
seen(q(BEGIN; UPDATE yottastore.areas SET name = 'Elsewhere', aliases = aliases || '{France}' WHERE level = 'country' AND name = 'France'));
is(seen($where), 'Elsewhere', 'as the transaction has made them');
is(seen("ROLLBACK; $where"), 'France', 'unless it is undone');
seen('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1');
sql(q(UPDATE yottastore.areas SET name = 'Hexagon', aliases = aliases || '{France}' WHERE level = 'country' AND name = 'France'));
is(seen($where), 'France', 'or its snapshot has');
is(seen("COMMIT; $where"), 'Hexagon', 'and no longer than that');
sql('CREATE OR REPLACE FUNCTION plate(text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT lower($1) $$');
is(sql(q(SELECT plate FROM vehicles WHERE vehicle_id = 'odd1')), 'ab 12', 'functions, too');
sql('REVOKE EXECUTE ON FUNCTION plate FROM fleet_owner');
refused('SELECT plate FROM vehicles', qr/42501: permission denied for function plate/, 'which the owner must be allowed to call');
sql('GRANT EXECUTE ON FUNCTION plate TO fleet_owner; DROP TABLE zones');
refused('SELECT z_kind FROM vehicles', qr/42704: index policy "zones" does not exist/, 'a policy may go with its index table');
$session->quit;

# ---- partitions --------------------------------------------------------------------------------------

sql(<<"END");
CREATE TABLE all_vehicles (vehicle_id text NOT NULL, item jsonb, kind text) PARTITION BY LIST (vehicle_id);
CREATE FOREIGN TABLE some_vehicles (vehicle_id text OPTIONS (key 'partition') NOT NULL, item jsonb OPTIONS (document 'true'), kind text OPTIONS (field 'partition_kinds.kind'))
  SERVER fleet OPTIONS (table '$table');
SELECT yottastore.create_index_policy('partition_kinds', 'some_vehicles', NULL, ARRAY[yottastore.field('kind', 'text', ARRAY['type'])]);
ALTER TABLE all_vehicles ATTACH PARTITION some_vehicles FOR VALUES IN ('odd1', 'odd2', 'odd3', 'n2');
END
is(sql("SELECT kind FROM all_vehicles WHERE vehicle_id = 'odd1'"), " Van\t", 'a partition\'s columns are computed');
refused("INSERT INTO all_vehicles (vehicle_id, kind) VALUES ('n2', 'x')", qr/428C9: cannot write column "kind"/, 'and not written');
is(sql(q(INSERT INTO all_vehicles (vehicle_id, item) VALUES ('n2', '{"type": "cab"}'); UPDATE all_vehicles SET item = item || '{"n": 1}' WHERE kind = 'cab' RETURNING kind;
	DELETE FROM all_vehicles WHERE kind = 'cab' RETURNING item->>'n')), "cab\n1", 'and items are changed by them');

sql('ANALYZE some_vehicles');
my $kinds = 'SELECT vehicle_id, kind FROM some_vehicles WHERE item IS NOT NULL';
$parallel .= ' SET parallel_leader_participation = off;';
like(sql("$parallel EXPLAIN $kinds"), qr/Gather.*Parallel Foreign Scan/s, 'a scan by parallel workers');
my $all = "SELECT count(*), count(kind), md5(string_agg(q::text, ',' ORDER BY vehicle_id)) FROM ($kinds) q";
is(sql("$parallel $all"), sql($all), 'who compute them, too');

# ---- dumped and restored -----------------------------------------------------------------------------

my $dump = PostgreSQL::Test::Utils::tempdir() . '/dump.sql';
$node->command_ok([ 'pg_dump', '-f', $dump, 'postgres' ], 'the database can be dumped');
sql('CREATE DATABASE restored');
my ($code, undef, $stderr) = $node->psql('restored', undef, extra_params => [ '-f', $dump ], on_error_stop => 1);
is($code, 0, 'and restored') or diag($stderr);
(undef, undef, $stderr) = $node->psql('restored', 'SELECT kind FROM some_vehicles');
like($stderr, qr/index policy "partition_kinds" does not exist/, 'where policies are made anew');
is($node->safe_psql('restored', <<'END'), " Van\t", 'and the columns are then as they were');
DROP TABLE partition_kinds;
SET client_min_messages = warning;
DO $$ BEGIN PERFORM yottastore.create_index_policy('partition_kinds', 'some_vehicles', NULL, ARRAY[yottastore.field('kind', 'text', ARRAY['type'])]); END $$;
SELECT kind FROM some_vehicles WHERE vehicle_id = 'odd1'
END

store_api('DeleteTable', { TableName => $table });
$node->stop;
done_testing();
