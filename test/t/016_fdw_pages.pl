# What a query takes of a table's pages: LIMIT, ORDER BY the sort key, COUNT(*), conditions on the
# sort key. Each query runs with push-down on and off: the rows, and where they are ordered their
# order, must be equal, and EXPLAIN ANALYZE tells what the store was asked for.
use strict;
use warnings;

use Encode;
use PostgreSQL::Test::Utils;
use Test::More;
use YottaTest;

my $node = new_node('pages', conf => "log_statement = 'none'\n");
create_servers($node);

sub sql { return $node->safe_psql('postgres', $_[0]); }

# ---- items -----------------------------------------------------------------------------------

my %table = map { ($_ => unique_name($_)) } qw(words numbers bytes wide plain);
sql(<<"END");
SELECT yottastore.create_store_table('fleet', '$table{words}', 'id', 'at', stream => false);
SELECT yottastore.create_store_table('fleet', '$table{numbers}', 'id', 'at numeric', stream => false);
SELECT yottastore.create_store_table('fleet', '$table{bytes}', 'id', 'at bytea', stream => false);
SELECT yottastore.create_store_table('fleet', '$table{wide}', 'id', 'at numeric', stream => false);
SELECT yottastore.create_store_table('fleet', '$table{plain}', 'id', stream => false);
CREATE FOREIGN TABLE words (id text OPTIONS (key 'partition') NOT NULL, at text OPTIONS (key 'sort') COLLATE "C" NOT NULL, n int)
	SERVER fleet OPTIONS (table '$table{words}');
CREATE FOREIGN TABLE numbers (id text OPTIONS (key 'partition') NOT NULL, at numeric OPTIONS (key 'sort') NOT NULL, n int)
	SERVER fleet OPTIONS (table '$table{numbers}');
CREATE FOREIGN TABLE bytes (id text OPTIONS (key 'partition') NOT NULL, at bytea OPTIONS (key 'sort') NOT NULL, n int)
	SERVER fleet OPTIONS (table '$table{bytes}');
CREATE FOREIGN TABLE wide (id text OPTIONS (key 'partition') NOT NULL, at int OPTIONS (key 'sort') NOT NULL, n int, pad text)
	SERVER fleet OPTIONS (table '$table{wide}');
CREATE FOREIGN TABLE plain (id text OPTIONS (key 'partition') NOT NULL, n int) SERVER fleet OPTIONS (table '$table{plain}');

INSERT INTO words SELECT 'p' || i % 3, (ARRAY['a', 'ab', 'abc', 'B', 'b', 'Z', 'z', U&'\\00E4', U&'\\+01F600', U&'\\FFEE', 'a%', 'a_', '%', E'\\\\'])[i % 14 + 1]
	|| i / 14, i FROM generate_series(0, 299) i;
INSERT INTO numbers SELECT 'p' || i % 3, (i - 150) * (ARRAY[1, 0.001, 1e20, 1e-100])[i % 4 + 1], i FROM generate_series(0, 299) i;
INSERT INTO bytes SELECT 'p' || i % 3, set_byte('\\x00', 0, i * 7 % 256) || substr('\\x00ff8000'::bytea, 1, i / 256 + i % 4), i FROM generate_series(0, 299) i;
INSERT INTO wide SELECT 'p' || i % 2, i, i, repeat('x', 30000) FROM generate_series(0, 199) i;
INSERT INTO plain SELECT 'p' || i, i FROM generate_series(0, 299) i;
END
my @tables = qw(words numbers bytes wide plain);
sql(join '', 'SET yottastore.pushdown = off;', map { "CREATE TABLE local_$_ AS TABLE $_;" } @tables);
is(sql("SELECT count(*) FROM local_$_"), $_ eq 'wide' ? 200 : 300, "items of $_") foreach @tables;

# ---- helpers ---------------------------------------------------------------------------------

# What EXPLAIN ANALYZE says of each Store property, as a hash; text => the whole plan.
sub plan_of
{
	my ($query, $settings) = @_;
	my $text = sql(($settings // '') . ";EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF, VERBOSE) $query");
	my %plan = (text => $text);
	while ($text =~ /^\s*Store (\w[\w ]*): (.*)$/mg) { $plan{$1} //= $2; }
	return \%plan;
}

# The same result with push-down on, off, and from a copy.
sub same
{
	my ($query, $what) = @_;
	my $local = $query =~ s/\b(FROM|JOIN) (words|numbers|bytes|wide|plain)\b/$1 local_$2/gr;
	my ($expected, $pushed, $off) =
	  split /^###\n/m, sql("$local;\n\\echo ###\n$query;\n\\echo ###\nSET yottastore.pushdown = off; $query") . "\n";
	is($pushed, $expected, $what // $query);
	is($off, $expected, '... with push-down off');
	return;
}

# ---- LIMIT -----------------------------------------------------------------------------------

# exact: the page has what is asked for
foreach my $case (
	[ "FROM wide LIMIT 3", 3 ],
	[ "FROM wide OFFSET 4 LIMIT 3", 7 ],
	[ "FROM wide WHERE id = 'p1' LIMIT 3", 3 ],
	[ "FROM wide WHERE id = 'p1' AND at >= 50 LIMIT 3", 3 ],
	[ "FROM wide WHERE id = 'p1' AND at BETWEEN 50 AND 100 LIMIT 3", 3 ],
	[ "FROM wide WHERE id = 'p1' AND at > 50 AND at < 100 LIMIT 3", 5 ],
	[ "FROM wide WHERE id = 'p1' AND at > 50 AND at <= 100 OFFSET 1 LIMIT 3", 5 ],
	[ "FROM wide WHERE id = ANY ('{p0,p1}') LIMIT 3", 3 ],
	[ "FROM wide UNION ALL SELECT at FROM wide LIMIT 3", 3 ])
{
	my ($from, $limit) = @$case;
	my $plan = plan_of("SELECT at $from");
	is($plan->{Limit}, $limit, "the page's limit: $from");
	is_deeply([ @{$plan}{'Requests', 'Pages'} ], [ 1, 1 ], '... in one page');
	cmp_ok($plan->{'Read Units'}, '<=', 4 * $limit, '... of that many items');
	cmp_ok($plan->{'Read Units'}, '>=', 3 * $limit, '... and no fewer');
}

# more than a page: what is left is asked for
same("SELECT count(*), min(at), max(at) FROM (SELECT * FROM wide WHERE id = 'p1' AND at > 10 OFFSET 7 LIMIT 80) s");
my $long = plan_of("SELECT at FROM wide WHERE id = 'p1' LIMIT 80");
is($long->{Limit}, 80, 'a limit of several pages');
cmp_ok($long->{Pages}, '>=', 2, '... takes several');
is($long->{Pages}, $long->{Requests}, '... and no more are asked for');
cmp_ok($long->{'Read Units'}, '<', 4 * 80 + 4, '... nor items');
is(sql("SELECT count(*) FROM (SELECT * FROM wide WHERE id = ANY ('{p0,p1}') LIMIT 150) s"), 150, 'a limit beyond a partition');
is(sql('SELECT count(*) FROM (SELECT * FROM wide LIMIT 1000) s'), 200, 'a limit beyond the table');
is(sql('SELECT count(*) FROM (SELECT * FROM wide OFFSET 199 LIMIT 5) s'), 1, 'an offset near its end');
is(sql('SELECT count(*) FROM (SELECT * FROM wide OFFSET 300 LIMIT 5) s'), 0, '... and behind it');
is(sql('SELECT count(*) FROM (SELECT * FROM wide LIMIT 0) s'), 0, 'LIMIT 0');
is(plan_of('SELECT at FROM wide LIMIT 0')->{Requests}, 0, '... asks for nothing');
is(sql("SELECT string_agg(v.i || ':' || s.at, ',' ORDER BY v.i, s.at) FROM (VALUES (10), (20), (30)) v(i),"
	  . " LATERAL (SELECT at FROM wide WHERE id = 'p0' AND at >= v.i LIMIT 2) s"),
	'10:10,10:12,20:20,20:22,30:30,30:32', 'a limit in each rescan');
is(plan_of('SELECT at FROM wide LIMIT 5', 'SET yottastore.pushdown = off')->{Limit}, undef, 'turned off');

# not below what may drop or sort rows
foreach my $query (
	"SELECT at FROM wide WHERE n % 50 = 7 LIMIT 3",
	"SELECT at FROM wide WHERE n = 7 LIMIT 3",
	"SELECT at FROM wide WHERE id = 'p1' AND n > 100 LIMIT 3",
	"SELECT at FROM wide WHERE id = 'p1' AND at <> 7 LIMIT 3",
	"SELECT at FROM wide WHERE id = 'p1' AND at > 50 AND at > n LIMIT 3",
	"SELECT at FROM wide ORDER BY at DESC LIMIT 3",
	"SELECT at FROM wide WHERE id = 'p1' ORDER BY n LIMIT 3",
	"SELECT at FROM wide WHERE id = ANY ('{p0,p1}') ORDER BY at LIMIT 3",
	"SELECT at FROM wide ORDER BY n, at LIMIT 3",
	"SELECT DISTINCT id FROM wide LIMIT 1",
	"SELECT id, count(*) FROM wide GROUP BY id LIMIT 1",
	"SELECT w.at FROM wide w JOIN local_plain p ON p.n = w.n WHERE p.n = 150 LIMIT 3",
	"SELECT at, generate_series(1, 0) FROM wide LIMIT 3",
	"SELECT rank() OVER (ORDER BY at) FROM wide LIMIT 3",
	"SELECT at FROM wide WHERE now() IS NOT NULL LIMIT 3")
{
	my $plan = plan_of($query);
	is($plan->{Limit}, undef, "no limit is sent: $query");
}
same("SELECT at FROM wide WHERE n % 50 = 7 ORDER BY at LIMIT 3");
same("SELECT at FROM wide WHERE id = 'p1' AND n > 100 ORDER BY at OFFSET 1 LIMIT 3");
same("SELECT at FROM wide ORDER BY at DESC OFFSET 2 LIMIT 3");
same("SELECT at FROM wide WHERE id = 'p0' AND at < 10 ORDER BY id FETCH FIRST ROW WITH TIES");

# parameters: a custom plan knows the limit, a generic one does not
my $prepared = 'PREPARE q (int) AS SELECT at FROM wide LIMIT $1;';
is(sql("${prepared}EXPLAIN EXECUTE q(3)") =~ /Store Limit: 3/ ? 1 : 0, 1, 'LIMIT $1');
is(sql("SET plan_cache_mode = force_generic_plan; ${prepared}SELECT count(*) FROM wide; EXECUTE q(2)") =~ /\A200\n\d+\n\d+\z/ ? 1 : 0,
	1, '... in a generic plan');

# ---- COUNT(*) --------------------------------------------------------------------------------

# asked of the store
foreach my $query (
	"SELECT count(*) FROM words",
	"SELECT count(*) FROM plain",
	"SELECT count(1), count(*), count(id) + count(at) FROM words",
	"SELECT count('x'), now() IS NOT NULL, 5 FROM numbers",
	"SELECT count(*) FROM words WHERE id = 'p1'",
	"SELECT count(*) FROM words WHERE id = 'nobody'",
	"SELECT count(*) FROM words WHERE id = ''",
	"SELECT count(*) FROM words WHERE id IS NOT NULL AND id = 'p1' AND at IS NOT NULL",
	"SELECT count(*) FROM words WHERE id IN ('p0', 'p2', 'p2', 'nobody', NULL, '')",
	"SELECT count(*) FROM words WHERE id IN ('p0', 'p2') AND at >= 'b'",
	"SELECT count(*) FROM words WHERE id = 'p1' AND at > 'ab'",
	"SELECT count(*) FROM words WHERE id = 'p1' AND at < 'ab'",
	"SELECT count(*) FROM words WHERE id = 'p1' AND at BETWEEN 'a' AND 'b'",
	"SELECT count(*) FROM words WHERE id = 'p1' AND at BETWEEN 'b' AND 'a'",
	"SELECT count(*) FROM words WHERE id = 'p1' AND at >= U&'\\00E4'",
	"SELECT count(*) FROM numbers WHERE id = 'p1' AND at > -3",
	"SELECT count(*) FROM numbers WHERE id = 'p1' AND at >= 1e-99 AND at <= 12345678901234567890",
	"SELECT count(*) FROM bytes WHERE id = 'p1' AND at >= '\\x80'",
	"SELECT count(*) FROM bytes WHERE id = 'p2' AND at <= '\\x00ff'",
	"SELECT count(*) FROM wide",
	"SELECT count(*) FROM wide WHERE id = 'p1'",
	"SELECT count(*) FROM wide WHERE id = 'p1' AND at >= 50")
{
	same($query);
	my $plan = plan_of($query);
	is($plan->{Count}, 'true', '... counted by the store');
	unlike($plan->{text}, qr/Aggregate|->/, '... and by nobody else');
}
same('SELECT DISTINCT count(*) * 2 FROM words ORDER BY 1 LIMIT 3');
my $many = plan_of("SELECT count(*) FROM wide");
cmp_ok($many->{Pages}, '>=', 5, 'a count of several pages');
is($many->{Attributes}, undef, '... without attributes');
is(plan_of("SELECT count(*) FROM wide WHERE id = ANY ('{p0,p1}')")->{Pages} >= 6 ? 1 : 0, 1, '... of several partitions');

# not asked of the store: another result, or not surely the same
sql("CREATE FOREIGN TABLE loose (id text OPTIONS (key 'partition'), at text OPTIONS (key 'sort') COLLATE \"C\", n int)"
	  . " SERVER fleet OPTIONS (table '$table{words}');"
	  . "CREATE FOREIGN TABLE whole (id text OPTIONS (key 'partition') NOT NULL, at int OPTIONS (key 'sort'), n int)"
	  . " SERVER fleet OPTIONS (table '$table{numbers}');"
	  . "CREATE FOREIGN TABLE strict (id text OPTIONS (key 'partition') NOT NULL, at int OPTIONS (key 'sort', on_mismatch 'error') NOT NULL, n int)"
	  . " SERVER fleet OPTIONS (table '$table{numbers}')");
foreach my $query (
	"SELECT count(n) FROM words", "SELECT count(*), sum(n) FROM words", "SELECT count(DISTINCT id) FROM words",
	"SELECT count(*) FILTER (WHERE id = 'p1') FROM words", "SELECT count(*) FROM words HAVING count(*) > 1000",
	"SELECT id, count(*) FROM words GROUP BY id ORDER BY id", "SELECT count(*) FROM words GROUP BY ()",
	"SELECT count(*) FROM words WHERE n > 5", "SELECT count(*) FROM words WHERE id = 'p1' AND n > 5",
	"SELECT count(*) FROM words WHERE id > 'p0'", "SELECT count(*) FROM words WHERE at = 'a0'",
	"SELECT count(*) FROM words WHERE id = 'p1' AND at <> 'a1'", "SELECT count(*) FROM words WHERE id = 'p1' AND id = at",
	"SELECT count(*) FROM words WHERE id = 'p1' AND at > 'a' AND at < 'b'",
	"SELECT count(*) FROM numbers WHERE id = 'p1' AND at >= 0 AND at < 12",
	"SELECT count(*) FROM words WHERE id = 'p1' AND at >= 'a' AND at >= 'b'",
	"SELECT count(*) FROM words WHERE id = 'p1' AND at = 'a1'", "SELECT count(*) FROM words WHERE random() < 2",
	"SELECT count(*) FROM words WHERE id = 'p1' AND current_setting('yottastore.pushdown') = 'x'",
	"SELECT count(*) FROM words w JOIN local_plain p ON p.id = w.id",
	"SELECT count(*) OVER () FROM words LIMIT 1", "SELECT count(*) FROM words WHERE id = 'p1' AND false")
{
	is(plan_of($query)->{Count}, undef, "not counted by the store: $query");
	same($query, '... the same') unless $query =~ /random|current_setting/;
}
is(plan_of("SELECT count(*) FROM loose WHERE id = 'p1' AND at >= 'a'")->{Count}, undef, 'a sort key that may not fit its column');
is(plan_of("SELECT count(at) FROM loose")->{Count}, undef, '... may be NULL');
is(plan_of("SELECT count(*) FROM loose WHERE id = 'p1'")->{Count}, 'true', '... but not what equals a text');
is(plan_of("SELECT count(*) FROM words", 'SET yottastore.pushdown = off')->{Count}, undef, 'turned off');
is(sql("SELECT count(*), (SELECT count(*) FROM whole) FROM whole WHERE at IS NULL"),
	sql("SELECT count(*) FILTER (WHERE at <> trunc(at) OR abs(at) > 2147483647), count(*) FROM local_numbers"), 'rows with a misfit are rows');
is(sql("SELECT count(*) FROM whole WHERE id = 'p1' AND at > 0"),
	sql("SELECT count(*) FROM local_numbers WHERE id = 'p1' AND at > 0 AND at = trunc(at) AND at <= 2147483647"), '... for which no condition holds');
is(sql("SELECT count(*) FROM strict WHERE id = 'p1'"), 100, 'a misfit in a column that is not looked at');
my ($out, $err);
is($node->psql('postgres', "SELECT count(*) FROM strict WHERE id = 'p1' AND at >= 0", stderr => \$err), 3, 'a misfit that is an error');
like($err, qr/a value does not fit column "at"/, '... is met');

# parameters: NULL, what no key can be, and what can't be sent; the 6th execution has a generic plan
foreach my $case (
	[ 'words', 'text', 'id = $1', "'p1'", "''", 'NULL', "'nobody'", "repeat('x', 3000)" ],
	[ 'words', 'text[]', 'id = ANY ($1)', "'{p1,p0}'", "'{}'", 'NULL', "'{NULL,p1}'", "array_fill('p1'::text, ARRAY[200])" ],
	[ 'words', 'text', q{id = 'p1' AND at > $1}, "'ab'", "''", 'NULL', "repeat('a', 2000)", "'zzz'" ],
	[ 'words', 'text', q{id = 'p1' AND at <= $1}, "'ab'", "''", 'NULL', "repeat('b', 2000)", "'zzz'" ],
	[ 'words', 'text', q{id = 'p1' AND at BETWEEN 'a' AND $1}, "'ab'", "''", 'NULL', "repeat('b', 2000)", "'zzz'" ],
	[ 'numbers', 'numeric', q{id = 'p1' AND at < $1}, '0', "'NaN'", 'NULL', "'Infinity'", "'-Infinity'",
		'1.00000000000000000000000000000000000000000001', '1e200' ],
	[ 'numbers', 'numeric', q{id = 'p1' AND at >= $1}, '0', "'NaN'", 'NULL', "'Infinity'", "'-Infinity'",
		'1.00000000000000000000000000000000000000000001', '-1e200' ],
	[ 'bytes', 'bytea', q{id = 'p1' AND at >= $1}, "'\\x80'", "'\\x'", 'NULL', "repeat('x', 2000)::bytea" ],
	[ 'wide', 'int', q{id = 'p1' AND at >= $1}, '10', 'NULL', '1000', '-5' ])
{
	my ($from, $type, $condition, @values) = @$case;
	foreach my $mode (qw(force_generic_plan force_custom_plan))
	{
		my $session = "SET plan_cache_mode = $mode; PREPARE q ($type) AS SELECT count(*) FROM $from WHERE $condition;"
		  . join('', map { "EXECUTE q($_);" } @values);
		is(sql($session), sql($session =~ s/FROM /FROM local_/r), "parameters of $condition, $mode");
		like(sql("$session EXPLAIN EXECUTE q($values[0])"), qr/Store Count: true/, '... are in the count');
	}
}
is(sql("SELECT string_agg(v.p || ':' || (SELECT count(*) FROM words WHERE id = v.p AND at >= v.a), ' ' ORDER BY v.p, v.a)"
		  . " FROM (VALUES ('p0', 'a'), ('p1', ''), ('p2', 'zz'), ('p1', NULL)) v(p, a) WHERE v.a IS NOT NULL"),
	sql("SELECT string_agg(v.p || ':' || (SELECT count(*) FROM local_words WHERE id = v.p AND at >= v.a), ' ' ORDER BY v.p, v.a)"
		  . " FROM (VALUES ('p0', 'a'), ('p1', ''), ('p2', 'zz'), ('p1', NULL)) v(p, a) WHERE v.a IS NOT NULL"),
	'rescans');
is(sql("BEGIN; DECLARE c SCROLL CURSOR FOR SELECT count(*) FROM words; FETCH ALL c; FETCH ALL c; MOVE BACKWARD ALL c; FETCH ALL c"),
	"300\n300", 'a cursor');
is(sql("CREATE ROLE reader; SELECT has_table_privilege('reader', 'words', 'SELECT')"), 'f', 'a role without privileges');
is($node->psql('postgres', 'SET ROLE reader; SELECT count(*) FROM words', stderr => \$err), 3, '... may not count');
like($err, qr/permission denied for foreign table words/, '... for that reason');
sql("CREATE VIEW counted AS SELECT count(*) FROM words; GRANT SELECT ON counted TO reader");
is(sql('SET ROLE reader; SELECT * FROM counted'), 300, "... but through a view, as the view's owner");

# ---- ORDER BY the sort key -------------------------------------------------------------------

# without a sort, in the store's order
foreach my $case (
	[ "at FROM words WHERE id = 'p1' ORDER BY at", 'at' ],
	[ "at FROM words WHERE id = 'p1' ORDER BY at DESC", 'at DESC' ],
	[ "at FROM words WHERE id = 'p1' ORDER BY at DESC NULLS LAST", 'at DESC' ],
	[ "at FROM words WHERE id = 'p1' ORDER BY at NULLS FIRST", 'at' ],
	[ "at FROM words WHERE id = 'p1' ORDER BY id, at DESC, n", 'at DESC' ],
	[ "n FROM words WHERE id = 'p2' ORDER BY at, n DESC", 'at' ],
	[ "at FROM words WHERE id = 'p2' AND at > 'ab' ORDER BY at DESC", 'at DESC' ],
	[ "at FROM words WHERE id = 'p2' AND at BETWEEN 'ab' AND 'b' AND n % 2 = 0 ORDER BY at DESC", 'at DESC' ],
	[ "at FROM words WHERE id = 'p2' AND n > 100 ORDER BY at DESC LIMIT 4", 'at DESC' ],
	[ "at FROM numbers WHERE id = 'p0' ORDER BY at", 'at' ],
	[ "at FROM numbers WHERE id = 'p0' ORDER BY at DESC", 'at DESC' ],
	[ "at FROM numbers WHERE id = 'p0' AND at < 0 ORDER BY at DESC", 'at DESC' ],
	[ "at FROM bytes WHERE id = 'p2' ORDER BY at", 'at' ],
	[ "at FROM bytes WHERE id = 'p2' AND at >= '\\x40' ORDER BY at DESC", 'at DESC' ],
	[ "at FROM wide WHERE id = 'p0' ORDER BY at", 'at' ],
	[ "at FROM wide WHERE id = 'p0' ORDER BY at DESC", 'at DESC' ],
	[ "at, rank() OVER (ORDER BY at DESC) FROM wide WHERE id = 'p0' ORDER BY at DESC", 'at DESC' ],
	[ "DISTINCT at FROM wide WHERE id = 'p0' ORDER BY at DESC", 'at DESC' ],
	[ "at, count(*) FROM wide WHERE id = 'p0' GROUP BY at ORDER BY at DESC LIMIT 7", 'at DESC' ])
{
	my ($query, $order) = @$case;
	same("SELECT $query");
	my $plan = plan_of("SELECT $query");
	is($plan->{Order}, $order, '... by the store');
	unlike($plan->{text}, qr/Sort/, '... and nobody else');
}

# an item that becomes several rows: their order among them is not the store's
foreach my $query (
	"SELECT at, generate_series(1, 3) g FROM wide WHERE id = 'p0' AND at < 10 ORDER BY at, g DESC",
	"SELECT at, unnest('{1,2,1}'::int[]) g, count(*) FROM wide WHERE id = 'p0' AND at < 10 GROUP BY at, g ORDER BY at, g",
	"SELECT count(*) FROM (SELECT DISTINCT at, unnest('{1,2,1}'::int[]) FROM wide WHERE id = 'p0' AND at < 10) s")
{
	same($query);
}

# the last and the first of a partition: one small page
foreach my $case (
	[ "wide WHERE id = 'p1' ORDER BY at DESC LIMIT 3", 3, '199 197 195' ],
	[ "wide WHERE id = 'p1' ORDER BY at LIMIT 3", 3, '1 3 5' ],
	[ "wide WHERE id = 'p1' AND at <= 150 ORDER BY at DESC OFFSET 2 LIMIT 2", 4, '145 143' ],
	[ "wide WHERE id = 'p1' AND at > 11 AND at < 19 ORDER BY at DESC LIMIT 2", 4, '17 15' ],
	[ "wide WHERE id = 'p1' AND at > 1000 ORDER BY at DESC LIMIT 2", 2, '' ],
	[ "wide WHERE id = 'p1' ORDER BY at DESC, n LIMIT 1", 1, '199' ])
{
	my ($from, $limit, $rows) = @$case;
	is(sql("SELECT at FROM $from") =~ s/\n/ /gr, $rows, $from);
	my $plan = plan_of("SELECT at FROM $from");
	is_deeply([ @{$plan}{'Limit', 'Requests'} ], [ $limit, 1 ], '... in one request for no more');
	cmp_ok($plan->{'Read Units'}, '<=', 4 * $limit, '... and reads no more');
}

# min and max
foreach my $case ([ 'words', 'at' ], [ 'numbers', 'at' ], [ 'wide', 'at DESC' ], [ 'wide', 'at' ])
{
	my ($from, $order) = @$case;
	my $query = ($order =~ /DESC/ ? 'SELECT max(at)' : 'SELECT min(at)') . " FROM $from WHERE id = 'p1'";
	same($query);
	my $plan = plan_of($query);
	is_deeply([ @{$plan}{qw(Order Limit Requests)} ], [ $order, 1, 1 ], '... is the first of its order') or diag($plan->{text});
}
same("SELECT min(at), max(at) FROM wide WHERE id = 'p1' AND at < 100");
same("SELECT min(at), max(at) FROM wide WHERE id = 'nobody'");
same("SELECT min(at), max(at) FROM wide");

# an order that is not the store's, or that rows with a misfit would break
foreach my $query (
	"SELECT at FROM words WHERE id IN ('p0', 'p1') ORDER BY at",
	"SELECT at FROM words ORDER BY at",
	"SELECT at FROM words WHERE id = 'p1' ORDER BY at || 'x'",
	"SELECT at FROM words WHERE id = 'p1' ORDER BY at COLLATE \"C.utf8\" DESC",
	"SELECT at FROM words WHERE id = 'p1' ORDER BY n, at")
{
	same($query) unless $query =~ /COLLATE/;
	is(plan_of($query)->{Order}, undef, "not ordered by the store: $query");
}
is(plan_of("SELECT at FROM words WHERE id = 'p1' ORDER BY at", 'SET yottastore.pushdown = off')->{Order}, undef, 'turned off');
is(plan_of("SELECT at FROM loose WHERE id = 'p1' ORDER BY at")->{Order}, undef, 'a sort key that may be NULL');
is(plan_of("SELECT at FROM loose WHERE id = 'p1' AND at > 'a' ORDER BY at")->{Order}, 'at', '... but not where a condition says it is not');
is(plan_of("SELECT at FROM whole WHERE id = 'p1' ORDER BY at")->{Order}, undef, 'an integer over numbers of any kind');
sql("CREATE TABLE local_whole AS SELECT id, CASE WHEN at = trunc(at) AND abs(at) <= 2147483647 THEN at::int END AS at, n FROM local_numbers");
foreach my $order ('at', 'at DESC', 'at NULLS FIRST', 'at DESC NULLS LAST')
{
	my $query = "SELECT at FROM whole WHERE id = 'p1' AND %s ORDER BY $order LIMIT 60";
	foreach my $condition ('true', 'at > -20', 'at < 20', 'n > 50')
	{
		my $text = sprintf $query, $condition;
		is(sql($text), sql($text =~ s/whole/local_whole/r), $text);
	}
}

# joins, subqueries, cursors, parameters
my $joins = "SELECT w.at, n.n FROM words w JOIN local_words n ON n.id = w.id AND n.at = w.at WHERE w.id = 'p1' ORDER BY w.at";
is(sql("SET enable_hashjoin = off; SET enable_nestloop = off; $joins"), sql($joins =~ s/FROM words/FROM local_words/r), 'a merge join');
my $merge = plan_of($joins, 'SET enable_hashjoin = off; SET enable_nestloop = off');
like($merge->{text}, qr/Merge Join/, '... is one');
is($merge->{Order}, 'at', '... in the order of the store');
is(sql("SELECT string_agg(p.id || ':' || l.at, ' ' ORDER BY p.id, l.at) FROM (VALUES ('p0'), ('p1'), ('x')) p(id),"
		  . " LATERAL (SELECT at FROM wide WHERE id = p.id ORDER BY at DESC LIMIT 2) l"),
	'p0:196 p0:198 p1:197 p1:199', 'the last of each partition');
is(sql("SELECT string_agg(p.id || ':' || (SELECT max(at) FROM wide WHERE id = p.id AND at < p.n), ' ' ORDER BY p.id)"
		  . " FROM (VALUES ('p0', 77), ('p1', 88)) p(id, n)"), 'p0:76 p1:87', '... before a value');
is(sql("BEGIN; DECLARE c SCROLL CURSOR FOR SELECT at FROM wide WHERE id = 'p1' ORDER BY at DESC;"
		  . "FETCH 2 c; FETCH 1 c; FETCH PRIOR c; FETCH FIRST c; FETCH LAST c") =~ s/\n/ /gr, '199 197 195 197 199 1', 'a cursor');
foreach my $mode (qw(force_generic_plan force_custom_plan))
{
	my $session = "SET plan_cache_mode = $mode; PREPARE q (text, int) AS SELECT at FROM wide WHERE id = \$1 AND at < \$2"
	  . " ORDER BY at DESC LIMIT 2; EXECUTE q('p1', 50); EXECUTE q('p0', 7); EXECUTE q(NULL, 7); EXECUTE q('p1', NULL); EXECUTE q('', 5);";
	is(sql($session) =~ s/\n/ /gr, '49 47 6 4', "parameters, $mode");
	like(sql("$session EXPLAIN EXECUTE q('p1', 50)"), qr/Store Order: at DESC\n.*Store Limit: 2/, '... keep order and limit');
}
sql("CREATE TABLE parts (id text NOT NULL, at int NOT NULL, n int, pad text) PARTITION BY LIST (id);"
	  . "ALTER TABLE parts ATTACH PARTITION wide FOR VALUES IN ('p0', 'p1'); CREATE TABLE parts_other PARTITION OF parts DEFAULT;"
	  . "INSERT INTO parts SELECT 'p2', i, i FROM generate_series(1, 9) i");
is(sql("SELECT at FROM parts WHERE id = 'p1' ORDER BY at DESC LIMIT 2") =~ s/\n/ /gr, '199 197', 'a partition');
is(sql("SELECT max(at), count(*) FROM parts"), '199|209', 'a partitioned table');
is(sql("SELECT at FROM (SELECT * FROM wide WHERE id = 'p1' UNION ALL SELECT * FROM wide WHERE id = 'p0') u ORDER BY at DESC LIMIT 5") =~ s/\n/ /gr,
	'199 198 197 196 195', 'a merged append');
sql('ALTER TABLE parts DETACH PARTITION wide');

# ---- how the sort key begins -----------------------------------------------------------------

my @prefixes = ('a', 'ab', 'abc1', 'Z', '%', '_', '\\', 'a%', 'a_', "\x{e4}", "\x{1f600}", "\x{ffee}1", 'nothing', '', 'x' x 1024, 'x' x 1025);
my @patterns = ('a%', 'ab%%', 'abc1%', 'a%1', 'a_1%', 'abc1', 'abc_', '%', '%1', '_1', 'a\\%%', 'a\\_%', '\\%%', '\\\\%', 'a\\%1', "\x{e4}%", '', '\\a%', 'B_%');
sub quoted { my ($text) = @_; return "'" . ($text =~ s/'/''/gr) . "'"; }
foreach my $condition ((map { ("starts_with(at, " . quoted($_) . ")", "at ^@ " . quoted($_)) } @prefixes), (map { 'at LIKE ' . quoted($_) } @patterns))
{
	my $from = encode('UTF-8', "FROM words WHERE id = 'p1' AND $condition");
	my $name = $condition =~ s/(x{9})x+/$1.../r =~ s/([^\x20-\x7e])/sprintf '\x{%x}', ord $1/ger;
	same("SELECT string_agg(at, ' ' ORDER BY at), count(*) $from", $name);
	same("SELECT count(*) $from", "... counted");
	same("SELECT at $from ORDER BY at DESC LIMIT 3", '... the last of them');
}
foreach my $case (
	[ "starts_with(at, 'ab')", "(at ^@ 'ab'::text)", 'true' ], [ "at ^@ 'ab'", "(at ^@ 'ab'::text)", 'true' ],
	[ "at LIKE 'ab%'", "(at ~~ 'ab%'::text)", 'true' ], [ "at LIKE 'ab%%'", "(at ~~ 'ab%%'::text)", 'true' ],
	[ "at LIKE 'a\\%%'", "(at ~~ 'a\\%%'::text)", 'true' ],
	[ "at LIKE 'ab%1'", "(at ~~ 'ab%1'::text)" ], [ "at LIKE 'ab'", "(at ~~ 'ab'::text)" ], [ "at LIKE 'a_'", "(at ~~ 'a_'::text)" ],
	[ "at LIKE '%b'" ], [ "at LIKE '_%'" ], [ "at NOT LIKE 'a%'" ], [ "at ILIKE 'a%'" ], [ "at ~ '^a'" ],
	[ "at >= 'a' AND at < 'b' AND at LIKE 'ab%'", "(at ~~ 'ab%'::text)" ], [ "at > 'a' AND at LIKE '%b'", "(at > 'a'::text)" ],
	[ "starts_with(at, id)" ], [ "starts_with('abc', at)" ])
{
	my ($condition, $sent, $counted) = @$case;
	my $plan = plan_of("SELECT count(*) FROM words WHERE id = 'p1' AND $condition");
	is($plan->{Key}, "(id = 'p1'::text)" . ($sent ? " AND $sent" : ''), "the key condition of $condition");
	is($plan->{Count}, $counted, '... may be counted by the store') if $sent;
}
my $latest = plan_of("SELECT at FROM words WHERE id = 'p1' AND at LIKE 'ab%' ORDER BY at DESC LIMIT 3");
is_deeply([ @{$latest}{qw(Order Limit Requests)} ], [ 'at DESC', 3, 1 ], 'the last of a prefix');
is(plan_of("SELECT at FROM words WHERE id = 'p1' AND at = 'a1' AND at LIKE 'ab%'")->{Operation}, 'GetItem', 'one item');
is(plan_of("SELECT n FROM words WHERE starts_with(id, 'p')")->{Operation}, 'Scan', 'a partition key has to be whole');
foreach my $case (
	[ 'text', 'starts_with(at, $1)', "'ab'", "''", 'NULL', "repeat('x', 2000)", "'Z'" ],
	[ 'text', 'at LIKE $1', "'ab%'", "''", "'%'", 'NULL', "'%b'", "repeat('x', 2000)", "'Z_'", "repeat('%', 2000)", "'ab1'" ],
	[ 'text', q{at LIKE $1 || '%'}, "'ab'", "''", 'NULL', "'Z'" ])
{
	my ($type, $condition, @values) = @$case;
	foreach my $mode (qw(force_generic_plan force_custom_plan))
	{
		my $session = "SET plan_cache_mode = $mode; PREPARE q ($type) AS SELECT %s FROM words WHERE id = 'p1' AND $condition;"
		  . join('', map { "EXECUTE q($_);" } @values);
		foreach my $what ('count(*)', "string_agg(at, ' ' ORDER BY at)")
		{
			my $text = sprintf $session, $what =~ s/%/%%/gr;
			is(sql($text), sql($text =~ s/FROM /FROM local_/r), "$what by parameters of $condition, $mode");
			like(sql("$text EXPLAIN EXECUTE q($values[0])"), qr/Store Key: .* AND \(at (\^@|~~)/, '... which are in the key condition');
		}
	}
}
is(sql("SELECT string_agg(v.p || ':' || (SELECT count(*) FROM words WHERE id = 'p1' AND starts_with(at, v.p)), ' ' ORDER BY v.p)"
		  . " FROM (VALUES ('a'), ('abc'), (''), ('none')) v(p)"),
	sql("SELECT string_agg(v.p || ':' || (SELECT count(*) FROM local_words WHERE id = 'p1' AND starts_with(at, v.p)), ' ' ORDER BY v.p)"
		  . " FROM (VALUES ('a'), ('abc'), (''), ('none')) v(p)"), 'values of an outer query');
is(plan_of("SELECT count(*) FROM loose WHERE id = 'p1' AND at LIKE 'a%'")->{Count}, undef, 'a sort key that may not fit its column');

done_testing();
