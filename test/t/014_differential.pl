# Thousands of generated queries: each runs with push-down on, with push-down off, and over a local
# copy, and must have the same result. YS_SEED repeats a run, YS_QUERIES makes it longer.
use strict;
use warnings;

use Encode;
use IPC::Run;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);
use YottaQueries;
use YottaTest;

use constant ITEMS => 90;
use constant SESSIONS => 3;

my $node = new_node('differential', conf => "timezone = 'UTC'\nlog_statement = 'none'\nlog_min_messages = fatal\n");
create_servers($node);

sub sql { return $node->safe_psql('postgres', encode('UTF-8', $_[0])); }

my $seed = $ENV{YS_SEED} // time() * 1000 % 1_000_000;
my $count = $ENV{YS_QUERIES} // 4500;
note("seed $seed");
srand($seed);

# ---- items -----------------------------------------------------------------------------------

my %sort = (numbers => ", 'at numeric'", words => ", 'at'", bytes => ", 'at bytea'", plain => '');
my %store = map { ($_ => unique_name($_)) } query_tables();
foreach my $table (query_tables())
{
	sql("SELECT yottastore.create_store_table('fleet', '$store{$table}', 'id'$sort{$table}, stream => false);"
		  . "CREATE FOREIGN TABLE $table (" . query_columns($table) . ") SERVER fleet OPTIONS (table '$store{$table}');"
		  . "CREATE FOREIGN TABLE ${table}_strict (" . query_columns($table, 'error') . ") SERVER fleet OPTIONS (table '$store{$table}')");
	for (my $from = 0; $from < ITEMS; $from += 15)
	{
		store_api('BatchWriteItem', { RequestItems => { $store{$table} =>
			  [ map { { PutRequest => { Item => query_item($table, $_) } } } $from .. $from + 14 ] } });
	}
	sql("SET yottastore.pushdown = off; CREATE TABLE ${table}_local AS TABLE $table; ANALYZE ${table}_local");
	is(sql("SELECT count(*) FROM ${table}_local"), ITEMS, "items of $table");
}
sql(<<'END');
CREATE TABLE driver AS
	SELECT i AS n, 'p' || i % 7 AS id, (ARRAY[0, 1, 5.5, 36, -100])[i % 5 + 1] AS a_numeric,
		(ARRAY['a', 'ab', 'Z', 'nothing', ' '])[i % 5 + 1] COLLATE "C" AS a_text, (ARRAY['\x00', '\x0761', '\x', '\xff'])[i % 4 + 1]::bytea AS a_bytea
	FROM generate_series(1, 12) i
	UNION ALL VALUES (13, NULL, NULL, NULL, NULL::bytea), (14, '', 0, '', '\x'::bytea), (15, repeat('x', 3000), 1, repeat('x', 2000), '\x00'::bytea);
ANALYZE driver;
END

# ---- queries ---------------------------------------------------------------------------------

sql(<<'END');
CREATE TABLE queries (number int PRIMARY KEY, query text, ordered bool, types text, arguments text);
CREATE TABLE results (number int PRIMARY KEY, pushed text, plain text, local text);

-- A query's rows as one text, sorted unless it says how, or its error.
CREATE FUNCTION result_of(q queries, suffix text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	query text := format('SELECT string_agg(r::text, E''\n'' %s) FROM (%s) r', CASE WHEN NOT q.ordered THEN 'ORDER BY r::text COLLATE "C"' END,
		replace(q.query, ':of', suffix));
	result text;
BEGIN
	IF q.types = '' THEN
		EXECUTE query INTO result;
	ELSE
		EXECUTE format('PREPARE prepared (%s) AS %s', q.types, query);
		EXECUTE format('EXECUTE prepared (%s)', q.arguments) INTO result;
		DEALLOCATE prepared;
	END IF;
	RETURN coalesce(result, '');
EXCEPTION WHEN fdw_invalid_data_type THEN
	DEALLOCATE ALL;
	RETURN SQLSTATE;
END $$;
CREATE FUNCTION result_without_pushdown(q queries, suffix text) RETURNS text LANGUAGE plpgsql SET yottastore.pushdown = off AS $$
BEGIN
	RETURN result_of(q, suffix);
END $$;

-- What its plan asks the store for.
CREATE FUNCTION asked_for(q queries) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	line text;
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || replace(q.query, ':of', '') LOOP
		RETURN NEXT substring(line FROM 'Store Operation: (\w+)');
		RETURN NEXT substring(line FROM '^ *Store (Filter|Key):');
	END LOOP;
END $$;
END

sub quoted { my ($text) = @_; $text =~ s/'/''/g; return "'$text'"; }

my @values = map {
	my $query = random_query();
	"($_, " . quoted($query->{query}) . ', ' . ($query->{ordered} ? 'true' : 'false') . ', ' . join(', ', map { quoted($query->{$_}) } qw(types arguments)) . ')'
} 1 .. $count;
sql("INSERT INTO queries VALUES\n" . join(",\n", @values));
sql('ANALYZE queries');

# Each session its share, half of them with generic plans.
my $started = time;
my @sessions = map {
	my $share = $_;
	my $command = 'SET plan_cache_mode = ' . ($share % 2 ? 'force_generic_plan' : 'force_custom_plan') . ';'
	  . "INSERT INTO results SELECT number, result_of(q, ''), result_without_pushdown(q, ''), result_of(q, '_local') FROM queries q"
	  . " WHERE number % @{[ SESSIONS ]} = $share";
	my $said = '';
	[ IPC::Run::start([ 'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr('postgres'), '-c', $command ],
			'<', \undef, '>', \$said, '2>&1'), \$said ]
} 0 .. SESSIONS - 1;
foreach my $session (@sessions)
{
	$session->[0]->finish;
	is(${ $session->[1] }, '', 'a share of the queries has run');
}
diag(sprintf '%d queries, each with push-down on and off and over a copy: %.0f s', $count, time - $started);

is(sql('SELECT count(*) FROM results'), $count, 'all have results');
my $different = 'pushed <> plain OR pushed <> local';
is(sql("SELECT count(*) FROM results WHERE $different"), 0, 'the same results')
  or diag("seed $seed\n" . sql("SELECT * FROM results JOIN queries USING (number) WHERE $different ORDER BY length(query) LIMIT 3"));

# ---- not all of them the same ----------------------------------------------------------------

my %asked = map { split /\|/ } split /\n/, sql("SELECT what, count(*) FROM queries q, asked_for(q) what WHERE types = '' GROUP BY what");
cmp_ok($asked{$_} // 0, '>', $count / 100, "$_ was asked for ($asked{$_})") foreach qw(GetItem BatchGetItem Query Scan Filter Key);
cmp_ok(sql("SELECT count(*) FROM results WHERE pushed NOT IN ('', '0')"), '>', $count / 4, 'many have rows');
cmp_ok(sql("SELECT count(*) FROM queries WHERE types <> ''"), '>', $count / 5, 'many are prepared');

# ---- misfits that are errors -----------------------------------------------------------------

# push-down hides none, and finds none where there is none
sql("CREATE TABLE strict_results AS SELECT number, result_of(q, '_strict') AS pushed, result_without_pushdown(q, '_strict') AS plain"
	  . " FROM queries q WHERE number <= $count / 10 AND query !~ 'LIMIT|EXISTS' OFFSET 0");
$different = 'pushed <> plain';
is(sql("SELECT count(*) FROM strict_results WHERE $different"), 0, 'the same errors')
  or diag("seed $seed\n" . sql("SELECT * FROM strict_results JOIN queries USING (number) WHERE $different ORDER BY length(query) LIMIT 3"));
my ($failed, $passed) = split /\|/, sql("SELECT count(*) FILTER (WHERE pushed = 'HV004'), count(*) FILTER (WHERE pushed <> 'HV004') FROM strict_results");
cmp_ok($_, '>', $count / 100, 'errors, and none') foreach $failed, $passed;

store_api('DeleteTable', { TableName => $_ }) foreach values %store;
done_testing();
