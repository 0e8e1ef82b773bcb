# What a query takes of a table's pages: LIMIT, ORDER BY the sort key, COUNT(*), conditions on the
# sort key. Each query runs with push-down on and off: the rows, and where they are ordered their
# order, must be equal, and EXPLAIN ANALYZE tells what the store was asked for.
use strict;
use warnings;

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
	my $expected = sql($query =~ s/\b(FROM|JOIN) (words|numbers|bytes|wide|plain)\b/$1 local_$2/gr);
	is(sql($query), $expected, $what // $query);
	is(sql("SET yottastore.pushdown = off; $query"), $expected, '... with push-down off');
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
	[ "FROM wide WHERE id = ANY ('{p0,p1}') LIMIT 3", 3 ])
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
	"SELECT at FROM wide ORDER BY n, at LIMIT 3",
	"SELECT DISTINCT id FROM wide LIMIT 1",
	"SELECT id, count(*) FROM wide GROUP BY id LIMIT 1",
	"SELECT w.at FROM wide w JOIN local_plain p ON p.n = w.n WHERE p.n = 150 LIMIT 3",
	"SELECT at, generate_series(1, 0) FROM wide LIMIT 3",
	"SELECT rank() OVER (ORDER BY at) FROM wide LIMIT 3",
	"SELECT at FROM wide UNION ALL SELECT at FROM wide LIMIT 3",
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

done_testing();
