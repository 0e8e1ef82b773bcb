# Parallel plans over foreign tables: the same rows as without workers, each segment read once, and
# limits, counters and errors of all participants together.
use strict;
use warnings;

use PostgreSQL::Test::Utils;
use Test::More;
use YottaAnswers;
use YottaTest;

my $node = new_node('parallel', conf => 'max_parallel_workers = 8');
create_servers($node);
my ($many, $half, $one, $fleets) = map { unique_name($_) } qw(many half one fleets);
my $items = 3000;

sub sql { return $node->safe_psql('postgres', $_[0]); }

sub sql_says
{
	my ($code, $output, $error) = $node->psql('postgres', "\\set VERBOSITY verbose\n$_[0]");
	return $error;
}

my $serial = 'SET max_parallel_workers_per_gather = 0;';
my $parallel = 'SET max_parallel_workers_per_gather = 2; SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0;';
my $debug = $node->pg_version >= 16 ? 'debug_parallel_query' : 'force_parallel_mode';

sql(<<"END");
SELECT yottastore.create_store_table('fleet', t, 'id', stream => false) FROM unnest('{$many,$half,$one}'::text[]) t;
SELECT yottastore.create_store_table('fleet', '$fleets', 'fleet', 'n numeric', stream => false);
CREATE FOREIGN TABLE f (id text OPTIONS (key 'partition') NOT NULL, n int, kind text, pad text)
	SERVER fleet OPTIONS (table '$many', scan_segments '3', insert_mode 'upsert');
CREATE FOREIGN TABLE f1 (id text OPTIONS (key 'partition') NOT NULL, a int, b text) SERVER fleet OPTIONS (table '$one', insert_mode 'upsert');
CREATE FOREIGN TABLE f2 (fleet text OPTIONS (key 'partition') NOT NULL, n int OPTIONS (key 'sort') NOT NULL, c int) SERVER fleet OPTIONS (table '$fleets', insert_mode 'upsert');
CREATE TABLE l AS SELECT 'k' || i AS id, i AS n, 'kind ' || i % 10 AS kind, repeat(chr(97 + i % 26), 2000) AS pad FROM generate_series(1, $items) i;
CREATE TABLE l1 AS SELECT 'k' || i AS id, i AS a, repeat('b', i % 50) AS b FROM generate_series(1, 400) i;
CREATE TABLE l2 AS SELECT 'f' || i % 5 AS fleet, i AS n, i * 2 AS c FROM generate_series(1, 400) i;
INSERT INTO f TABLE l;
INSERT INTO f1 TABLE l1;
INSERT INTO f2 TABLE l2;
CREATE TABLE o (o_id int, id text, fleet text, n int, g int) WITH (parallel_workers = 2);
INSERT INTO o SELECT i, CASE WHEN i % 11 = 0 THEN NULL WHEN i % 13 = 0 THEN '' ELSE 'k' || (i * 7 % 500) END,
	'f' || i % 6, i * 3 % 500, i % 9 FROM generate_series(1, 1200) i;
-- rows all over its pages, so that each participant gets some
CREATE TABLE op (LIKE o) PARTITION BY HASH (o_id);
CREATE TABLE op0 PARTITION OF op FOR VALUES WITH (MODULUS 2, REMAINDER 0) WITH (parallel_workers = 2);
CREATE TABLE op1 PARTITION OF op FOR VALUES WITH (MODULUS 2, REMAINDER 1) WITH (parallel_workers = 2);
INSERT INTO op TABLE o;
-- a partitioned table of which one partition is in the store
CREATE TABLE mixed (id text NOT NULL, n int, kind text, pad text) PARTITION BY HASH (id);
CREATE TABLE mixed0 PARTITION OF mixed FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE FOREIGN TABLE mixed1 (id text OPTIONS (key 'partition') NOT NULL, n int, kind text, pad text)
	SERVER fleet OPTIONS (table '$half', scan_segments '3', insert_mode 'upsert');
ALTER TABLE mixed ATTACH PARTITION mixed1 FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO mixed TABLE l;
ANALYZE;
ANALYZE f, mixed1;
END

sub plan_of
{
	my ($set, $query, $options) = @_;
	return sql("$set EXPLAIN (" . ($options // 'COSTS OFF') . ") $query");
}

# What EXPLAIN ANALYZE counts of the first node of that kind.
sub counted
{
	my ($set, $query, $of) = @_;
	my $text = plan_of($set, $query, 'ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF');
	my %plan = (text => $text);
	$text =~ s/.*?(?=\Q$of\E)//s or die "no $of in:\n$text";
	while ($text =~ /^\s*([A-Z][\w ]*): ([\d.]+)$/mg) { $plan{$1} //= $2; }
	return \%plan;
}

sub rows_of
{
	my ($set, $query) = @_;
	return join "\n", sort split /\n/, sql("$set SELECT row_to_json(q) FROM ($query) q");
}

# ---- scans ------------------------------------------------------------------------------------

my @scans = (
	'SELECT id, n, kind, md5(pad) FROM f',
	"SELECT id, n FROM f WHERE kind = 'kind 3'",
	'SELECT id, n FROM f WHERE n % 7 = 2',
	'SELECT count(*), count(DISTINCT id), sum(n), min(n), max(id COLLATE "C") FROM f WHERE n > 5',
	'SELECT kind, count(*), sum(n), avg(n) FROM f GROUP BY kind',
	'SELECT id, n FROM f ORDER BY n DESC LIMIT 40',
	'SELECT id, n FROM f WHERE pad IS NOT NULL ORDER BY id COLLATE "C"',
	'SELECT a.n, b.n AS m FROM f a JOIN f b ON a.n = b.n + 1 WHERE a.kind = \'kind 1\'',
	'SELECT l.n, f.kind FROM l LEFT JOIN f ON f.n = l.n AND f.n < 100',
	'SELECT n FROM f WHERE n = (SELECT max(n) FROM f WHERE kind = \'kind 4\')',
	'SELECT n FROM f WHERE id IN (SELECT id FROM o WHERE g = 2)',
	'SELECT n FROM f x WHERE EXISTS (SELECT FROM o WHERE o.n = x.n)',
	'SELECT id, n FROM mixed WHERE n % 3 = 0',
	'SELECT count(id), sum(n), sum(length(pad)) FROM mixed',
	'SELECT n FROM f WHERE n < 50 UNION ALL SELECT n FROM mixed1 UNION ALL SELECT n FROM l WHERE n > 2900',
	'SELECT g, (SELECT count(id) FROM f WHERE n % 4 = g) AS c FROM generate_series(0, 3) g',
	'SELECT n, sum(n) OVER (PARTITION BY kind ORDER BY n) AS s FROM f WHERE n < 300',
);
my $scanned = 0;
foreach my $query (@scans)
{
	my $expected = rows_of($serial, $query);
	$scanned += plan_of($parallel, $query) =~ /Parallel Foreign Scan/;
	is(rows_of($parallel, $query), $expected, $query);
	is(rows_of("$parallel SET parallel_leader_participation = off;", $query), $expected, '... the leader only listening');
	is(rows_of("SET $debug = on;", $query), $expected, '... all in one worker');
}
cmp_ok($scanned, '>=', 13, 'most of them are shared');
is(rows_of("$parallel SET max_parallel_workers = 0;", $scans[0]), rows_of($serial, $scans[0]), 'no worker is to be had');
is(rows_of("$parallel SET max_parallel_workers = 1;", $scans[0]), rows_of($serial, $scans[0]), '... or only one');
like(plan_of($parallel, 'SELECT n FROM f ORDER BY n'), qr/Gather Merge.*Sort.*Parallel Foreign Scan/s, 'sorted by each');
is(sql("$parallel SELECT string_agg(n::text, ',') FROM (SELECT n FROM f ORDER BY n) q"), join(',', 1 .. $items), '... and merged');
like(plan_of("$parallel SET enable_parallel_append = on;", 'SELECT n FROM mixed'), qr/Parallel Append.*Parallel Foreign Scan on mixed1/s, 'a partition among others');

# the executor's own paths around a Gather
my $again = 'SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_material = off;';
my $rescans = 'SELECT g, s.c FROM generate_series(1, 5) g, LATERAL (SELECT count(x.n) AS c FROM (SELECT n FROM f WHERE n % 3 = 0 OFFSET 0) x WHERE x.n > g * 100) s';
like(plan_of("$parallel $again", $rescans), qr/Parallel Foreign Scan/, 'a Gather that is run again');
is(rows_of("$parallel $again", $rescans), rows_of($serial, $rescans), '... finds all each time');
is(sql("$parallel SET plan_cache_mode = force_generic_plan; PREPARE q(int) AS SELECT n FROM f LIMIT \$1; EXPLAIN (COSTS OFF) EXECUTE q(5)") =~ /Limit.*Parallel Foreign Scan/s ? 1 : 0, 1, 'a LIMIT nobody knows beforehand');
is(sql("$parallel SET plan_cache_mode = force_generic_plan; PREPARE q(int) AS SELECT count(*) FROM (SELECT n FROM f LIMIT \$1) s; EXECUTE q(5); EXECUTE q(250); EXECUTE q(5000)"),
	"5\n250\n$items", '... ends the workers');
my $stops = 'SELECT g, (SELECT n > 0 FROM f WHERE n > g LIMIT (SELECT 1)) AS t FROM generate_series(1, 4) g';
is(rows_of($parallel, $stops), rows_of($serial, $stops), '... again and again');
is(sql("$parallel BEGIN; INSERT INTO f VALUES ('new', 5000, 'kind 5', ''); SELECT count(n), max(n) FROM f WHERE n > 1000; ROLLBACK"), ($items - 999) . '|5000', "this transaction's own writes");
is(sql(q{DELETE FROM f WHERE id = 'new' RETURNING n}), 5000, '... which stay');
is(sql("$parallel SET ROLE pg_database_owner; RESET ROLE; SELECT count(n) FROM f"), $items, 'as another role before');

# ---- what it costs ------------------------------------------------------------------------------

like(plan_of($parallel, 'SELECT count(*) FROM f'), qr/\AAggregate|Foreign Scan\n.*Store Count: true/s, 'the store still counts');
unlike(plan_of($parallel, 'SELECT count(*) FROM f'), qr/Gather/, '... without workers');
is(sql("$parallel SELECT count(*) FROM f"), $items, '... right');
unlike(plan_of($parallel, 'SELECT n FROM f LIMIT 5'), qr/Gather/, 'a known LIMIT needs no workers');
is(counted($parallel, 'SELECT n FROM f LIMIT 5', 'Foreign Scan')->{'Store Requests'}, 1, '... but one request');
unlike(plan_of('', 'SELECT n FROM f'), qr/Gather/, 'nor does a table as small as this');
sql('BEGIN; UPDATE pg_class SET relpages = 20000, reltuples = 100000 WHERE oid = \'f\'::regclass; COMMIT; ANALYZE l');
like(plan_of('', 'SELECT kind, sum(n) FROM f GROUP BY kind'), qr/Workers Planned: 2.*Parallel Foreign Scan/s, 'a large one does');
like(plan_of($parallel, 'SELECT n FROM f'), qr/Store Segments: 12/, 'four segments for each of the three at once');
sql("ALTER FOREIGN TABLE f OPTIONS (SET scan_segments '1')");
unlike(plan_of($parallel, 'SELECT n FROM f'), qr/Gather/, 'one at once is for one process');
sql("ALTER FOREIGN TABLE f OPTIONS (SET scan_segments '2')");
like(plan_of($parallel, 'SELECT n FROM f'), qr/Workers Planned: 1\n.*Store Segments: 8/s, 'two are for two');
sql("ALTER FOREIGN TABLE f OPTIONS (SET scan_segments '16')");
is(rows_of($parallel, $scans[0]), rows_of($serial, $scans[0]), 'sixteen at once');
sql("ALTER FOREIGN TABLE f OPTIONS (DROP scan_segments)");
like(plan_of($parallel, 'SELECT n FROM f'), qr/Store Segments: 32\b/, 'eight without the option');
sql("ALTER FOREIGN TABLE f OPTIONS (ADD scan_segments '3'); ANALYZE f");

# the counters of all: as many requests as the nodes were sent, and as a serial scan of as many segments says
sub sent { return sql('SELECT sum(requests), sum(read_units) FROM yottastore.node_status'); }
my $whole = sql("$serial ALTER FOREIGN TABLE f OPTIONS (SET scan_segments '12'); EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) SELECT n FROM f; ALTER FOREIGN TABLE f OPTIONS (SET scan_segments '3')");
my %whole = $whole =~ /(Store Requests|Store Pages|Store Read Units): ([\d.]+)/g;
foreach my $set ('', 'SET parallel_leader_participation = off;', 'SET max_parallel_workers = 0;')
{
	my ($requests, $units) = split /\|/, sent();
	my $plan = counted("$parallel $set", 'SELECT n FROM f', 'Parallel Foreign Scan');
	my ($requests_after, $units_after) = split /\|/, sent();
	is($plan->{"Store $_"}, $whole{"Store $_"}, "Store $_ of all participants: $set") foreach 'Requests', 'Pages', 'Read Units';
	is($requests_after - $requests, $plan->{'Store Requests'}, '... which the nodes have counted, too');
	cmp_ok($units_after - $units, '==', $plan->{'Store Read Units'}, '... and what they cost');
}
my $ended = counted("$parallel SET plan_cache_mode = force_generic_plan; PREPARE q(int) AS SELECT n FROM f LIMIT \$1;", 'EXECUTE q(5)', 'Parallel Foreign Scan');
cmp_ok($ended->{'Store Requests'}, '<=', $whole{'Store Requests'}, 'a scan that ends early has asked for no more');
cmp_ok($ended->{'Store Requests'}, '>=', 1, '... but for some');

# ---- limits ---------------------------------------------------------------------------------------

sql("ALTER FOREIGN TABLE f OPTIONS (ADD max_scan_pages '1000')");
my $pages = counted($parallel, 'SELECT n FROM f', 'Parallel Foreign Scan')->{'Store Pages'};
cmp_ok($pages, '>=', 12, 'a page of each segment');
my $least = counted($serial, 'SELECT n FROM f', 'Foreign Scan')->{'Store Pages'};
sql("ALTER FOREIGN TABLE f OPTIONS (SET max_scan_pages '$least')");
like(plan_of($parallel, 'SELECT n FROM f'), qr/Parallel Foreign Scan/, 'where pages are scarce');
is(sql("$parallel SELECT sum(n) FROM f"), $items * ($items + 1) / 2, '... no more of them are read than by one process');
$least--;
sql("ALTER FOREIGN TABLE f OPTIONS (SET max_scan_pages '$least')");
like(sql_says("$parallel SELECT n FROM f"), qr/54000.*reads more than $least pages/s, 'a page too many, by all of them');
like(sql_says("$parallel SET parallel_leader_participation = off; SELECT sum(n) FROM f"), qr/54000/, '... by workers alone');
sql("ALTER FOREIGN TABLE f OPTIONS (SET max_scan_pages '$pages')");
is(sql("$parallel SELECT sum(n) FROM f"), $items * ($items + 1) / 2, 'just enough');
like(sql_says("$parallel $again $rescans"), qr/54000/, '... for one run, not for several');
sql('ALTER FOREIGN TABLE f OPTIONS (DROP max_scan_pages)');
sql("ALTER FOREIGN TABLE f OPTIONS (ADD allow_scan 'off')");
like(sql_says("$parallel SELECT n FROM f"), qr/HV00L/, 'a scan that is not allowed');
sql('ALTER FOREIGN TABLE f OPTIONS (DROP allow_scan)');

# ---- joins by key ----------------------------------------------------------------------------------

my $join = 'SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_memoize = off;';
my @joins = (
	'SELECT o.o_id, v.a FROM o JOIN f1 v ON v.id = o.id',
	'SELECT o.o_id, v.a FROM o JOIN f1 v ON v.id = o.id AND v.a > 100',
	'SELECT o.o_id, v.a FROM o JOIN f1 v ON v.id = o.id WHERE v.a % 3 = o.g % 3',
	'SELECT o.o_id, v.a FROM o LEFT JOIN f1 v ON v.id = o.id',
	'SELECT o.o_id, v.a FROM o LEFT JOIN f1 v ON v.id = o.id AND v.a < o.o_id',
	'SELECT o.o_id FROM o WHERE EXISTS (SELECT FROM f1 v WHERE v.id = o.id AND v.a > o.o_id)',
	'SELECT o.o_id FROM o WHERE NOT EXISTS (SELECT FROM f1 v WHERE v.id = o.id)',
	'SELECT v.* FROM f1 v WHERE v.id IN (SELECT id FROM o WHERE g = 2)',
	"SELECT o.o_id, v FROM o JOIN f1 v ON v.id = 'k' || o.o_id",
	'SELECT o.o_id, v.a, w.c FROM o JOIN f1 v ON v.id = o.id JOIN f2 w ON w.fleet = o.fleet AND w.n = o.n',
	'SELECT o.o_id, v.a, w.a FROM o JOIN f1 v ON v.id = o.id JOIN f1 w ON w.id = \'k\' || (v.a + 1)',
	'SELECT o.o_id, v.a, w.c FROM o LEFT JOIN f1 v ON v.id = o.id LEFT JOIN f2 w ON w.fleet = o.fleet AND w.n = v.a',
	'SELECT o.o_id, w.c FROM o JOIN f2 w ON w.fleet = o.fleet WHERE o.o_id < 30',
	'SELECT g, count(*), sum(v.a) FROM o JOIN f1 v ON v.id = o.id GROUP BY g',
	'SELECT o.o_id, v.a FROM o JOIN f1 v ON v.id = o.id ORDER BY v.a DESC, o.o_id LIMIT 7',
	'SELECT op.o_id, v.a FROM op JOIN f1 v ON v.id = op.id',
	'SELECT op.o_id, v.a FROM op LEFT JOIN f1 v ON v.id = op.id WHERE op.g < 4',
	'SELECT a.o_id, b.o_id AS b_id, v.a FROM o a JOIN o b ON a.o_id = b.o_id + 1 AND b.o_id < 100 JOIN f1 v ON v.id = b.id',
	'SELECT o.o_id, coalesce(v.a, -1) + coalesce(w.c, 0) AS s FROM o LEFT JOIN f1 v ON v.id = o.id LEFT JOIN f2 w ON w.n = v.a AND w.fleet = o.fleet',
	'SELECT f.n, v.a FROM f JOIN f1 v ON v.id = f.id',
);
my $ahead = 0;
foreach my $query (@joins)
{
	my $local = $query =~ s/\bf([12])\b(?!')/l$1/gr;
	my $expected = rows_of($serial, $local);
	$ahead += plan_of("$parallel $join", $query) =~ /Parallel Custom Scan \(YottastoreKeys\)/;
	is(rows_of("$parallel $join", $query), $expected, $query);
	is(rows_of("$parallel $join SET parallel_leader_participation = off;", $query), $expected, '... the leader only listening');
	is(rows_of("$parallel $join SET yottastore.read_ahead = off;", $query), $expected, '... one key after the other');
	is(rows_of("$join SET $debug = on;", $query), $expected, '... all in one worker');
}
cmp_ok($ahead, '>=', 14, 'most of them read ahead in each process');

my $keyed = counted("$parallel $join", $joins[0], 'YottastoreKeys');
is($keyed->{Keys}, sql(q{SELECT count(*) FROM o WHERE id <> ''}), 'the keys of all participants are counted');
is($keyed->{Missed}, 0, '... and all found');
cmp_ok($keyed->{'Store Requests'}, '<', 60, '... by batches');
is($keyed->{Answered}, $keyed->{Keys}, '... each where it was asked for');

# ---- errors, cancelling -----------------------------------------------------------------------------

like(sql_says("$parallel SELECT sum(1 / (n - 2000)) FROM f"), qr/division by zero/, 'an error in one of them');
sql("ALTER FOREIGN TABLE f ALTER kind TYPE int, ALTER kind OPTIONS (ADD on_mismatch 'error')");
like(sql_says("$parallel SET parallel_leader_participation = off; SELECT max(kind) FROM f"), qr/HV004.*CONTEXT:.*parallel worker/s, "a worker's misfit");
sql("ALTER FOREIGN TABLE f ALTER kind TYPE text, ALTER kind OPTIONS (DROP on_mismatch)");
is(sql("$parallel SELECT count(n) FROM f"), $items, '... and the next one goes well');

my $told = YottaAnswers->new;
sql(<<"END");
CREATE SERVER told FOREIGN DATA WRAPPER yottastore OPTIONS (nodes '@{[ $told->url ]}', request_timeout '100s');
CREATE USER MAPPING FOR CURRENT_USER SERVER told OPTIONS (access_key_id 'test', secret_access_key 'test');
CREATE FOREIGN TABLE slow (id text OPTIONS (key 'partition') NOT NULL, n int) SERVER told OPTIONS (table 'slow', scan_segments '3');
UPDATE pg_class SET relpages = 20000, reltuples = 100000 WHERE relname = 'slow';
END
$told->says('Scan', { hang => 1 });
foreach my $leader ('on', 'off')
{
	my $session = $node->background_psql('postgres', on_error_stop => 0);
	my $pid = $session->query('SELECT pg_backend_pid()');
	$session->query("$parallel SET parallel_leader_participation = $leader; SET application_name = 'hangs';");
	$session->{stdin} .= "SELECT sum(n) FROM slow;\n\\echo ended\n";
	$session->{run}->pump_nb;
	my $wanted = $leader eq 'on' ? 3 : 2;
	for (1 .. 300) { last if $told->heard('Scan') >= $wanted; select undef, undef, undef, 0.1; }
	sql("SELECT pg_cancel_backend($pid)");
	$session->{run}->pump until $session->{stdout} =~ /^ended$/m;
	like($session->{stderr}, qr/canceling statement due to user request/, "workers that wait are cancelled, leader $leader");
	ok($node->poll_query_until('postgres', "SELECT count(*) = 0 FROM pg_stat_activity WHERE leader_pid = $pid AND pid <> $pid"), '... and gone');

	$session->quit;
	$told->says('Scan', { hang => 1 });
}
$told->says('Scan', refusal('ResourceNotFoundException', 'no such table'));
like(sql_says("$parallel SELECT sum(n) FROM slow"), qr/42P01|HV00R|not exist/i, "the store's refusal");

# a limit that sessions could not keep together
is(sql("ALTER SERVER fleet OPTIONS (ADD max_requests_per_second '100000'); $parallel SELECT sum(n) FROM f"), $items * ($items + 1) / 2, 'limits are kept together');

$node->append_conf('postgresql.conf', "shared_preload_libraries = ''");
$node->restart;
is(sql("$parallel SELECT n FROM f WHERE n > 2990 ORDER BY n"), join("\n", 2991 .. $items), 'workers load the library by themselves');
unlike(plan_of($parallel, 'SELECT n FROM f'), qr/Gather/, 'but not for what they could not keep to together');
sql('ALTER SERVER fleet OPTIONS (DROP max_requests_per_second)');
like(plan_of($parallel, 'SELECT n FROM f'), qr/Gather/, '... only for other servers');
is(rows_of($parallel, $scans[0]), rows_of($serial, $scans[0]), '... of which they find all');

store_api('DeleteTable', { TableName => $_ }) foreach $many, $half, $one, $fleets;
$node->stop;
done_testing();
