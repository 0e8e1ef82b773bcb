# Reading a real store: values and types, paths, operations, paging, joins, and what is said when
# something is wrong. Queries are compared with the same ones on a local copy.
use strict;
use warnings;

use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);
use YottaTest;

my $node = new_node('fdw', conf => "timezone = 'UTC'\n");
create_servers($node);

sub sql { return $node->safe_psql('postgres', $_[0]); }

# The SQLSTATE and the text of a statement that must fail.
sub sql_error
{
	my ($query) = @_;
	my ($code, $output, $error) = $node->psql('postgres', "\\set VERBOSITY verbose\n$query");
	return $error;
}

# ---- types and values ------------------------------------------------------------------------

my $types = unique_name('types');
sql("SELECT yottastore.create_store_table('fleet', '$types', 'id', stream => false)");
store_api('PutItem', { TableName => $types, Item => $_ }) foreach (
	{
		id => { S => 'plain' },
		text => { S => "gr\x{fc}n \"x\"\n" },
		number => { N => '12345678901234567890123456789012345678' },
		small => { N => '42' },
		flag => { BOOL => \1 },
		bytes => { B => 'AAEC/w==' },
		day => { S => '2024-03-12' },
		moment => { S => '2024-03-12T10:00:00.25+02:00' },
		uid => { S => 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11' },
		tags => { SS => [ 'b', 'a' ] },
		list => { L => [ { S => 'x' }, { NULL => \1 }, { S => 'y' } ] },
		numbers => { NS => [ '10', '9', '1.5' ] },
		nothing => { NULL => \1 },
		deep => { M => { a => { L => [ { M => { 'odd.name' => { N => '7' } } } ] } } },
		log => { L => [ { M => { on => { S => 'first' } } }, { M => { on => { S => 'second' } } } ] },
	},
	{
		id => { S => 'wrong' },
		text => { N => '1' },
		number => { S => '1' },
		small => { N => '3000000000' },
		flag => { S => 'true' },
		bytes => { S => 'AAEC/w==' },
		day => { S => '12/03/2024' },
		moment => { S => 'today' },
		uid => { S => 'not one' },
		tags => { M => {} },
		list => { N => '1' },
		numbers => { L => [ { N => '1' }, { S => 'x' } ] },
	},
	{
		id => { S => 'edge' },
		text => { S => "a\x{0}b" },
		number => { N => '-9.9999999999999999999999999999999999999E+125' },
		small => { N => '1.2E1' },
		bytes => { B => '' },
	});
sql(<<"END");
CREATE FOREIGN TABLE typed (
	id text OPTIONS (key 'partition') NOT NULL,
	text text, number numeric, small int, big bigint OPTIONS (path 'small'), flag boolean,
	bytes bytea, day date, moment timestamptz, uid uuid, tags text[], list text[], numbers numeric[],
	nothing text, seven int OPTIONS (path 'deep.a[0]."odd.name"'),
	first_on text OPTIONS (path 'log[*].on'), second_on text OPTIONS (path 'log[1].on'),
	deep jsonb, as_json json OPTIONS (path 'deep'), rounded numeric(3,1) OPTIONS (path 'small'),
	item jsonb OPTIONS (document 'true')
) SERVER fleet OPTIONS (table '$types');
CREATE FOREIGN TABLE strict (
	id text OPTIONS (key 'partition') NOT NULL, small int OPTIONS (on_mismatch 'error')
) SERVER fleet OPTIONS (table '$types');
END

is( sql("SELECT text = E'gr\\u00fcn \"x\"\\n', number, small, big, flag, bytes, day, moment, uid, tags, list, numbers,"
		  . " nothing IS NULL, seven, first_on, second_on, deep, as_json, rounded FROM typed WHERE id = 'plain'"),
	join('|', 't', '12345678901234567890123456789012345678', 42, 42, 't', '\x000102ff', '2024-03-12',
		'2024-03-12 08:00:00.25+00', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '{a,b}', '{x,NULL,y}',
		'{1.5,9,10}', 't', 7, 'first', 'second', '{"a": [{"odd.name": 7}]}',
		'{"a": [{"odd.name": 7}]}', '42.0'),
	'every type reads as itself');
is( sql("SELECT item - '{deep,log}'::text[] - 'text' FROM typed WHERE id = 'plain'"),
	'{"id": "plain", "day": "2024-03-12", "uid": "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11", "flag": true, '
	  . '"list": ["x", null, "y"], "tags": ["a", "b"], "bytes": "AAEC/w==", "small": 42, '
	  . '"moment": "2024-03-12T10:00:00.25+02:00", "number": 12345678901234567890123456789012345678, '
	  . '"nothing": null, "numbers": [1.5, 9, 10]}',
	'the document has them all');
is( sql("SELECT num_nulls(text, number, small, flag, bytes, day, moment, uid, tags, list, numbers), big FROM typed WHERE id = 'wrong'"),
	'11|3000000000', 'values that do not fit are NULL');
is( sql("SELECT text IS NULL, item IS NULL, number = -9.9999999999999999999999999999999999999E+125, small, bytes"
		  . " FROM typed WHERE id = 'edge'"),
	't|t|t|12|\x', 'U+0000 is no text, a great number is exact');
like(sql("EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) SELECT small, flag FROM typed WHERE id = 'wrong'"),
	qr/Mismatches: 2/, 'mismatches are counted');
my $error = sql_error("SELECT small FROM strict");
like($error, qr/HV004.*a value does not fit column "small" of type integer/, 'on_mismatch error');
like($error, qr/DETAIL:.* in the item of key \{"id":\{"S":"wrong"\}\}/, '... of an item that is told, though its key was not asked for');
like($error, qr/HINT:.*on_mismatch 'null'/, '... with a way out');

# ---- operations: the same queries on a local copy --------------------------------------------

my $single = unique_name('single');
my $composite = unique_name('composite');
sql(<<"END");
SELECT yottastore.create_store_table('fleet', '$single', 'id', stream => false),
	yottastore.create_store_table('fleet', '$composite', 'device', 'at numeric', stream => false);
CREATE FOREIGN TABLE single (id text OPTIONS (key 'partition') NOT NULL, n int, odo numeric, kind text,
	item jsonb OPTIONS (document 'true')) SERVER fleet OPTIONS (table '$single');
CREATE FOREIGN TABLE composite (device varchar OPTIONS (key 'partition') NOT NULL,
	at bigint OPTIONS (key 'sort') NOT NULL, value float8, pad text) SERVER fleet OPTIONS (table '$composite');
INSERT INTO single (id, n, odo, kind)
	SELECT 'k' || i, i, CASE WHEN i % 7 > 0 THEN i * 1.25 END, 'kind ' || i % 5 FROM generate_series(1, 700) i;
INSERT INTO composite SELECT 'd' || i % 20, i / 20 - 50, i / 3.0, repeat('x', 3000) FROM generate_series(1, 2000) i;
CREATE TABLE single_copy AS SELECT * FROM single;
CREATE TABLE composite_copy AS SELECT * FROM composite;
CREATE TABLE driver AS SELECT i AS n, 'k' || i * 9 AS id, 'd' || i % 25 AS device, i % 60 - 30 AS at
	FROM generate_series(1, 100) i;
INSERT INTO driver VALUES (NULL, NULL, NULL, NULL), (1, '', '', 1), (2, repeat('x', 3000), repeat('x', 3000), 2),
	(3, 'k9', 'd9', 3);
ANALYZE driver;
END
is(sql('SELECT count(*) FROM single_copy'), 700, 'all items of a small table');
is(sql('SELECT count(*), count(DISTINCT (device, at)), sum(length(pad)) FROM composite_copy'),
	'2000|2000|6000000', 'all items of several pages');

# The same result from the store and from the copy.
my %operations;

sub same
{
	my ($query) = @_;
	(my $local = $query) =~ s/\b(single|composite)\b/$1_copy/g;
	my $plan = sql("EXPLAIN (COSTS OFF) $query");
	$operations{$_}++ foreach $plan =~ /Store Operation: (\w+)/g;
	my $difference = sql("SELECT count(*) FROM (($query) EXCEPT ALL ($local)"
		  . " UNION ALL (($local) EXCEPT ALL ($query))) d");
	is($difference, 0, $query) or diag($plan);
	return;
}

my @queries = (
	"SELECT * FROM single WHERE id = 'k5'",
	"SELECT * FROM single WHERE id = ''",
	"SELECT * FROM single WHERE id = repeat('x', 3000)",
	"SELECT * FROM single WHERE id = NULL",
	"SELECT * FROM single WHERE id = 'k5' AND id = 'k6'",
	"SELECT * FROM single WHERE id = 'k5' AND n = 6",
	"SELECT * FROM single WHERE id IN ('k1', 'k2', 'k2', '', 'no', NULL)",
	"SELECT * FROM single WHERE id = ANY (ARRAY(SELECT id FROM driver))",
	"SELECT * FROM single WHERE id = ANY ('{}')",
	"SELECT n, kind FROM single WHERE odo > 100 AND kind = 'kind 1'",
	"SELECT count(*) FROM single",
	"SELECT kind, count(*), sum(odo), count(odo) FROM single GROUP BY kind",
	"SELECT item->'odo' FROM single WHERE item->>'kind' = 'kind 2'",
	"SELECT device, at FROM composite WHERE device = 'd3'",
	"SELECT device, at FROM composite WHERE device = 'd3' AND at > -10",
	"SELECT device, at FROM composite WHERE device = 'd3' AND at >= -10 AND at < 20 AND at <> 0",
	"SELECT device, at FROM composite WHERE device = 'd3' AND at BETWEEN 5 AND 4",
	"SELECT device, at FROM composite WHERE device = 'd3' AND at > NULL",
	"SELECT device, at FROM composite WHERE device = 'd3' AND at > 10.5",
	"SELECT device, at FROM composite WHERE device = 'd3' AND at = 11",
	"SELECT device, at FROM composite WHERE device = 'd3' AND at IN (11, 12, 12, 9999)",
	"SELECT device, at FROM composite WHERE device IN ('d3', 'd4', '') AND at IN (11, 12)",
	"SELECT device, at FROM composite WHERE device IN ('d3', 'd4', '') AND at < -40",
	"SELECT device, at FROM composite WHERE at = 11",
	"SELECT d.n, s.odo FROM driver d JOIN single s ON s.id = d.id",
	"SELECT d.n, s.odo FROM driver d LEFT JOIN single s ON s.id = d.id AND s.odo > 50",
	"SELECT d.n FROM driver d WHERE NOT EXISTS (SELECT FROM single s WHERE s.id = d.id)",
	"SELECT d.n FROM driver d WHERE d.id IN (SELECT s.id FROM single s)",
	"SELECT d.n, (SELECT s.odo FROM single s WHERE s.id = d.id) FROM driver d",
	"SELECT d.n, c.value FROM driver d JOIN composite c ON c.device = d.device AND c.at = d.at",
	"SELECT d.n, c.value FROM driver d JOIN composite c ON c.device = d.device AND c.at = d.at WHERE d.n < 20",
	"SELECT d.n, x.value FROM driver d, LATERAL (SELECT c.value FROM composite c"
	  . " WHERE c.device = d.device AND c.at <= d.at ORDER BY c.at DESC LIMIT 2) x WHERE d.n < 10",
	"SELECT a.n, b.n FROM single a JOIN single b ON b.id = 'k' || (a.n + 1) WHERE a.id IN ('k1', 'k2')",
	"SELECT s.n, x.v FROM single s FULL JOIN (VALUES ('k1', 1), ('zz', 2)) x(k, v) ON x.k = s.id");
same($_) foreach @queries;

# random conditions, also as parameters of generic plans
my $seed = $ENV{YS_SEED} // time() * 1000 % 1_000_000;
note("seed $seed");
srand($seed);
foreach my $i (1 .. 25)
{
	my @conditions;
	push @conditions, rand() < 0.5 ? "device = 'd" . int(rand 22) . "'"
	  : "device IN (" . join(', ', map { "'d" . int(rand 22) . "'" } 1 .. 1 + rand 3) . ")"
	  if rand() < 0.85;
	foreach (1 .. rand 3)
	{
		my $operator = (qw(= < <= > >= <>))[ rand 6 ];
		push @conditions, "at $operator " . int(rand(140) - 70) . (rand() < 0.2 ? '.5' : '');
	}
	push @conditions, 'value < 900' if rand() < 0.3;
	same('SELECT device, at, value FROM composite' . (@conditions ? ' WHERE ' : '') . join(' AND ', @conditions));
}
ok($operations{$_}, "operation $_ was compared") foreach qw(GetItem BatchGetItem Query Scan);

is( sql(join "\n", "PREPARE q (text) AS SELECT n FROM single WHERE id = \$1;", map { "EXECUTE q('k$_');" } 1 .. 7),
	join("\n", 1 .. 7), 'parameters of a prepared statement');
like(sql("PREPARE q (text) AS SELECT n FROM single WHERE id = \$1;"
		  . ("EXECUTE q('k1');" x 6) . "EXPLAIN EXECUTE q('k1')"),
	qr/GetItem/, 'the generic plan asks by key');

my $plan = sql('EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) SELECT count(*) FROM composite');
my ($requests) = $plan =~ /Store Requests: (\d+)/;
cmp_ok($requests, '>=', 6, 'a scan of 6 MB takes several pages');
like($plan, qr/Store Read Units: [1-9]\d\d+\.\d/, 'read units are shown');
like(sql("EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) SELECT * FROM single WHERE id = ANY (ARRAY(SELECT 'k' || i FROM generate_series(1, 250) i))"),
	qr/Store Requests: 3\n/, '250 keys are three batches');
like(sql('EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) SELECT * FROM composite LIMIT 3'),
	qr/Store Requests: 1\n/, 'a few rows take one request');

# ---- transactions, cursors, memory -----------------------------------------------------------

is(sql(<<'END'), "1000|t", 'a failing subtransaction does not disturb an open scan');
CREATE FUNCTION walk() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	r record; rows int := 0; failed int := 0;
BEGIN
	FOR r IN SELECT at FROM composite LOOP
		rows := rows + 1;
		BEGIN
			PERFORM n / 0 FROM single WHERE id = 'k1';
		EXCEPTION WHEN division_by_zero THEN failed := failed + 1;
		END;
		EXIT WHEN rows = 1000;
	END LOOP;
	RETURN rows || '|' || (failed = rows);
END $$;
SELECT replace(walk(), 'true', 't');
END
is(sql("BEGIN; DECLARE c CURSOR WITH HOLD FOR SELECT at FROM composite; FETCH 1 FROM c; COMMIT; MOVE ALL FROM c; "
		  . "CLOSE c; SELECT 'closed'") =~ /closed/, 1, 'a held cursor');
my ($used_early, $used_late) = split /\n/, sql(<<'END');
BEGIN;
DECLARE c NO SCROLL CURSOR FOR SELECT * FROM composite;
MOVE 400 FROM c;
SELECT sum(total_bytes) FROM pg_backend_memory_contexts;
MOVE 1500 FROM c;
SELECT sum(total_bytes) FROM pg_backend_memory_contexts;
END
cmp_ok($used_late, '<', $used_early + 3_000_000, "memory stays the same along a scan ($used_early, $used_late)");

my $started = time;
$error = sql_error("SET statement_timeout = '300ms'; SELECT count(*) FROM composite a, single b WHERE a.pad <> b.kind || pg_sleep(0.01)");
like($error, qr/57014/, 'a scan is cancelled');
cmp_ok(time - $started, '<', 5, '... at once');

# ---- nodes, credentials, tables --------------------------------------------------------------

sql("CREATE FOREIGN TABLE missing (id text OPTIONS (key 'partition')) SERVER fleet OPTIONS (table 'nowhere_to_be_found')");
$error = sql_error('SELECT * FROM missing');
like($error, qr/HV00R/, 'a missing store table');
like($error, qr/nowhere_to_be_found/, '... is named');
like(sql_error("INSERT INTO missing VALUES ('x')"), qr/HV00R/, '... also when written');

my $url = store_url();
sql("ALTER SERVER fleet OPTIONS (SET nodes 'http://127.0.0.1:9', ADD request_timeout '1s')");
$error = sql_error("SELECT n FROM single WHERE id = 'k1'");
like($error, qr/08001/, 'changed options are used at once: no node is reached');
unlike($error, qr/secret|\btest\b/, '... and no credential is told');
sql("ALTER SERVER fleet OPTIONS (SET nodes 'http://127.0.0.1:9,$url')");
is(sql("SELECT n FROM single WHERE id = 'k1'"), 1, 'another node answers');
sql("ALTER SERVER fleet OPTIONS (SET nodes '$url', DROP request_timeout)");

my $other = start_service('store');
sql(<<"END");
CREATE SERVER other FOREIGN DATA WRAPPER yottastore OPTIONS (nodes '$other->{url}');
CREATE USER MAPPING FOR CURRENT_USER SERVER other OPTIONS (access_key_id 'other', secret_access_key 'other');
SELECT yottastore.create_store_table('other', '$single', 'id');
CREATE FOREIGN TABLE elsewhere (id text OPTIONS (key 'partition') NOT NULL, n int) SERVER other OPTIONS (table '$single');
INSERT INTO elsewhere VALUES ('k1', -1);
END
is(sql("SELECT s.n, e.n, (SELECT count(*) FROM elsewhere) FROM single s JOIN elsewhere e USING (id)"), '1|-1|1',
	'two stores in one query');

sql(<<'END');
CREATE ROLE owner; CREATE ROLE reader;
CREATE USER MAPPING FOR owner SERVER fleet OPTIONS (access_key_id 'test', secret_access_key 'test');
GRANT SELECT ON single TO owner;
CREATE VIEW through AS SELECT n FROM single WHERE id = 'k3';
ALTER VIEW through OWNER TO owner;
GRANT SELECT ON through, single TO reader;
END
is(sql('SET ROLE reader; SELECT * FROM through'), 3, "a view uses its owner's credentials");
like(sql_error('SET ROLE reader; SELECT * FROM single'), qr/42704.*user "reader" has no credentials/,
	'a user without a mapping');

# ---- partitions ------------------------------------------------------------------------------

sql(<<"END");
CREATE TABLE parent (id text NOT NULL, n int, region text) PARTITION BY LIST (region);
CREATE TABLE here PARTITION OF parent FOR VALUES IN ('here');
CREATE FOREIGN TABLE there (n int, id text OPTIONS (key 'partition') NOT NULL, region text)
	SERVER other OPTIONS (table '$single');
ALTER TABLE parent ATTACH PARTITION there FOR VALUES IN ('there');
INSERT INTO parent VALUES ('h1', 1, 'here'), ('t1', 2, 'there'), ('t2', 3, 'there');
END
is(sql("SELECT tableoid::regclass, id, n FROM parent WHERE region IN ('here', 'there') ORDER BY id"),
	"here|h1|1\nthere|t1|2\nthere|t2|3", 'a partition in the store');
is(sql("UPDATE parent SET n = n + 10 WHERE id IN ('h1', 't2') RETURNING id, n"), "h1|11\nt2|13", '... is updated');
is(sql("DELETE FROM parent WHERE n > 12 RETURNING id"), 't2', '... and deleted from');
is(sql("COPY parent FROM PROGRAM 'echo t3,5,there; echo h3,6,here' CSV; SELECT count(*) FROM there WHERE region = 'there'"), 2,
	'... and copied into');

my $second = unique_name('second');
sql(<<"END");
SELECT yottastore.create_store_table('fleet', '$second', 'id', stream => false);
CREATE FOREIGN TABLE far_away (region text, id text OPTIONS (key 'partition') NOT NULL, n int)
	SERVER fleet OPTIONS (table '$second');
ALTER TABLE parent ATTACH PARTITION far_away FOR VALUES IN ('far_away');
INSERT INTO parent VALUES ('e1', 7, 'far_away'), ('e2', 8, 'far_away');
END
is(join(' ', sort split /\n/, sql("UPDATE parent SET n = n + 100 WHERE n IN (2, 7) RETURNING id, n, region")),
	'e1|107|far_away t1|102|there', 'two partitions with their columns in different places are updated');
is(join(' ', sort split /\n/, sql("DELETE FROM parent WHERE n IN (102, 8) RETURNING tableoid::regclass, id")),
	'far_away|e2 there|t1', '... and deleted from');

done_testing();
