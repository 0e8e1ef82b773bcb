# Scans in several segments, Queries of several partitions, and what limits a scan: nothing missing,
# nothing twice, whatever the number of segments; and what each of them asks the store.
use strict;
use warnings;

use PostgreSQL::Test::Utils;
use Test::More;
use YottaAnswers;
use YottaTest;

my $node = new_node('scan');
create_servers($node);

sub sql { return $node->safe_psql('postgres', $_[0]); }

sub sql_says
{
	my ($code, $output, $error) = $node->psql('postgres', "\\set VERBOSITY verbose\n$_[0]");
	return $error;
}

# What EXPLAIN says of each Store property, as a hash; text => the whole plan.
sub plan_of
{
	my ($query, $options) = @_;
	my $text = sql('EXPLAIN (' . ($options // 'ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF') . ") $query");
	my %plan = (text => $text);
	while ($text =~ /^\s*Store (\w[\w ]*): (.*)$/mg) { $plan{$1} //= $2; }
	return \%plan;
}

my %seen;

sub segments
{
	my ($table, $count) = @_;
	sql("ALTER FOREIGN TABLE $table OPTIONS (" . ($seen{$table}++ || $table ne 'one' ? 'SET' : 'ADD') . " scan_segments '$count')");
	return;
}

# ---- items -----------------------------------------------------------------------------------

my $items = 4000;
my %table = map { ($_ => unique_name($_)) } qw(many few none readings);
sql(<<"END");
SELECT yottastore.create_store_table('fleet', '$table{many}', 'id', stream => false);
SELECT yottastore.create_store_table('fleet', '$table{few}', 'id', stream => false);
SELECT yottastore.create_store_table('fleet', '$table{none}', 'id', stream => false);
SELECT yottastore.create_store_table('fleet', '$table{readings}', 'device', 'at numeric', stream => false);
CREATE FOREIGN TABLE many (id text OPTIONS (key 'partition') NOT NULL, n int, kind text, pad text)
	SERVER fleet OPTIONS (table '$table{many}', scan_segments '1', insert_mode 'upsert');
CREATE FOREIGN TABLE few (id text OPTIONS (key 'partition') NOT NULL, n int)
	SERVER fleet OPTIONS (table '$table{few}', scan_segments '1');
CREATE FOREIGN TABLE none (id text OPTIONS (key 'partition') NOT NULL, n int)
	SERVER fleet OPTIONS (table '$table{none}', scan_segments '1');
CREATE FOREIGN TABLE readings (device text OPTIONS (key 'partition') NOT NULL, at int OPTIONS (key 'sort') NOT NULL, v int, pad text)
	SERVER fleet OPTIONS (table '$table{readings}', insert_mode 'upsert');
INSERT INTO many SELECT 'k' || i, i, 'kind ' || i % 10, repeat(chr(97 + i % 26), 2000) FROM generate_series(1, $items) i;
INSERT INTO few SELECT 'k' || i, i FROM generate_series(1, 3) i;
INSERT INTO readings SELECT 'd' || i % 30, i, i % 7, repeat('x', CASE WHEN i % 30 < 3 THEN 20000 ELSE 10 END) FROM generate_series(1, 3000) i;
END

# ---- segments --------------------------------------------------------------------------------

my $all = "SELECT count(id), count(DISTINCT id), sum(n), md5(string_agg(id || kind || md5(pad), ',' ORDER BY id)) FROM many";
my $expected = sql("SELECT count(id), count(DISTINCT id), sum(n), md5(string_agg(id || kind || md5(pad), ',' ORDER BY id))"
	  . " FROM (SELECT 'k' || i AS id, i AS n, 'kind ' || i % 10 AS kind, repeat(chr(97 + i % 26), 2000) AS pad"
	  . " FROM generate_series(1, $items) i) m");
my $some = "SELECT count(id), sum(n) FROM many WHERE kind = 'kind 3' AND n > 1000";
foreach my $count (1, 2, 3, 7, 16, 64)
{
	segments('many', $count);
	is(sql($all), $expected, "all items in $count segments");
	is(sql($some), '300|749400', '... filtered');
	is(sql('SELECT count(*) FROM many'), $items, '... counted by the store');
	is(sql("SELECT count(*) FROM many WHERE id > 'k'"), $items, '... and here');
	my $plan = plan_of('SELECT n FROM many');
	is($plan->{Segments}, $count > 1 ? $count : undef, '... and EXPLAIN tells their number');
	cmp_ok($plan->{Requests}, '>=', $count, '... each of which is asked for');
	is($plan->{Pages}, $plan->{Requests}, '... and read to its end');
}
foreach my $count (1, 2, 64)
{
	segments($_, $count) foreach qw(few none);
	is(sql('SELECT count(id), sum(n) FROM few'), '3|6', "three items in $count segments");
	is(sql('SELECT count(id), sum(n) FROM none'), '0|', '... and none');
}

# rescans, joins, what stops early, what waits
segments('many', 5);
is(sql('SELECT string_agg(s.c::text, \',\' ORDER BY g) FROM generate_series(1, 4) g,'
	  . ' LATERAL (SELECT count(id) AS c FROM many WHERE n % 4 + 1 = g AND n <= g * 1000) s'),
	'250,500,750,1000', 'a scan for each outer row');
is(sql('SELECT count(*) FROM many a JOIN many b ON a.n = b.n + 1'), $items - 1, 'two scans of a table at once');
is(sql('SELECT EXISTS (SELECT FROM many WHERE n > 0), (SELECT count(*) FROM (SELECT * FROM many LIMIT 150) s)'), 't|150',
	'only some of the rows');
is(plan_of('SELECT id FROM many LIMIT 5')->{Segments}, undef, 'LIMIT: one segment');
is(plan_of('SELECT id FROM many LIMIT 5')->{Requests}, 1, '... and one request');
is(sql("BEGIN; DECLARE c CURSOR FOR SELECT id FROM many; MOVE 10 IN c; SELECT pg_sleep(0.3); SELECT sum(n) FROM many; MOVE ALL IN c;"
	  . " CLOSE c; DECLARE d CURSOR FOR SELECT id FROM many; MOVE 7 IN d; CLOSE d; DECLARE e CURSOR FOR SELECT id FROM many;"
	  . " MOVE 1 IN e; COMMIT; SELECT count(id) FROM many"), "\n" . $items * ($items + 1) / 2 . "\n$items", 'idle and unfinished cursors');
is(sql("BEGIN; DECLARE c CURSOR WITH HOLD FOR SELECT id FROM many; FETCH 1 FROM c; COMMIT; SELECT 1 / n FROM few WHERE id = 'k1';"
	  . " SELECT count(*) FROM pg_cursors") =~ /\n1\n1\z/ ? 1 : 0, 1, 'a cursor that outlives its transaction');
$node->psql('postgres', "BEGIN; DECLARE c CURSOR FOR SELECT id FROM many; FETCH 10 FROM c; SAVEPOINT s; SELECT 1 / 0;"
	  . " ROLLBACK TO s; MOVE ALL IN c; SELECT count(id) FROM many;", on_error_stop => 0, stdout => \my $out);
like($out, qr/\n$items\z/, 'a failed subtransaction beside a scan');

# how many without the option
sql('ALTER FOREIGN TABLE many OPTIONS (DROP scan_segments)');
foreach my $case ([ 0, -1, undef ], [ 100, 1000, undef ], [ 2047, 1e5, undef ], [ 2048, 1e5, 2 ], [ 5200, 1e5, 5 ], [ 1e6, 1e9, 8 ])
{
	my ($pages, $tuples, $count) = @$case;
	sql("UPDATE pg_class SET relpages = $pages, reltuples = $tuples WHERE relname = 'many'");
	is(plan_of('SELECT n FROM many', 'COSTS OFF')->{Segments}, $count, "a table of $pages pages");
}
sql("ALTER SERVER fleet OPTIONS (ADD scan_segments '3')");
is(plan_of('SELECT n FROM many', 'COSTS OFF')->{Segments}, 3, "the server's option");
sql("ALTER SERVER fleet OPTIONS (DROP scan_segments); UPDATE pg_class SET relpages = 0, reltuples = -1 WHERE relname = 'many'");

# ---- several partitions ----------------------------------------------------------------------

foreach my $list ("'{}'", "'{d0}'", "'{d0,d1,d2,d0}'", "ARRAY(SELECT 'd' || i FROM generate_series(-5, 40) i)")
{
	is(sql("SELECT count(at), count(DISTINCT at), sum(v) FROM readings WHERE device = ANY ($list) AND v > 2"),
		sql("SELECT count(i), count(i), sum(i % 7) FROM generate_series(1, 3000) i WHERE 'd' || i % 30 = ANY ($list) AND i % 7 > 2"),
		"partitions $list");
}
my $plan = plan_of("SELECT at FROM readings WHERE device = ANY (ARRAY(SELECT 'd' || i FROM generate_series(0, 29) i)) AND at > 10");
is($plan->{Operation}, 'Query', 'partitions are queried');
cmp_ok($plan->{Requests}, '>', 30, '... some in several pages');
is(sql("SELECT count(*) FROM (SELECT at FROM readings WHERE device = ANY ('{d0,d1,d5}') LIMIT 250) s"), 250, 'not all of them');

# ---- what is asked, and when -----------------------------------------------------------------

my $told = YottaAnswers->new;
my $url = $told->url;
sql(<<"END");
CREATE SERVER told FOREIGN DATA WRAPPER yottastore OPTIONS (nodes '$url', request_timeout '2s', connect_timeout '200ms', region 'eu-south-1');
CREATE USER MAPPING FOR CURRENT_USER SERVER told OPTIONS (access_key_id 'test', secret_access_key 'test');
CREATE FOREIGN TABLE one (id text OPTIONS (key 'partition') NOT NULL, at int OPTIONS (key 'sort'), n int)
	SERVER told OPTIONS (table 'one');
END

my %units = (ConsumedCapacity => { TableName => 'one', CapacityUnits => 0.5 });

# A page of so many items, whose chain goes on at a key unless that is undef.
sub page
{
	my ($n, $next, %more) = @_;
	return { json => { Items => [ map { { id => { S => "p$_" }, at => { N => '1' }, n => { N => "$_" } } } @$n ], Count => scalar @$n, %units,
		$next ? (LastEvaluatedKey => { id => { S => $next }, at => { N => '1' } }) : (), %more } };
}

sub asked { return map { ($_->{Segment} // '-') . ':' . ($_->{ExclusiveStartKey}{id}{S} // '') } $told->heard('Scan'); }

segments('one', 3);
$told->says('Scan-0', page([1], 'a'), page([], 'b'), page([], 'c'), page([2]));
$told->says('Scan-1', page([]));
$told->says('Scan-2', page([], 'x'), page([3], 'y'), page([]));
is(sql('SELECT string_agg(n::text, \',\' ORDER BY n) FROM one'), '1,2,3', 'empty pages, an empty segment, an empty last page');
is_deeply([ sort(asked()) ], [ qw(0: 0:a 0:b 0:c 1: 2: 2:x 2:y) ], '... and each segment goes on where it was');
is((grep { $_->{TotalSegments} != 3 } $told->heard('Scan')) + 0, 0, '... out of three');

# a segment that does not answer keeps none of the others back
$told->says('Scan-0', { hang => 1 }, page([1]));
$told->says('Scan-1', page([2], 'a'), page([3]));
$told->says('Scan-2', page([4]));
$told->says('Scan');
is(sql('SELECT sum(n) FROM one'), 10, 'a page that does not come at first');
is_deeply([ asked() ]->[-1], '0:', '... is the last that is asked for');
is_deeply([ sort((asked())[ 0 .. 3 ]) ], [ qw(0: 1: 1:a 2:) ], '... while the others are');
$told->says($_) foreach qw(Scan-0 Scan-1 Scan-2);
$told->says('Query', { hang => 1 }, map { page([$_]) } 1 .. 5);
is(sql("SELECT count(*) FROM one WHERE id = ANY ('{p1,p2,p3,p4,p5}') AND n > 0"), 5, 'a partition that does not answer');
my @partitions = map { (values %{ $_->{ExpressionAttributeValues} })[0]{S} // '' } $told->heard('Query');
is(scalar @partitions, 6, '... is asked again');

# throttled past the deadline: given up, unless other pages came meanwhile
sql("ALTER SERVER told OPTIONS (SET request_timeout '500ms')");
my $busy = refusal('ThrottlingException', 'Rate exceeded');
segments('one', 2);
$told->says('Scan-0', $busy);
$told->says('Scan-1', page([1]));
like(sql_says('SELECT sum(n) FROM one'), qr/53400/, 'a segment throttled for good fails');
$told->says('Scan-1', $busy);
like(sql_says('SELECT sum(n) FROM one'), qr/53400/, '... and so do all');

# (nine times is more than the deadline allows for, and fewer than twice as many)
sql("ALTER SERVER told OPTIONS (SET request_timeout '2s')");
$told->says('Scan');
$told->says('Scan-0', ($busy) x 9, page([2], 'a'), page([3]));
$told->says('Scan-1', page([4], 'b'), page([5]));
is(sql('SELECT sum(n) FROM one'), 14, '... but not while the other segment gets on');
is_deeply([ sort grep { /a|b/ } asked() ], [ qw(0:a 1:b) ], '... and each goes on where it was');

# another array behind the items hides what is between them until they are read
segments('one', 1);
$told->says($_) foreach qw(Scan-0 Scan-1);
my $odd = '{"Items":[{"id":{"S":"p1"},"n":{"N":"1"}}],"LastEvaluatedKey":{"id":{"S":"a"},"at":{"N":"1"}},"ConsumedCapacity":{"CapacityUnits":2},"Odd":[1],"Count":1}';
$told->says('Scan', { text => $odd }, { text => $odd =~ s/"LastEvaluatedKey"/"Former"/r =~ s/"1"/"2"/gr });
$plan = plan_of('SELECT n FROM one');
is_deeply([ @{$plan}{qw(Pages Requests)}, $plan->{'Read Units'} ], [ 2, 2, '4.0' ], 'members behind the items, and an array behind them');
is_deeply([ asked() ], [ '-:', '-:a' ], '... the key is found');
$told->says('Scan', { text => $odd =~ s/"Odd"/"Items"/r });
like(sql_says('SELECT n FROM one'), qr/22000.*reply cannot be understood.*the items are not one list/s, 'items twice');
$told->says('Scan', { text => '{"Items":[{"id":{"S":"p1"},"n":{"N":"1"}},{"id":{"S":"p2"},"n":{"N":"x"}}],"Count":2}' });
like(sql_says('SELECT n FROM one'), qr/22000.*reply cannot be understood.*attribute "n"/s, 'a bad item behind a good one');

# cancelled with pages under way; the session goes on
segments('one', 3);
$told->says('Scan-0', page([1], 'a'), page([2], 'a'));
$told->says("Scan-$_", { hang => 1 }) foreach 1, 2;
sql("ALTER SERVER told OPTIONS (SET request_timeout '60s')");
my ($code, $output, $error) = $node->psql('postgres', "SET statement_timeout = 400;\nSELECT sum(n) FROM one;\nSET statement_timeout = 0;\nSELECT sum(n) FROM few",
	on_error_stop => 0);
like($error, qr/statement timeout/, 'an endless scan is cancelled');
is($output, 6, '... and others are not');

# ---- what is allowed -------------------------------------------------------------------------

sql('CREATE TABLE wanted AS SELECT \'k\' || i AS id FROM generate_series(1, 20) i; ANALYZE wanted');
sql("UPDATE pg_class SET relpages = 1, reltuples = 4 WHERE relname = 'many'");
my $join = 'SELECT sum(m.n) FROM many m JOIN wanted w ON m.id = w.id';
sql('ALTER DATABASE postgres SET yottastore.read_ahead = off');
unlike(plan_of($join, 'COSTS OFF')->{text}, qr/Nested Loop/, 'a small table is scanned, rather than asked for each key by itself');
sql('ALTER DATABASE postgres RESET yottastore.read_ahead');
sql("ALTER SERVER fleet OPTIONS (ADD allow_scan 'off')");
foreach my $query ('SELECT id FROM many', 'SELECT count(*) FROM many', "SELECT n FROM many WHERE kind = 'kind 1'", 'SELECT id FROM many LIMIT 1',
	'UPDATE many SET n = 1', "DELETE FROM many WHERE kind = 'x'", "SELECT n FROM many WHERE id = 'k1' OR n = 2",
	'EXPLAIN ANALYZE SELECT n FROM many', 'SELECT (SELECT sum(n) FROM few)')
{
	like(sql_says($query), qr/HV00L.*scanning store table ".*" is not allowed.*HINT:.*partition key id.*"allow_scan"/s, "refused: $query");
}
is(plan_of('SELECT n FROM many', 'COSTS OFF')->{Operation}, 'Scan', 'EXPLAIN alone shows the plan');
is(sql("SELECT n FROM many WHERE id = 'k7'"), 7, 'by key it is allowed');
is(sql("SELECT count(*), sum(v) FROM readings WHERE device = 'd1'"), sql("SELECT count(*), sum(i % 7) FROM generate_series(1, 3000) i WHERE i % 30 = 1"), '... by partition too');
is(sql("SELECT count(*) FROM many WHERE id = 'k1' AND false"), 0, '... and what reads nothing');
is(sql('SELECT count(*) FROM wanted WHERE id = \'x\' AND (SELECT max(n) FROM many WHERE n > length(wanted.id)) > 0'), 0, '... or is never begun');
like(plan_of($join, 'COSTS OFF')->{text}, qr/Nested Loop/, 'the join asks for keys');
is(sql($join), 210, '... and works');
like(sql_says('SELECT id FROM readings WHERE at > 5'), qr/column "id" does not exist/, 'an error of another kind');
like(sql_says('SELECT device FROM readings WHERE at > 5'), qr/HV00L.*partition key device, or on that and on sort key at/s, 'both keys are named');
sql("ALTER FOREIGN TABLE few OPTIONS (ADD allow_scan 'on')");
is(sql('SELECT sum(n) FROM few'), 6, "the table's option wins");
sql('ANALYZE many');
is(sql("SELECT reltuples > 1000 FROM pg_class WHERE relname = 'many'"), 't', 'ANALYZE is no query');
is(sql("PREPARE q AS SELECT sum(n) FROM none; ALTER FOREIGN TABLE none OPTIONS (ADD allow_scan 'true'); EXECUTE q"), '', 'a prepared query follows the option');
sql('ALTER SERVER fleet OPTIONS (DROP allow_scan)');
is(sql('PREPARE q AS SELECT count(id) FROM many; EXECUTE q'), $items, 'allowed again');

segments('few', 1);
my $pages = plan_of('SELECT n FROM many')->{Pages};
cmp_ok($pages, '>=', 8, 'a table of several pages');
sql("ALTER SERVER fleet OPTIONS (ADD max_scan_pages '" . ($pages - 1) . "')");
like(sql_says('SELECT n FROM many'), qr/54000.*reads more than @{[ $pages - 1 ]} pages.*HINT:.*partition key id.*"max_scan_pages"/s, 'a page too many');
like(sql_says('SELECT count(*) FROM many'), qr/54000/, '... to count');
is(sql('SELECT count(*) FROM (SELECT * FROM many LIMIT 500) s'), 500, '... but not for some of the rows');
is(sql("SELECT count(*) FROM readings WHERE device = ANY (ARRAY(SELECT 'd' || i FROM generate_series(0, 29) i)) AND v >= 0"), 3000, '... and a Query has no such limit');
sql("ALTER FOREIGN TABLE many OPTIONS (ADD max_scan_pages '$pages')");
is(sql('SELECT count(id) FROM many'), $items, 'just enough');
like(sql_says("SELECT s.c FROM generate_series(1, 2) g, LATERAL (SELECT count(id) AS c FROM many WHERE n > g) s"), qr/54000/, '... for one scan, not for two');
sql("ALTER FOREIGN TABLE many OPTIONS (SET max_scan_pages '4', ADD scan_segments '16')");
is(plan_of('SELECT n FROM many', 'COSTS OFF')->{Segments}, 4, 'no more segments than pages');
like(sql_says('SELECT n FROM many'), qr/54000/, '... which are then not enough');
sql("ALTER FOREIGN TABLE few OPTIONS (ADD max_scan_pages '2', SET scan_segments '2')");
is(sql('SELECT sum(n) FROM few'), 6, '... or are');

store_api('DeleteTable', { TableName => $_ }) foreach values %table;
done_testing();
