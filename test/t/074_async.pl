# Scans of several foreign tables under an Append that go on at the same time: the same rows as one
# after the other, and no wait that can't be ended.
use strict;
use warnings;

use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time sleep);
use YottaAnswers;
use YottaTest;

my $node = new_node('async');
create_servers($node);
my @stores = map { unique_name($_) } qw(east west north empty readings);
my ($east, $west, $north, $empty, $readings) = @stores;
my $items = 900;

sub sql { return $node->safe_psql('postgres', $_[0]); }

sub sql_says
{
	my ($code, $output, $error) = $node->psql('postgres', "\\set VERBOSITY verbose\n$_[0]");
	return $error;
}

# Three partitions are in the store, of two servers, one without items, and one is local.
sql(<<"END");
SELECT yottastore.create_store_table('fleet', t, 'id', stream => false) FROM unnest('{$east,$west,$north,$empty}'::text[]) t;
SELECT yottastore.create_store_table('fleet', '$readings', 'device', 'at numeric', stream => false);
CREATE SERVER other FOREIGN DATA WRAPPER yottastore OPTIONS (nodes '@{[ store_url() ]}', region 'eu-south-1', async_capable 'true');
CREATE USER MAPPING FOR CURRENT_USER SERVER other OPTIONS (access_key_id 'test', secret_access_key 'test');
CREATE TABLE t (id text NOT NULL, zone text NOT NULL, n int, pad text) PARTITION BY LIST (zone);
CREATE FOREIGN TABLE east (id text OPTIONS (key 'partition') NOT NULL, zone text NOT NULL, n int, pad text)
	SERVER fleet OPTIONS (table '$east', insert_mode 'upsert', scan_segments '3', async_capable 'on');
CREATE FOREIGN TABLE west (id text OPTIONS (key 'partition') NOT NULL, zone text NOT NULL, n int, pad text)
	SERVER fleet OPTIONS (table '$west', insert_mode 'upsert', async_capable 'on');
CREATE FOREIGN TABLE north (id text OPTIONS (key 'partition') NOT NULL, zone text NOT NULL, n int, pad text)
	SERVER other OPTIONS (table '$north', insert_mode 'upsert');
CREATE FOREIGN TABLE vacant (id text OPTIONS (key 'partition') NOT NULL, zone text NOT NULL, n int, pad text)
	SERVER other OPTIONS (table '$empty');
CREATE TABLE here (id text NOT NULL, zone text NOT NULL, n int, pad text);
ALTER TABLE t ATTACH PARTITION east FOR VALUES IN ('east');
ALTER TABLE t ATTACH PARTITION west FOR VALUES IN ('west');
ALTER TABLE t ATTACH PARTITION here FOR VALUES IN ('here');
ALTER TABLE t ATTACH PARTITION vacant FOR VALUES IN ('none');
ALTER TABLE t ATTACH PARTITION north FOR VALUES IN ('north');
CREATE TABLE l AS SELECT 'k' || i AS id, (ARRAY['east', 'west', 'north', 'here'])[i % 4 + 1] AS zone, i AS n, repeat('x', 5000) AS pad FROM generate_series(1, $items) i;
INSERT INTO t TABLE l;
CREATE FOREIGN TABLE readings (device text OPTIONS (key 'partition') NOT NULL, at int OPTIONS (key 'sort') NOT NULL, v int)
	SERVER fleet OPTIONS (table '$readings', insert_mode 'upsert', async_capable 'on');
INSERT INTO readings SELECT 'd' || i % 10, i, i % 7 FROM generate_series(1, 500) i;
CREATE TABLE o AS SELECT i AS o_id, 'k' || i * 7 % 1000 AS id, i % 5 AS g FROM generate_series(1, 100) i;
ANALYZE l, o, here;
END

my $synchronous = 'SET enable_async_append = off;';
my $join = 'SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_memoize = off; SET enable_material = off;';

sub rows_of
{
	my ($set, $query) = @_;
	return join "\n", sort split /\n/, sql("$set SELECT row_to_json(q) FROM ($query) q");
}

sub plan_of
{
	my ($set, $query, $options) = @_;
	return sql("$set EXPLAIN (" . ($options // 'COSTS OFF') . ") $query");
}

# ---- the same rows ------------------------------------------------------------------------------

my $async = 0;
foreach my $case (
	[ 'SELECT id, zone, n, length(pad) AS l FROM t', '' ],
	[ 'SELECT id, n FROM t WHERE n % 3 = 0', '' ],
	[ "SELECT id, n FROM t WHERE n BETWEEN 100 AND 500 AND zone <> 'west'", '' ],
	[ 'SELECT zone, count(*), sum(n), min(n), max(n) FROM t GROUP BY zone', '' ],
	[ 'SELECT id, n FROM t ORDER BY n DESC LIMIT 30', '' ],
	[ 'SELECT a.id, b.n FROM t a JOIN t b ON a.n = b.n + 1 WHERE a.n < 200', '' ],
	[ "SELECT id, zone FROM t WHERE id IN ('k1', 'k2', 'k3', 'k444', 'nobody')", '' ],
	[ "SELECT id, zone FROM t WHERE id = 'k44'", '' ],
	[ 'SELECT id FROM t WHERE n < 0', '' ],
	[ 'SELECT id, n FROM east UNION ALL SELECT id, n FROM west UNION ALL SELECT id, n FROM l WHERE n < 50', '' ],
	[ "SELECT at, v FROM readings WHERE device = 'd1' UNION ALL SELECT at, v FROM readings WHERE device IN ('d2', 'd3') AND v > 2 UNION ALL SELECT n, 1 FROM north", '' ],
	[ 'SELECT count(*) AS c FROM east UNION ALL SELECT count(*) FROM west UNION ALL SELECT count(*) FROM vacant', '' ],
	[ "SELECT count(*) AS c FROM readings WHERE device = 'd1' UNION ALL SELECT count(*) FROM readings WHERE device = 'd2' AND at > 100", '' ],
	[ 'SELECT o.o_id, t.n FROM o JOIN t ON t.id = o.id WHERE o.o_id < 30', $join ],
	[ 'SELECT o.o_id, (SELECT sum(t.n) FROM t WHERE t.n % 5 = o.g) AS s FROM o WHERE o.o_id < 6', '' ],
	[ 'SELECT g, s.c FROM generate_series(1, 4) g, LATERAL (SELECT count(x.n) AS c FROM (SELECT n FROM t WHERE n > g * 200 OFFSET 0) x) s', $join ],
	[ 'SELECT o.o_id FROM o WHERE NOT EXISTS (SELECT FROM t WHERE t.n = o.o_id AND t.zone = \'east\') AND EXISTS (SELECT FROM t WHERE t.n = o.o_id)', '' ],
	[ 'WITH RECURSIVE x(n) AS (SELECT 1 UNION ALL SELECT t.n * 2 FROM x JOIN t ON t.n = x.n) SELECT n FROM x', '' ],
	[ 'SELECT zone, count(*) AS c FROM (SELECT zone FROM t LIMIT 10000) s GROUP BY zone', '' ])
{
	my ($query, $set) = @$case;
	my $found = plan_of($set, $query) =~ /Async Foreign Scan/;
	$async += $found;
	is(rows_of($set, $query), rows_of("$synchronous $set", $query), ($found ? 'at once' : 'alone') . ": $query");
}
cmp_ok($async, '>=', 15, 'most of them go on at the same time');
my $plan = plan_of('', 'SELECT n FROM t');
is(() = $plan =~ /Async Foreign Scan/g, 4, 'four foreign scans do');
unlike(plan_of($synchronous, 'SELECT n FROM t'), qr/Async/, '... unless told not to');
like(plan_of('', 'SELECT count(*) FROM east UNION ALL SELECT count(*) FROM west'), qr/Async Foreign Scan.*Store Count: true.*Async Foreign Scan.*Store Count: true/s, 'counts, too');
unlike(plan_of('', 'SELECT n FROM t ORDER BY id'), qr/Merge Append/, 'an order is made here');
is(sql("SELECT count(*), sum(length(pad)), count(DISTINCT id) FROM t"), "$items|@{[ $items * 5000 ]}|$items", 'nothing twice');

# several at once ask before the first is read
$plan = plan_of('', 'SELECT n FROM t', 'ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF');
note $plan;
my @requests = $plan =~ /Async Foreign Scan on (\w+).*?Store Requests: (\d+)/gs;
is(scalar @requests, 8, 'each counts its requests');
cmp_ok({@requests}->{east}, '>=', 3, '... of all segments');
$plan = plan_of('', 'SELECT id FROM t LIMIT 1', 'ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF');
@requests = $plan =~ /Async Foreign Scan on \w+.*?Store Requests: (\d+)/gs;
is(join(',', @requests), '1,1,1,1', 'LIMIT 1 costs a request of each');

# the option
sql("ALTER FOREIGN TABLE west OPTIONS (SET async_capable 'off')");
like(plan_of('', 'SELECT n FROM t'), qr/Async Foreign Scan on east.*->  Foreign Scan on west/s, 'one that is not to');
is(rows_of('', 'SELECT id, n FROM t'), rows_of($synchronous, 'SELECT id, n FROM t'), '... among those that are');
sql("ALTER FOREIGN TABLE west OPTIONS (SET async_capable 'on')");
my $parallel = 'SET max_parallel_workers_per_gather = 2; SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0;';
unlike(plan_of($parallel, 'SELECT n FROM east'), qr/Gather/, 'what may go on at the same time is not for workers');
like(sql_says("ALTER FOREIGN TABLE west OPTIONS (SET async_capable 'sometimes')"), qr/async_capable/, 'a boolean');

# ---- cursors, plans that are kept -----------------------------------------------------------------

is(sql('BEGIN; DECLARE c CURSOR FOR SELECT n FROM t; MOVE 10 IN c; SELECT pg_sleep(0.2); SELECT sum(n) FROM t; MOVE ALL IN c; CLOSE c; DECLARE d CURSOR FOR SELECT n FROM t; MOVE 3 IN d; COMMIT; SELECT count(n) FROM t'),
	"\n" . $items * ($items + 1) / 2 . "\n$items", 'idle and unfinished cursors');
is(sql('BEGIN; DECLARE c SCROLL CURSOR FOR SELECT n FROM t WHERE n < 100; MOVE ALL IN c; MOVE BACKWARD ALL IN c; MOVE FORWARD 98 IN c; FETCH 2 FROM c; COMMIT') =~ /\A\d+\z/ ? 1 : 0, 1, 'a scrollable cursor');
is(sql('PREPARE q(int) AS SELECT count(*) FROM t WHERE n > $1;' . ' EXECUTE q(450);' x 8), join("\n", ($items - 450) x 8), 'a prepared statement past its sixth execution');
is(sql("SET plan_cache_mode = force_generic_plan; PREPARE q(text) AS SELECT count(*) FROM t WHERE zone = \$1 OR zone = 'none'; EXECUTE q('east'); EXECUTE q('here'); EXECUTE q('none')"),
	"225\n225\n0", 'partitions that are left out when it begins');
my $result;
$node->psql('postgres', 'BEGIN; DECLARE c CURSOR FOR SELECT n FROM t; MOVE 1 IN c; SAVEPOINT s; SELECT 1 / 0; ROLLBACK TO s; MOVE ALL IN c; SELECT count(n) FROM t;', on_error_stop => 0, stdout => \$result);
like($result, qr/^$items\z/m, 'a failed subtransaction beside it');

# ---- changes ----------------------------------------------------------------------------------------

is(sql("WITH u AS (UPDATE t SET n = n + 10000 WHERE n % 100 = 0 RETURNING n) SELECT count(*) FROM u"), $items / 100, 'an UPDATE of all partitions');
is(sql('SELECT count(*) FROM t WHERE n > 10000'), $items / 100, '... is done once');
is(sql("UPDATE t SET n = n - 10000 WHERE n > 10000; SELECT sum(n) FROM t"), $items * ($items + 1) / 2, '... and undone');
is(sql("WITH d AS (DELETE FROM t WHERE n > 890 RETURNING id) SELECT count(*) FROM d"), 10, 'a DELETE');
is(sql("INSERT INTO t SELECT * FROM l WHERE n > 890; SELECT count(n) FROM t"), $items, 'and back');

# ---- waits -------------------------------------------------------------------------------------------

my $told = YottaAnswers->new;
sql(<<"END");
CREATE SERVER told FOREIGN DATA WRAPPER yottastore OPTIONS (nodes '@{[ $told->url ]}', request_timeout '100s', async_capable 'true');
CREATE USER MAPPING FOR CURRENT_USER SERVER told OPTIONS (access_key_id 'test', secret_access_key 'test');
CREATE FOREIGN TABLE slow (id text OPTIONS (key 'partition') NOT NULL, n int) SERVER told OPTIONS (table 'slow');
CREATE FOREIGN TABLE slower (id text OPTIONS (key 'partition') NOT NULL, n int) SERVER told OPTIONS (table 'slower');
END
my $both = 'SELECT n FROM slow UNION ALL SELECT n FROM slower UNION ALL SELECT n FROM east';
like(plan_of('', $both), qr/Async Foreign Scan on slow\b.*Async Foreign Scan on slower/s, 'scans of a store that is slow');

# What the session says when it is cancelled once all requests wait.
$told->says('Scan', { hang => 1 });
my $session = $node->background_psql('postgres', on_error_stop => 0);
my $pid = $session->query('SELECT pg_backend_pid()');
$session->{stdin} .= "SELECT count(n) FROM ($both) q;\n\\echo ended\n";
$session->{run}->pump_nb;
for (1 .. 300) { last if $told->heard('Scan') >= 2; sleep 0.1; }
sleep 0.3;
my $began = time;
sql("SELECT pg_cancel_backend($pid)");
$session->{run}->pump until $session->{stdout} =~ /^ended$/m;
my $took = time - $began;
note sprintf 'cancelled after %.2f s', $took;
like($session->{stderr}, qr/canceling statement due to user request/, 'a wait for all of them is cancelled');
cmp_ok($took, '<', 10, '... soon');
like($session->query('SELECT 1'), qr/^1\z/m, 'and the session goes on');
$session->quit;

# one that never answers is given up, while the others get on
sql("ALTER SERVER told OPTIONS (SET request_timeout '2s')");
$told->says('Scan', { hang => 1 });
like(sql_says("SELECT count(n) FROM ($both) q"), qr/did not answer in time/, 'a request has its time');
$told->says('Scan', refusal('ThrottlingException', 'Rate exceeded'), refusal('ThrottlingException', 'Rate exceeded'),
	{ json => { Items => [ { id => { S => 'a' }, n => { N => '1' } } ], Count => 1, ScannedCount => 1 } });
is(sql("SELECT count(n) FROM ($both) q"), 225 + 2, 'and is tried again where it was too much');
$told->says('Scan', refusal('ResourceNotFoundException', 'no such table'));
like(sql_says("SELECT count(n) FROM ($both) q"), qr/ERROR/, "one's error is all theirs");
is(sql('SELECT count(n) FROM t'), $items, '... and the next query goes well');

# descriptors come back
my $descriptors = $node->background_psql('postgres');
my $backend = $descriptors->query('SELECT pg_backend_pid()');
# those of the reactors and what Appends wait for; connections come and go
sub descriptors { return scalar grep { (readlink($_) // '') =~ /eventpoll|timerfd/ } glob "/proc/$backend/fd/*"; }
$descriptors->query('SELECT count(n) FROM t');
my $before = descriptors();
$descriptors->query('SELECT count(n) FROM t') foreach 1 .. 5;
is(descriptors(), $before, 'no descriptor is left open');
$descriptors->quit;

store_api('DeleteTable', { TableName => $_ }) foreach @stores;
$node->stop;
done_testing();
