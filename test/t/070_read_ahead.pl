# Joins by key that read ahead: the same rows as from a local table, whatever the shape of the query,
# with few requests, in the outer side's order.
use strict;
use warnings;

use PostgreSQL::Test::Utils;
use Test::More;
use YottaTest;

my $node = new_node('read_ahead');
create_servers($node);
my ($one, $two) = (unique_name('one'), unique_name('two'));

sub sql { return $node->safe_psql('postgres', $_[0]); }

# f1 and f2 are foreign tables by one key attribute and by two; l1 and l2 hold the same rows.
sql(<<"END");
SELECT yottastore.create_store_table('fleet', '$one', 'id'), yottastore.create_store_table('fleet', '$two', 'fleet', 'n numeric');
CREATE FOREIGN TABLE f1 (id text OPTIONS (key 'partition') NOT NULL, a int, b text) SERVER fleet OPTIONS (table '$one');
CREATE FOREIGN TABLE f2 (fleet text OPTIONS (key 'partition') NOT NULL, n int OPTIONS (key 'sort') NOT NULL, c int) SERVER fleet OPTIONS (table '$two');
CREATE TABLE l1 AS SELECT 'k' || i AS id, i AS a, repeat('b', i % 50) AS b FROM generate_series(1, 400) i;
CREATE TABLE l2 AS SELECT 'f' || i % 5 AS fleet, i AS n, i * 2 AS c FROM generate_series(1, 400) i;
INSERT INTO f1 SELECT * FROM l1;
INSERT INTO f2 SELECT * FROM l2;
CREATE TABLE o (o_id int PRIMARY KEY, id text, fleet text, n int, g int);
INSERT INTO o SELECT i, CASE WHEN i % 11 = 0 THEN NULL WHEN i % 13 = 0 THEN '' ELSE 'k' || (i * 7 % 500) END,
	'f' || i % 6, i * 3 % 500, i % 9 FROM generate_series(1, 300) i;
CREATE TABLE p (LIKE o) PARTITION BY HASH (o_id);
CREATE TABLE p0 PARTITION OF p FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE p1 PARTITION OF p FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO p SELECT * FROM o;
ANALYZE;
END

# The planner would rather scan tables this small; a hash join of them is what is compared with.
my $join = 'SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_memoize = off;';

my @shapes = (
	'SELECT o.o_id, v.a FROM o JOIN f1 v ON v.id = o.id',
	'SELECT o.o_id, v.a FROM o JOIN f1 v ON v.id = o.id AND v.a > 100',
	'SELECT o.o_id, v.a FROM o JOIN f1 v ON v.id = o.id WHERE v.a % 3 = o.g % 3',
	'SELECT o.o_id, v.a FROM o LEFT JOIN f1 v ON v.id = o.id',
	'SELECT o.o_id, v.a FROM o LEFT JOIN f1 v ON v.id = o.id AND v.a < o.o_id',
	'SELECT o.o_id, v.a FROM o LEFT JOIN f1 v ON v.id = o.id WHERE v.a IS NULL',
	'SELECT o.o_id FROM o WHERE EXISTS (SELECT FROM f1 v WHERE v.id = o.id)',
	'SELECT o.o_id FROM o WHERE EXISTS (SELECT FROM f1 v WHERE v.id = o.id AND v.a > o.o_id)',
	'SELECT o.o_id FROM o WHERE NOT EXISTS (SELECT FROM f1 v WHERE v.id = o.id)',
	'SELECT v.* FROM f1 v WHERE v.id IN (SELECT id FROM o WHERE g = 2)',
	'SELECT v.a FROM f1 v WHERE v.id IN (SELECT id FROM o WHERE g = 2 AND o_id > v.a)',
	"SELECT o.o_id, v FROM o JOIN f1 v ON v.id = 'k' || o.o_id",
	'SELECT o.o_id, v.a, w.c FROM o JOIN f1 v ON v.id = o.id JOIN f2 w ON w.fleet = o.fleet AND w.n = o.n',
	'SELECT o.o_id, v.a, w.a FROM o JOIN f1 v ON v.id = o.id JOIN f1 w ON w.id = \'k\' || (v.a + 1)',
	'SELECT o.o_id, v.a, w.c FROM o LEFT JOIN f1 v ON v.id = o.id LEFT JOIN f2 w ON w.fleet = o.fleet AND w.n = v.a',
	'SELECT o.o_id, w.c FROM o JOIN f2 w ON w.fleet = o.fleet AND w.n = o.n',
	"SELECT o.o_id, w.c FROM o JOIN f2 w ON w.n = o.n AND w.fleet = 'f1'",
	'SELECT o.o_id, w.c FROM o LEFT JOIN f2 w ON w.fleet = o.fleet AND w.n = o.n AND o.g > 3',
	'SELECT o.o_id, v.a FROM o LEFT JOIN f1 v ON v.id = o.id AND o.g > 3',
	'SELECT o.o_id, v.a FROM o LEFT JOIN f1 v ON v.id = o.id AND o.g > 3 WHERE o.g < 6 OR v.a IS NULL',
	'SELECT o.o_id FROM o WHERE NOT EXISTS (SELECT FROM f1 v WHERE v.id = o.id AND o.g > 3)',
	'SELECT o.o_id, v.a, w.c FROM o LEFT JOIN f1 v ON v.id = o.id LEFT JOIN f2 w ON w.fleet = o.fleet AND w.n = o.n AND v.a % 2 = 0',
	'SELECT o.o_id, v.a, w.c FROM o LEFT JOIN f1 v ON v.id = o.id LEFT JOIN f2 w ON w.fleet = o.fleet AND w.n = o.n AND v.a IS NULL',
	'SELECT o.o_id, v.a, w.c FROM o LEFT JOIN f1 v ON v.id = o.id AND o.g > 1 LEFT JOIN f2 w ON w.fleet = o.fleet AND w.n = o.n AND coalesce(v.a, 6) > 5',
	'SELECT p.o_id, v.a FROM p LEFT JOIN f1 v ON v.id = p.id AND p.g < 4',
	'SELECT o.o_id, w.c FROM o LEFT JOIN f2 w ON w.fleet = o.fleet AND o.g IN (1, 2)',
	'SELECT x.id, v.a FROM (SELECT DISTINCT id FROM o) x LEFT JOIN f1 v USING (id)',
	'SELECT x.id, x.m, v.a FROM (SELECT id, max(g) AS m FROM o GROUP BY id) x JOIN f1 v USING (id)',
	'SELECT g, count(*), sum(v.a) FROM o JOIN f1 v ON v.id = o.id GROUP BY g',
	'SELECT o.o_id, v.a FROM o JOIN f1 v ON v.id = o.id ORDER BY v.a DESC, o.o_id LIMIT 7',
	'SELECT o.o_id, v.a FROM (SELECT * FROM o ORDER BY o_id LIMIT 120) o JOIN f1 v ON v.id = o.id',
	'SELECT o.o_id, (SELECT v.a FROM f1 v WHERE v.id = o.id) FROM o',
	'SELECT o.o_id, v.a FROM o, LATERAL (SELECT a FROM f1 WHERE f1.id = o.id) v',
	'SELECT o.o_id, v.s FROM o, LATERAL (SELECT sum(f1.a) AS s FROM o i JOIN f1 ON f1.id = i.id WHERE i.g = o.g AND i.o_id < 20) v WHERE o.o_id < 15',
	'SELECT p.o_id, v.a FROM p JOIN f1 v ON v.id = p.id',
	'SELECT p.o_id, v.a FROM p LEFT JOIN f1 v ON v.id = p.id WHERE p.g < 4',
	'SELECT o.o_id, v.a FROM o CROSS JOIN generate_series(1, 2) JOIN f1 v ON v.id = o.id',
	'SELECT a.o_id, b.o_id, v.a FROM o a JOIN o b ON a.o_id = b.o_id + 1 JOIN f1 v ON v.id = b.id',
	'SELECT a.o_id, v.a FROM o a LEFT JOIN o b ON a.o_id = b.o_id + 150 LEFT JOIN f1 v ON v.id = b.id',
	'SELECT a.o_id, v.a FROM o a LEFT JOIN (o b JOIN f1 v ON v.id = b.id) ON a.o_id = b.o_id + 150',
	'SELECT a.o_id, v.a FROM o a FULL JOIN f1 v ON v.id = a.id',
	'SELECT a.o_id, v.a FROM o a RIGHT JOIN f1 v ON v.id = a.id',
	'WITH x AS MATERIALIZED (SELECT * FROM o WHERE g = 1) SELECT x.o_id, v.a FROM x JOIN f1 v ON v.id = x.id',
	'WITH RECURSIVE x(id, d) AS (SELECT \'k1\', 1 UNION ALL SELECT \'k\' || (v.a * 2), d + 1 FROM x JOIN f1 v ON v.id = x.id) SELECT * FROM x',
	'SELECT o.o_id, v.a FROM o JOIN f1 v ON v.id = o.id WHERE v.b LIKE \'bbb%\' UNION ALL SELECT o.o_id, w.c FROM o JOIN f2 w ON (w.fleet, w.n) = (o.fleet, o.n)',
	'SELECT o.o_id, v.a, sum(v.a) OVER (PARTITION BY o.g ORDER BY o.o_id) FROM o JOIN f1 v ON v.id = o.id',
	'SELECT v.id, o.o_id FROM f1 v JOIN o ON o.id = v.id WHERE v.id IN (\'k1\', \'k7\', \'k14\')',
	'SELECT o.o_id, coalesce(v.a, -1) + coalesce(w.c, 0) AS s FROM o LEFT JOIN f1 v ON v.id = o.id LEFT JOIN f2 w ON w.n = v.a AND w.fleet = o.fleet',
	'SELECT o.o_id FROM o WHERE o.id NOT IN (SELECT v.id FROM f1 v WHERE v.a < 20)',
	'SELECT o.o_id, v.tableoid IS NULL FROM o LEFT JOIN f1 v ON v.id = o.id',
);

sub rows_of
{
	my ($set, $query) = @_;
	my $rows = sql("$set; SELECT row_to_json(q) FROM ($query) q");
	return join "\n", sort split /\n/, $rows;
}

my $batched = 0;
for my $shape (@shapes)
{
	my $local = $shape =~ s/\bf([12])\b(?!')/l$1/gr;
	my $plan = sql("$join EXPLAIN (COSTS OFF) $shape");
	$batched += $plan =~ /YottastoreKeys/;
	my $expected = rows_of($join, $local);
	is(rows_of($join, $shape), $expected, $shape);
	is(rows_of("$join SET yottastore.read_ahead = off", $shape), $expected, '... without reading ahead');
	is(rows_of("$join SET geqo_threshold = 2; SET enable_partitionwise_join = on", $shape), $expected, '... by the genetic optimizer')
	  if $shape =~ /JOIN.*JOIN|FROM p/;
}
cmp_ok($batched, '>=', 30, 'most of them read ahead');

# ---- requests ----------------------------------------------------------------------------------

# Numbers that EXPLAIN ANALYZE shows of the first node that has them.
sub counted
{
	my ($query, @names) = @_;
	my $plan = sql("$join EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) $query");
	$plan =~ s/.*?(?=YottastoreKeys)//s or return "not read ahead:\n$plan";
	return join ' ', map { $plan =~ /\b$_: (\d+)/ ? $1 : '-' } @names;
}
my @counts = ('Store Requests', 'Keys', 'Distinct Keys', 'Missed');

is(counted('SELECT v.a FROM o JOIN f1 v ON v.id = o.id LIMIT 1', 'Store Requests', 'Missed', 'Keys'), '1 0 1', 'LIMIT 1 costs one request, for one item');
is(counted('SELECT EXISTS (SELECT FROM o JOIN f1 v ON v.id = o.id)', 'Store Requests', 'Keys'), '1 1', '... and so does EXISTS');
is(counted('SELECT max(a) FROM (SELECT v.a FROM o JOIN f1 v ON v.id = o.id ORDER BY v.a LIMIT 1) s', 'Missed'), '0', '... but not what is sorted first');
is(counted("SELECT v.a FROM generate_series(1, 300) i JOIN f1 v ON v.id = 'k' || i % 10", @counts), '1 300 10 0',
	'a key that comes again is asked for once while it is there');
is(counted('SELECT v.a FROM (VALUES (NULL), (\'\'), (NULL)) o(id) JOIN f1 v ON v.id = o.id', @counts), '0 0 0 0',
	'what no key can be is not sent');
is(counted("SELECT v.a FROM generate_series(1, 400) i JOIN f1 v ON v.id = 'k' || i", @counts), '4 400 400 0', 'a hundred keys a request');

is(counted("SELECT i, v.a FROM generate_series(1, 400) i LEFT JOIN f1 v ON v.id = 'k' || i AND i % 40 = 1", @counts), '1 10 10 0',
	'what a row can\'t match is not read');
is(counted("SELECT i FROM generate_series(1, 400) i WHERE NOT EXISTS (SELECT FROM f1 v WHERE v.id = 'k' || i AND i % 40 = 1)", @counts), '1 10 10 0',
	'... nor where none shall be');

is(sql("$join EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) SELECT o.o_id, v.a FROM o LEFT JOIN f1 v ON v.id = o.id AND o.g > 100 LIMIT 2") =~ /Seq Scan on o \(actual rows=(\d+)/ && $1, 2,
	'... and of such rows, too, no more are read than are taken');

# ---- order -------------------------------------------------------------------------------------

is(sql("$join SELECT string_agg(o_id::text, ',') FROM (SELECT o.o_id FROM (SELECT * FROM o ORDER BY o_id DESC) o JOIN f1 v ON v.id = o.id) q"),
	sql('SELECT string_agg(o_id::text, \',\' ORDER BY o_id DESC) FROM o JOIN l1 USING (id)'), 'rows keep the outer order');

# ---- plans that are kept, cursors ---------------------------------------------------------------

my $prepared = "$join PREPARE q(int) AS SELECT count(*), sum(v.a) FROM o JOIN f1 v ON v.id = o.id WHERE o.g = \$1;";
is(sql($prepared . ' EXECUTE q(3);' x 8), join("\n", (sql('SELECT count(*), sum(a) FROM o JOIN l1 USING (id) WHERE g = 3')) x 8), 'a prepared statement past its sixth execution');

my @ordered = split /\n/, sql(q{SELECT o_id FROM o WHERE id IS NOT NULL AND id <> '' ORDER BY o_id});
is(sql(<<"END"), "$ordered[0]\n$ordered[41]\n$ordered[1]", 'a scrollable cursor');
$join BEGIN; DECLARE c SCROLL CURSOR FOR SELECT o.o_id FROM (SELECT * FROM o WHERE id IS NOT NULL AND id <> '' ORDER BY o_id) o LEFT JOIN f1 v ON v.id = o.id;
FETCH 1 FROM c; MOVE ABSOLUTE 42 IN c; FETCH RELATIVE 0 FROM c; MOVE ABSOLUTE 1 IN c; FETCH 1 FROM c; COMMIT;
END
is(sql(<<"END"), "1\n2", 'a cursor over a savepoint that is rolled back');
$join BEGIN; DECLARE c CURSOR FOR SELECT o.o_id FROM (SELECT * FROM o WHERE id IS NOT NULL AND id <> '' ORDER BY o_id) o LEFT JOIN f1 v ON v.id = o.id;
FETCH 1 FROM c; SAVEPOINT s; CREATE TABLE gone (); ROLLBACK TO s; FETCH 1 FROM c; COMMIT;
END

# ---- changes -----------------------------------------------------------------------------------

my $changed = sql("$join UPDATE f1 SET a = f1.a + 1000 FROM o WHERE f1.id = o.id AND o.g = 1 AND o.o_id < 200 RETURNING f1.id");
is(join(',', sort split /\n/, $changed), sql(q{SELECT string_agg(id, ',' ORDER BY id COLLATE "C") FROM (SELECT id FROM o JOIN l1 USING (id) WHERE g = 1 AND o_id < 200) q}),
	'an update finds its items ahead');
is(sql(q{SELECT count(*) FROM f1 WHERE a > 1000}), sql('SELECT count(DISTINCT id) FROM o JOIN l1 USING (id) WHERE g = 1 AND o_id < 200'), 'and changes them');
my $again = "UPDATE f1 SET a = 5000 + i FROM generate_series(1, 3) i WHERE f1.id = 'k' || (i - i + 1) RETURNING a";
my $by_itself = sql("$join SET yottastore.read_ahead = off; $again");
is(sql("$join $again"), $by_itself, 'an item that comes again is changed once, as without reading ahead');
sql("$join DELETE FROM f2 USING o WHERE f2.fleet = o.fleet AND f2.n = o.n");
is(sql('SELECT count(*) FROM f2'), sql('SELECT count(*) FROM l2 WHERE NOT EXISTS (SELECT FROM o WHERE (o.fleet, o.n) = (l2.fleet, l2.n))'), 'a delete');

# ---- rows that change while they are locked ------------------------------------------------------

# The outer row as it is after the change, checked again.
sub locked
{
	my ($table, $change) = @_;
	my $rows = rows_after_change($node, "UPDATE o SET $change WHERE o_id BETWEEN 20 AND 24", <<"END");
SELECT o.o_id, o.g, v.a FROM o JOIN $table v ON v.id = o.id WHERE o.o_id BETWEEN 18 AND 26 AND o.g < 15 ORDER BY 1 FOR UPDATE OF o
END
	sql('UPDATE o SET id = b.id, g = b.g FROM before b WHERE b.o_id = o.o_id AND o.o_id BETWEEN 20 AND 24');
	return $rows;
}
sql('CREATE TABLE before AS TABLE o');
sql('UPDATE f1 SET a = l1.a FROM l1 WHERE l1.id = f1.id AND f1.a <> l1.a');
for my $change ('g = g + 1', q{id = 'k' || (o_id + 1)}, 'g = 20')
{
	my $local = locked('l1', $change);
	like($local, qr/^18\|/, 'rows are found');
	is(locked('f1', $change), $local, "as from a local table: $change");
}

# ---- partitioned on both sides -----------------------------------------------------------------

my @parts = (unique_name('part0'), unique_name('part1'));
sql(<<"END");
CREATE TABLE pl (id text, a int) PARTITION BY HASH (id);
CREATE TABLE pf (id text NOT NULL, b int) PARTITION BY HASH (id);
END
for my $i (0, 1)
{
	sql(<<"END");
CREATE TABLE pl$i PARTITION OF pl FOR VALUES WITH (MODULUS 2, REMAINDER $i);
SELECT yottastore.create_store_table('fleet', '$parts[$i]', 'id');
CREATE FOREIGN TABLE pf$i (id text OPTIONS (key 'partition') NOT NULL, b int) SERVER fleet OPTIONS (table '$parts[$i]');
ALTER TABLE pf ATTACH PARTITION pf$i FOR VALUES WITH (MODULUS 2, REMAINDER $i);
END
}
sql(q{INSERT INTO pl SELECT 'p' || i, i FROM generate_series(1, 200) i; INSERT INTO pf SELECT 'p' || i * 2, i FROM generate_series(1, 150) i; ANALYZE pl});
for my $kind ('', 'LEFT')
{
	my $query = "SELECT pl.a, pf.b FROM pl $kind JOIN pf ON pf.id = pl.id";
	my $set = "$join SET enable_partitionwise_join = on";
	my $plan = sql("$set; EXPLAIN (COSTS OFF) $query");
	is(() = $plan =~ /YottastoreKeys/g, 2, "each partition reads ahead of its own: $kind");
	is(rows_of($set, $query), rows_of('SET yottastore.read_ahead = off', $query), 'and finds the same');
}

# ---- partitions of the store -------------------------------------------------------------------------------

# Items of a partition come by Queries, with bounds of the sort key and other conditions.
sql('INSERT INTO f2 SELECT * FROM l2 ON CONFLICT DO NOTHING');
sql('CREATE TABLE d AS SELECT i AS d_id, CASE WHEN i = 9 THEN NULL ELSE \'f\' || i % 7 END AS fleet, i * 20 AS low FROM generate_series(1, 16) i; ANALYZE d');
for my $shape (
	'SELECT d.d_id, w.* FROM d JOIN f2 w ON w.fleet = d.fleet',
	'SELECT d.d_id, w.* FROM d LEFT JOIN f2 w ON w.fleet = d.fleet AND w.n > 390',
	'SELECT d.d_id, w.* FROM d JOIN f2 w ON w.fleet = d.fleet AND w.n BETWEEN d.low AND d.low + 30',
	'SELECT d.d_id, w.* FROM d JOIN f2 w ON w.fleet = d.fleet AND w.n >= d.low AND w.c % 3 = 0',
	'SELECT d.d_id FROM d WHERE NOT EXISTS (SELECT FROM f2 w WHERE w.fleet = d.fleet AND w.n < d.low)',
	'SELECT d.d_id, x.s FROM d, LATERAL (SELECT sum(w.c) AS s FROM f2 w WHERE w.fleet = d.fleet) x')
{
	my $local = $shape =~ s/\bf2\b/l2/gr;
	my $plan = sql("$join EXPLAIN (COSTS OFF) $shape");
	like($plan, qr/YottastoreKeys.*Query/s, 'reads ahead of Queries') if $shape !~ /LATERAL/;
	is(rows_of($join, $shape), rows_of($join, $local), $shape);
}
like(counted('SELECT d.d_id, w.c FROM d JOIN f2 w ON w.fleet = d.fleet LIMIT 1', 'Store Requests'), qr/^[12]$/, 'LIMIT 1 asks for one partition, or two');

# ---- keys that come again ---------------------------------------------------------------------------------

# Rows of sixty partitions in no order, of which five have items.
my $often = q{SELECT i, w.n, w.c FROM generate_series(1, 3000) i JOIN f2 w ON w.fleet = 'f' || hashint4(i) % 30 WHERE w.n < 20};
is(counted($often, @counts), '59 3000 59 0', 'a partition is asked for once, though its rows are far from each other');
is(rows_of($join, $often), rows_of($join, $often =~ s/\bf2\b/l2/r), '... and has its items each time');
my $breaks = q{SELECT i, w.c FROM (SELECT i FROM generate_series(1, 3000) i WHERE i <> 2800 OR pg_sleep(%d) IS NOT NULL OFFSET 0) i}
  . q{ JOIN f2 w ON w.fleet = CASE WHEN i BETWEEN 200 AND 2800 THEN 'other' ELSE 'f' || hashint4(i) % 30 END};
my ($at_once, $later) = map { (split ' ', counted(sprintf($breaks, $_), @counts))[0] } 0, 6;
cmp_ok($later, '>', 1.5 * $at_once, "... and again where it comes six seconds later: $at_once, $later requests");
is(counted(q{SELECT i, v.a FROM generate_series(1, 6000) i JOIN f1 v ON v.id = 'k' || i % 400}, @counts), '4 6000 400 0', 'so are items');
my $little = 'SET work_mem = 64; SET hash_mem_multiplier = 1;';
my $wide = q{SELECT i, length(v.b), v.a FROM generate_series(1, 3000) i JOIN f1 v ON v.id = 'k' || i % 400};
is(rows_of("$join $little", $wide), rows_of($join, $wide =~ s/\bf1\b/l1/r), 'where there is no room they are asked for anew');

cmp_ok(sql("$join $little BEGIN; DECLARE c CURSOR FOR SELECT i FROM generate_series(1, 600) i LEFT JOIN f2 w ON w.fleet = 'f' || i; MOVE 590 IN c; "
	  . "SELECT sum(total_bytes) FROM pg_backend_memory_contexts WHERE name = 'yottastore batch'"),
	'<', 300_000, 'what is kept takes no more than there is room for, however little each answer is');

# ---- an estimate that is wrong ----------------------------------------------------------------------------

sql('CREATE TABLE grown (id text, kind int); ALTER TABLE grown SET (autovacuum_enabled = off); '
	  . q{INSERT INTO grown VALUES ('k1', 1); ANALYZE grown; INSERT INTO grown SELECT 'k' || i, 1 FROM generate_series(2, 300) i});
is(sql(q{EXPLAIN SELECT v.a FROM grown g JOIN f1 v ON v.id = g.id WHERE g.kind = 1 AND g.id = 'k' || g.kind}) =~ /YottastoreKeys.*rows=1 /, 1,
	'where one outer row is expected it is read ahead of');
like(sql(q{EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) SELECT v.a FROM grown g JOIN f1 v ON v.id = g.id WHERE g.kind + g.kind = 2 AND g.kind - g.kind = 0 AND g.kind * g.kind = 1}),
	qr/YottastoreKeys.*Store Requests: [3-9]\b.*Keys: 300/s, '... of as many as there are');

# ---- large items -----------------------------------------------------------------------------------

my $large = unique_name('large');
sql(<<"END");
SELECT yottastore.create_store_table('fleet', '$large', 'id');
CREATE FOREIGN TABLE large (id text OPTIONS (key 'partition') NOT NULL, item jsonb OPTIONS (document 'true')) SERVER fleet OPTIONS (table '$large');
INSERT INTO large (id, item) SELECT 'i' || i, jsonb_build_object('pad', repeat('x', 100000)) FROM generate_series(1, 60) i;
CREATE TABLE large_keys AS SELECT 'i' || i AS id FROM generate_series(1, 60) i;
ANALYZE large;
ANALYZE large_keys;
END
cmp_ok(sql("$join SET work_mem = '1MB'; SET hash_mem_multiplier = 1; BEGIN; DECLARE c CURSOR FOR SELECT item FROM large_keys JOIN large USING (id); MOVE 1 IN c; "
	  . "SELECT sum(total_bytes) FROM pg_backend_memory_contexts WHERE name = 'yottastore batch'"),
	'<', 3_000_000, 'no more of them are asked for than there is room for, by the size the planner knows');
store_api('DeleteTable', { TableName => $large });

store_api('DeleteTable', { TableName => $_ }) foreach $one, $two, @parts;
$node->stop;
done_testing();
