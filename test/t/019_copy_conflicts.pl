# COPY in every format, ON CONFLICT, prepared statements, and what stays of statements and
# subtransactions that fail.
use strict;
use warnings;

use PostgreSQL::Test::Utils;
use Test::More;
use YottaTest;

my $node = new_node('copy');
create_servers($node);
my $store = unique_name('copy');
my $folder = PostgreSQL::Test::Utils::tempdir();

sub sql { return $node->safe_psql('postgres', $_[0]); }

sub sql_says
{
	my ($code, $output, $error) = $node->psql('postgres', "\\set VERBOSITY verbose\n$_[0]");
	return $error;
}

sub stored { return store_api('GetItem', { TableName => $store, Key => { id => { S => $_[0] } }, ConsistentRead => \1 })->{Item}; }

sql(<<"END");
ALTER SERVER fleet OPTIONS (ADD consistency 'strong');
SELECT yottastore.create_store_table('fleet', '$store', 'id', stream => false);
CREATE FOREIGN TABLE v (id text OPTIONS (key 'partition') NOT NULL, n int DEFAULT 7, raw bytea, t text, doc jsonb, twice int GENERATED ALWAYS AS (n * 2) STORED)
	SERVER fleet OPTIONS (table '$store');
CREATE TABLE rows AS SELECT 'r' || i AS id, i AS n, decode(lpad(to_hex(i), 8, '0') || '00ff', 'hex') AS raw,
	CASE WHEN i % 5 > 0 THEN E'a,"b"\\t\\n' || i END AS t, jsonb_build_object('i', i, 'l', ARRAY[1.5, i]) AS doc
	FROM generate_series(1, 300) i;
END

# ---- COPY ------------------------------------------------------------------------------------

foreach my $mode (qw(insert upsert))
{
	sql("ALTER FOREIGN TABLE v OPTIONS (ADD insert_mode 'upsert')") if $mode eq 'upsert';
	foreach my $format ('text', 'csv', 'binary', 'csv, HEADER', "text, DELIMITER '|', NULL 'none'")
	{
		my $file = "$folder/rows.$mode." . $format =~ s/\W+/_/gr;
		sql("DELETE FROM v") if $mode eq 'insert';
		sql("COPY rows TO '$file' (FORMAT $format); COPY v (id, n, raw, t, doc) FROM '$file' (FORMAT $format)");
		is(sql("SELECT count(*), count(v.t) FROM v JOIN rows USING (id, n, raw, doc) WHERE v.t IS NOT DISTINCT FROM rows.t AND twice = 2 * n"),
			'300|240', "COPY FROM, $format, $mode");
	}
}
sql("ALTER FOREIGN TABLE v OPTIONS (DROP insert_mode)");
is(sql("COPY (SELECT id, n FROM v ORDER BY n LIMIT 2) TO STDOUT (FORMAT csv)"), "r1,1\nr2,2", 'COPY of a query');
sql("DELETE FROM v; COPY v (id) FROM PROGRAM 'echo default' WHERE id = 'default'");
is(stored('default')->{n}{N} . stored('default')->{twice}{N}, '714', 'COPY fills defaults and generated columns');
sql("COPY v (id, n) FROM PROGRAM 'for i in 1 2 3 4; do echo w\$i,\$i; done' (FORMAT csv) WHERE n % 2 = 0");
is(sql("SELECT string_agg(id, ',' ORDER BY id) FROM v WHERE id LIKE 'w%'"), 'w2,w4', '... and takes a WHERE');
my $says = sql_says("COPY v (id, n) FROM PROGRAM 'echo x1,1; echo x2,two; echo x3,3' (FORMAT csv)");
like($says, qr/22P02.*two/, 'a line that cannot be read');
like($says, qr/WARNING:.*1 item (?:written to the store stays written|may have been written)/, '... after one that was written');
like(sql_says("COPY v (id, n) FROM PROGRAM 'echo ,1' (FORMAT csv, FORCE_NOT_NULL (id))"), qr/22000.*cannot be a key/, 'an empty key');

# ---- ON CONFLICT -----------------------------------------------------------------------------

sql("DELETE FROM v; INSERT INTO v (id, n) SELECT 'c' || i, i FROM generate_series(1, 50) i");
is(sql("WITH i AS (INSERT INTO v (id, n) SELECT 'c' || i, -i FROM generate_series(41, 60) i ON CONFLICT DO NOTHING RETURNING n) SELECT count(*), min(n) FROM i"),
	'10|-60', 'only new rows are returned');
is(sql("SELECT sum(n) FROM v"), 1275 - 555, '... and written');
sql(<<'END');
CREATE TABLE counted (rows int);
DO $$
DECLARE
	c int;
BEGIN
	INSERT INTO v (id) SELECT 'c' || i FROM generate_series(56, 65) i ON CONFLICT DO NOTHING;
	GET DIAGNOSTICS c = ROW_COUNT;
	INSERT INTO counted VALUES (c);
END $$;
END
is(sql('SELECT * FROM counted'), 5, '... and counted');
is(sql("INSERT INTO v (id, n) VALUES ('same', 1), ('same', 2), ('same', 3) ON CONFLICT DO NOTHING RETURNING n"), 1, 'of rows of one key the first one is inserted');
like(sql_says("INSERT INTO v (id) VALUES ('c1') ON CONFLICT (id) DO NOTHING"), qr/42P10/, 'a conflict target needs an index, which is not there');
like(sql_says("INSERT INTO v (id) VALUES ('c1') ON CONFLICT (id) DO UPDATE SET n = 1"), qr/42P10/, '... also to update');

# ---- prepared statements ---------------------------------------------------------------------

sql(<<'END');
SET plan_cache_mode = force_generic_plan;
PREPARE put(text, int) AS INSERT INTO v (id, n) VALUES ($1, $2);
EXECUTE put('p1', 1);
ALTER FOREIGN TABLE v OPTIONS (ADD insert_mode 'upsert');
EXECUTE put('p1', 2);
ALTER FOREIGN TABLE v OPTIONS (SET insert_mode 'insert');
EXECUTE put('p2', 3);
END
is(stored('p1')->{n}{N} . stored('p2')->{n}{N}, '23', 'a prepared INSERT follows the option');
like(sql_says("PREPARE put(text) AS INSERT INTO v (id) VALUES (\$1); EXECUTE put('p9'); EXECUTE put('p9')"), qr/23505/, '... and refuses duplicates');

# ---- what fails in parts ---------------------------------------------------------------------

sql(<<'END');
CREATE FUNCTION try(prefix text, bad int) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO v (id, n) SELECT prefix || i, 10 / (bad - i) FROM generate_series(1, 5) i;
	RETURN 'all';
EXCEPTION WHEN division_by_zero THEN
	RETURN 'some';
END $$;
END
foreach my $mode (qw(insert upsert))
{
	sql("ALTER FOREIGN TABLE v OPTIONS (SET insert_mode '$mode')");
	is(sql("SELECT try('$mode-', 9)"), 'all', "a block that succeeds, $mode");
	$says = sql_says("SELECT try('$mode+', 4)");
	my $there = sql("SELECT count(*) FROM v WHERE id LIKE '$mode+%'");
	if ($mode eq 'insert')
	{
		like($says, qr/WARNING:.*items? (?:written to the store|may have been written)/, '... one that fails tells of what it sent');
		cmp_ok($there, '<=', 3, '... which was nothing behind the error');
	}
	else
	{
		is("$says$there", 0, '... one that fails before its batch is full has sent nothing');
	}
	$says = sql_says("BEGIN; SELECT try('$mode=', 9); SELECT 1 / 0; COMMIT");
	is(() = $says =~ /5 items written to the store stay written/g, 1, 'a block that succeeded counts for the transaction');
}
sql("ALTER FOREIGN TABLE v OPTIONS (DROP insert_mode)");
$says = sql_says("BEGIN; INSERT INTO v (id) VALUES ('s1'); SAVEPOINT a; INSERT INTO v (id) VALUES ('s2'); RELEASE a; SAVEPOINT b; INSERT INTO v (id) VALUES ('s3'), ('s4'); ROLLBACK TO b; ROLLBACK");
is_deeply([ $says =~ /(\d+) items? written to the store stays? written/g ], [ 2, 4 ], 'each level tells of its own');
is(sql("SELECT count(*) FROM v WHERE id IN ('s1', 's2', 's3', 's4')"), 4, '... truthfully');

store_api('DeleteTable', { TableName => $store });
$node->stop;
done_testing();
