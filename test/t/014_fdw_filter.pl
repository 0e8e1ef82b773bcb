# Conditions sent to the store as a filter. Generated conditions over items that have every type of
# the store in every attribute are run with push-down on and off; the results must be equal.
use strict;
use warnings;

use Encode;
use JSON::PP;
use MIME::Base64;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);
use YottaAnswers;
use YottaTest;

my $node = new_node('filter', conf => "timezone = 'UTC'\nlog_statement = 'none'\n");
create_servers($node);

sub sql { return $node->safe_psql('postgres', encode('UTF-8', $_[0])); }

my $seed = $ENV{YS_SEED} // time() * 1000 % 1_000_000;
my $conditions = $ENV{YS_CONDITIONS} // 3000;
note("seed $seed");
srand($seed);

sub pick { return $_[ rand @_ ]; }

# ---- items -----------------------------------------------------------------------------------

# The values of conditions are those of items, so that boundaries are met.
my @numbers = (
	qw(0 1 -1 5 5.5 -3.25 100 1E2 99.99 12345678901234567890123456789012345678 32767 32768 -32769),
	qw(2147483648 9223372036854775807 -9223372036854775808 9223372036854775808 1E-130 -1E-130),
	qw(0.1 1e125 -9.9999999999999999999999999999999999999E+125 0.10000000000000000000000000000000000001));
my @strings = (
	'', ' ', 'a', 'ab', 'abc', 'A', 'b', 'B', 'a%', 'a_', '%', '\\', "it's", "\x{e4}", "\x{e4}b", "z\x{10ffff}",
	"\x{ffee}", "\x{1f600}", "\x{1f600}x", "e\x{301}", "\x{e9}", "a\nb", 'true', '5', 'null', '"', 'x' x 300, 'abcdef ');
my @binaries = ('', "\0", "\0\0", 'a', "a\0", "a\0b", "\x7f", "\x80", "\xff", "\xff\xff", 'ab');

# Days that meet, with the offsets and hours that move a moment to another one, and what is no date.
my @days = qw(2024-02-28 2024-02-29 2024-03-01 2023-12-31 2024-01-01 0001-01-01 9999-12-31 1999-12-31);
my @times = (
	@days, qw(2024-02-29T24:00 2024-02-29T23:59:60-15:59 2024-02-29T00:00:00+15:59 2024-03-01T00:00:00Z 2024-02-29t12:30:00.5+01),
	'2024-02-29 23:59:59.999999 -0800', '9999-12-31T23:59:59Z', '0001-01-01T00:00:00Z', '2024-02-30', '2024-2-9', '20240229', '12/03/2024', 'today', '');

sub number { return { N => pick(@numbers) }; }
sub string { return { S => rand() < 0.03 ? "a\0b" : pick(@strings) }; }
sub binary { return { B => encode_base64(pick(@binaries), '') }; }
sub moment { return { S => pick(@times) }; }
sub some { my ($make, %seen) = @_; return map { $make->() } 0 .. rand 3; }

sub distinct
{
	my ($tag, @values) = @_;
	# 1E2 and 100 are the same to a set
	my %by = map { ($tag eq 'N' ? $_->{$tag} + 0 : $_->{$tag}) => $_->{$tag} } @values;
	return [ values %by ];
}

sub value
{
	my ($depth) = @_;
	my $kind = int rand($depth > 2 ? 8 : 10);
	return $kind < 2 ? string()
	  : $kind < 4 ? number()
	  : $kind == 4 ? { BOOL => pick(JSON::PP::true, JSON::PP::false) }
	  : $kind == 5 ? binary()
	  : $kind == 6 ? { NULL => JSON::PP::true }
	  : $kind == 7 ? pick({ SS => distinct('S', some(\&string)) }, { NS => distinct('N', some(\&number)) },
		{ BS => distinct('B', some(\&binary)) })
	  : $kind == 8 ? { L => [ map { value($depth + 1) } 1 .. rand 4 ] }
	  : { M => { map { rand() < 0.8 ? ($_ => value($depth + 1)) : () } 'x', 'odd.name' } };
}

my %attribute = (num => \&number, int => \&number, flag => sub { return { BOOL => pick(JSON::PP::true, JSON::PP::false) } },
	str => \&string, time => \&moment, bytes => \&binary, deep => undef, list => undef, sort => undef);

sub item
{
	my ($serial) = @_;
	my %item = (id => { S => 'p' . $serial % 5 }, at => { N => $serial - 50 });
	foreach my $name (sort keys %attribute)
	{
		my $usual = $attribute{$name};
		next if rand() < 0.1;
		$item{$name} = $usual && rand() < 0.6 ? $usual->() : value(0);
	}
	# every value at least once
	$item{str} = { S => $strings[$serial] } if $serial < @strings;
	$item{num} = { N => $numbers[$serial] } if $serial < @numbers;
	$item{int} = { N => $numbers[ $serial - 30 ] } if $serial >= 30 && $serial < 30 + @numbers;
	$item{bytes} = { B => encode_base64($binaries[$serial], '') } if $serial < @binaries;
	$item{time} = { S => $times[ $serial - 50 ] } if $serial >= 50 && $serial < 50 + @times;
	$item{deep} = { M => { x => value(2), 'odd.name' => value(2) } } if rand() < 0.5;
	$item{list} = pick({ L => [ value(2), value(2) ] }, { SS => distinct('S', some(\&string)) },
		{ NS => distinct('N', some(\&number)) }) if rand() < 0.6;
	return \%item;
}

my $table = unique_name('filter');
sql("SELECT yottastore.create_store_table('fleet', '$table', 'id', 'at numeric', stream => false)");
foreach my $from (0 .. 3)
{
	store_api('BatchWriteItem', { RequestItems => { $table =>
		  [ map { { PutRequest => { Item => item($_) } } } $from * 25 .. $from * 25 + 24 ] } });
}

sub columns
{
	my ($on_mismatch) = @_;
	my $also = $on_mismatch eq 'error' ? ", on_mismatch 'error'" : '';
	return <<"END";
	id text OPTIONS (key 'partition') NOT NULL, at int OPTIONS (key 'sort') NOT NULL,
	num numeric OPTIONS (path 'num'$also), small int2 OPTIONS (path 'int'), whole int4 OPTIONS (path 'int'), big int8 OPTIONS (path 'int'),
	rounded numeric(5,1) OPTIONS (path 'num'), float float8 OPTIONS (path 'num'),
	flag boolean OPTIONS (path 'flag'$also), str text OPTIONS (path 'str'$also) COLLATE "C", word text OPTIONS (path 'str'),
	short varchar(3) OPTIONS (path 'str') COLLATE "C", padded char(5) OPTIONS (path 'str'), bytes bytea OPTIONS (path 'bytes'$also),
	deep_str text OPTIONS (path 'deep.x') COLLATE "C", deep_num numeric OPTIONS (path 'deep."odd.name"'), deep_flag bool OPTIONS (path 'deep.x'),
	first_str text OPTIONS (path 'list[0]') COLLATE "C", first_num numeric OPTIONS (path 'list[0]'), second_bytes bytea OPTIONS (path 'list[1]'),
	any_num numeric OPTIONS (path 'list[*]'), list jsonb OPTIONS (path 'list'), tags text[] OPTIONS (path 'list'),
	day date OPTIONS (path 'time'$also), moment timestamptz OPTIONS (path 'time'), local timestamp OPTIONS (path 'time'),
	whole_second timestamp(0) OPTIONS (path 'time'), first_day date OPTIONS (path 'list[0]'), due due OPTIONS (path 'time'), positive positive OPTIONS (path 'at')
END
}
sql('CREATE DOMAIN positive AS numeric; CREATE DOMAIN due AS date; CREATE DOMAIN checked AS numeric CHECK (VALUE > -1000)');
sql("CREATE FOREIGN TABLE t (" . columns('null') . ") SERVER fleet OPTIONS (table '$table')");
sql("CREATE FOREIGN TABLE strict (" . columns('error') . ") SERVER fleet OPTIONS (table '$table')");
sql('SET yottastore.pushdown = off; CREATE TABLE copy AS TABLE t');
is(sql('SELECT count(*), count(DISTINCT (id, at)) FROM copy'), '100|100', 'the items');

# ---- conditions ------------------------------------------------------------------------------

my %columns_of = (
	number => [qw(num num small whole big deep_num first_num any_num rounded float at positive)],
	text => [qw(str str str word short padded deep_str first_str id)],
	bytes => [qw(bytes bytes second_bytes)],
	boolean => [qw(flag flag deep_flag)],
	time => [qw(day day moment moment local local whole_second first_day due)],
	other => [qw(list tags)],
);

sub quoted { my ($text) = @_; $text =~ s/'/''/g; return "'$text'"; }

sub literal
{
	my ($class) = @_;
	return $class eq 'number' ? pick(pick(@numbers), pick(@numbers), int(rand 100) - 50)
	  : $class eq 'text' ? quoted(rand() < 0.03 ? 'y' x 3000 : pick(@strings, 'p1', 'p3'))
	  : $class eq 'time' ? (rand() < 0.03 ? "'" . pick('-', '') . "infinity'" : "'" . pick(@days) . pick('', ' 12:00', ' 24:00', ' 00:00:01') . "'")
	  . '::' . pick('date', 'timestamp', 'timestamptz')
	  : $class eq 'bytes' ? "'\\x" . unpack('H*', pick(@binaries)) . "'::bytea"
	  : pick('true', 'false');
}

sub leaf
{
	my $class = pick(qw(number number text text bytes boolean time other));
	my $column = pick(@{ $columns_of{$class} });
	my $kind = $class eq 'other' ? 0 : rand;
	return "$column IS " . pick('', 'NOT ') . 'NULL' if $kind < 0.15;
	my $list = join ', ', map { rand() < 0.05 ? 'NULL' : literal($class) } 0 .. rand 4;
	return "$column " . pick('IN', 'NOT IN') . " ($list)" if $kind < 0.3;
	return "$column BETWEEN " . literal($class) . ' AND ' . literal($class) if $kind < 0.4 && $class ne 'boolean';
	return pick("$column", "NOT $column", "$column IS " . pick('', 'NOT ') . pick('TRUE', 'FALSE', 'UNKNOWN'))
	  if $class eq 'boolean' && $kind < 0.7;
	if ($class eq 'text' && $kind < 0.65)
	{
		my $text = quoted(pick(@strings));
		return pick("starts_with($column, $text)", "$column ^\@ $text") if $kind < 0.5;
		my $pattern = pick(@strings);
		$pattern =~ s/([\\%_])/\\$1/g if rand() < 0.7 || $pattern eq '\\';
		return "$column " . pick('LIKE', 'LIKE', 'NOT LIKE', 'ILIKE') . ' ' . quoted($pattern . pick('%', '%', '', '_', '%b'));
	}
	return pick("$column " . pick('=', '<>', '<', '<=', '>', '>=') . ' ' . literal($class),
		literal($class) . ' ' . pick('=', '<>', '<', '<=', '>', '>=') . " $column");
}

sub tree
{
	my ($depth) = @_;
	my $kind = $depth > 2 ? 0 : rand;
	return leaf() if $kind < 0.55;
	return 'NOT (' . tree($depth + 1) . ')' if $kind < 0.63;
	my $word = $kind < 0.8 ? ' AND ' : ' OR ';
	return '(' . join($word, map { tree($depth + 1) } 0 .. 1 + rand 2) . ')';
}

# by Query too, the filter then beside a key condition
sub condition
{
	my $tree = tree(0);
	return rand() < 0.3 ? "id = 'p" . int(rand 6) . "' AND $tree" : $tree;
}

# Rows as one text, or the error.
sql(<<'END');
CREATE TABLE conditions (condition text);
CREATE FUNCTION rows_of(relation text, condition text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	result text;
BEGIN
	EXECUTE format('SELECT string_agg(id || at, '' '' ORDER BY id, at) FROM %s WHERE %s', relation, condition) INTO result;
	RETURN coalesce(result, '');
EXCEPTION WHEN fdw_invalid_data_type OR invalid_escape_sequence THEN
	RETURN SQLSTATE;
END $$;
CREATE FUNCTION is_pushed(condition text) RETURNS bool LANGUAGE plpgsql AS $$
DECLARE
	line text;
BEGIN
	FOR line IN EXECUTE 'EXPLAIN SELECT id, at FROM t WHERE ' || condition LOOP
		IF line LIKE '%Store Filter: %' THEN RETURN true; END IF;
	END LOOP;
	RETURN false;
END $$;
END

# In one session: from a relation with push-down on, and from another with it off, for a limited time.
sub compare
{
	my ($what, $relation, $other, $limit, $setting) = @_;
	my $started = time;
	my ($different, $count) = sql("SET timezone = '" . ($setting // 'UTC') . "'; CREATE TEMP TABLE pushed AS SELECT condition, rows_of('$relation', condition) AS rows FROM conditions"
			  . " WHERE clock_timestamp() < statement_timestamp() + interval '$limit s';"
			  . "SET yottastore.pushdown = off;"
			  . "SELECT condition, rows, other FROM (SELECT *, rows_of('$other', condition) AS other FROM pushed OFFSET 0) p"
			  . " WHERE rows <> other LIMIT 5; SELECT '= ' || count(*) FROM pushed") =~ /\A(.*)^= (\d+)\z/ms;
	is($different, '', "$what: the same rows") or diag("seed $seed");
	cmp_ok($count, '>', 20, "... for $count conditions");
	note(sprintf '%.1f s', time - $started);
	return;
}

# what is not sent at all shows nothing
my $values = join ",\n", map { '(' . quoted(condition()) . ')' } 1 .. $conditions;
my $sent = sql("INSERT INTO conditions SELECT * FROM (VALUES $values) v (condition) WHERE is_pushed(condition);"
	  . "SELECT count(*) FROM conditions");
cmp_ok($sent, '>', $conditions / 2, "most conditions are sent ($sent)");
compare('a local copy', 't', 'copy', 20);
compare('the store', 't', 't', 4);
compare('on_mismatch error', 'strict', 'strict', 4);
compare('a time zone far away', 't', 't', 4, '<far>-167');

# ---- what is sent, and what is not -----------------------------------------------------------

sub filter_of
{
	my ($query, $columns) = @_;
	my ($filter) = sql("EXPLAIN (COSTS OFF) SELECT " . ($columns // 'id') . " FROM $query") =~ /Store Filter: (.*)/;
	return $filter;
}

my $hundred = join ', ', 1 .. 100;
my $long = "'" . 'x' x 200 . "'";
my %filters = (
	"t WHERE num > 5 AND float > 1" => "(num > '5'::numeric)",
	"t WHERE id = 'p1' AND at > 3 AND num > 5" => "(num > '5'::numeric)",
	"t WHERE at = 3" => '(at = 3)',
	"t WHERE word = 'a' AND word < 'b'" => "(word = 'a'::text)",
	"t WHERE str < 'b' AND word LIKE 'a%' AND word LIKE word" => "((word ~~ 'a%'::text) AND (str < 'b'::text))",
	"t WHERE num = 1 OR str = 'a' AND float = 2" => "((num = '1'::numeric) OR (str = 'a'::text))",
	"t WHERE num = 1 OR float = 2" => undef,
	"t WHERE whole IS NULL OR padded = 'a' OR rounded = 1" => undef,
	"t WHERE list IS NOT NULL AND whole IS NULL AND num IS NULL" => '((list IS NOT NULL) AND (num IS NULL))',
	"t WHERE whole IN ($hundred)" => "(whole = ANY ('{" . $hundred =~ s/ //gr . "}'::integer[]))",
	"t WHERE whole IN ($hundred, 101)" => undef,
	"t WHERE num > random() * 5" => undef,
	"t WHERE any_num = 1" => undef,
	"t WHERE day < '2024-02-29' AND day <> '2024-02-28' AND due >= '2024-01-01'::timestamptz" =>
	  "(((due)::date >= '2024-01-01 00:00:00+00'::timestamp with time zone) AND (day < '2024-02-29'::date))",
	"strict WHERE num > 5" => "(num > '5'::numeric)");
foreach my $query (sort keys %filters)
{
	my $wanted = $filters{$query};
	my $filter = filter_of($query);
	# the order of the conditions is the planner's
	is(defined $filter ? join(' AND ', sort split / AND /, $filter =~ s/^\(\((.*AND.*)\)\)$/($1)/r) : undef,
		defined $wanted ? join(' AND ', sort split / AND /, $wanted =~ s/^\(\((.*AND.*)\)\)$/($1)/r) : undef,
		"the filter of $query");
}
my $many = join ' AND ', map { "str <> 'v$_'" } 1 .. 100;
my $sent_many = () = filter_of("t WHERE $many") =~ /<>/g;
ok($sent_many > 10 && $sent_many < 100, "as much as an expression holds is sent ($sent_many of 100)");
is(sql("SELECT count(*) FROM t WHERE $many"), sql("SELECT count(*) FROM copy WHERE $many"), '... and taken by the store');
is(sql("SELECT count(*) FROM t WHERE str = repeat('x', 100000) OR str = repeat('x', 300)"),
	sql("SELECT count(*) FROM copy WHERE str = repeat('x', 300)"), 'a long value');

sql("CREATE FOREIGN TABLE checks (id text OPTIONS (key 'partition') NOT NULL, at int OPTIONS (key 'sort') NOT NULL,"
	  . " num checked, list checked[], str text OPTIONS (on_mismatch 'error'), whole int OPTIONS (path 'int', on_mismatch 'error'), flag bool)"
	  . " SERVER fleet OPTIONS (table '$table')");
is(filter_of('checks WHERE flag'), 'flag', 'columns that are not read');
is(filter_of('checks WHERE flag', 'str'), 'flag', 'misfits that can be asked for');
is(filter_of('checks WHERE flag', 'whole'), undef, 'no filter hides a misfit that is an error');
is(filter_of('checks WHERE flag', 'num'), undef, "nor one a domain's constraint refuses");
is(filter_of('checks WHERE flag', 'list'), undef, "... of an array's elements");
is(sql("SET yottastore.pushdown = off; EXPLAIN (COSTS OFF) SELECT id FROM t WHERE num > 5") =~ /Store Filter/ ? 1 : 0, 0,
	'turned off');

# parameters: the 6th execution has a generic plan
foreach my $case (
	[ 'numeric', 'num > $1', qw(5 -1 100 NULL), "'NaN'", '1e200', '12345678901234567890123456789012345678.9' ],
	[ 'int', 'num > $1 AND ($1 IS NULL OR whole <> $1)', qw(5 -1 100 NULL 32768) ],
	[ 'int', '$1 IS NULL OR whole = $1', qw(5 NULL 32768 NULL 1) ],
	[ 'text', 'str LIKE $1', "'a%'", "'%'", 'NULL', "'a\\%'", "''" ],
	[ 'text[]', 'str = ANY ($1)', "'{a,b}'", "'{}'", 'NULL', "'{NULL}'", "'{a,NULL}'", "array_fill('a'::text, ARRAY[200])" ],
	[ 'text[]', 'str <> ALL ($1)', "'{a,b}'", "'{}'", 'NULL', "'{a,NULL}'", "array_fill('a'::text, ARRAY[200])" ])
{
	my ($type, $condition, @values) = @$case;
	my $session = "SET plan_cache_mode = force_generic_plan;"
	  . "PREPARE q ($type) AS SELECT count(*), sum(at) FROM t WHERE $condition;"
	  . join('', map { "EXECUTE q($_);" } @values);
	is(sql($session), sql($session =~ s/\bt\b/copy/r), "parameters of $condition");
	like(sql("$session EXPLAIN EXECUTE q($values[0])"), qr/Store Filter: .*\$1/, '... are in the generic plan');
}
my $joined = "SELECT count(*) FROM (VALUES ('p1', 5), ('p2', 0), ('p3', NULL)) v(p, n), LATERAL"
  . " (SELECT num FROM t WHERE id = v.p AND num > v.n OFFSET 0) s";
is(sql($joined), sql($joined =~ s/\bt\b/copy/r), 'values of a join');
like(sql("EXPLAIN $joined"), qr/Store Filter: \(num > /, '... are in a filter');

# ---- pages -----------------------------------------------------------------------------------

my $big = unique_name('pages');
sql(<<"END");
SELECT yottastore.create_store_table('fleet', '$big', 'id', 'at numeric', stream => false);
CREATE FOREIGN TABLE pages (id text OPTIONS (key 'partition') NOT NULL, at int OPTIONS (key 'sort') NOT NULL, n int, pad text)
	SERVER fleet OPTIONS (table '$big');
INSERT INTO pages SELECT 'p', i, i, repeat('x', 100000) FROM generate_series(1, 40) i;
END
foreach my $from ("pages WHERE n = 40", "pages WHERE id = 'p' AND n = 40")
{
	is(sql("SELECT at FROM $from"), 40, "empty pages are no end: $from");
	is(sql("SELECT at FROM $from LIMIT 1"), 40, '... nor when few are wanted');
	my $plan = sql("EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) SELECT at FROM $from");
	# the store on loopback takes fewer pages for a filtered Query
	cmp_ok($plan =~ /Store Pages: (\d+)/ ? $1 : 0, '>', 3, '... there are some') if $plan =~ /Operation: Scan/;
	unlike($plan, qr/Rows Removed/, '... and only the match is sent');
}

my $told = YottaAnswers->new;
sql("CREATE SERVER told FOREIGN DATA WRAPPER yottastore OPTIONS (nodes '" . $told->url . "');"
	  . "CREATE USER MAPPING FOR CURRENT_USER SERVER told OPTIONS (access_key_id 'test', secret_access_key 'test');"
	  . "CREATE FOREIGN TABLE told (id text OPTIONS (key 'partition') NOT NULL, n int, due date, tag text OPTIONS (path 'tags[0]')) SERVER told");
sql("CREATE FOREIGN TABLE told_sorted (id text OPTIONS (key 'partition') NOT NULL, at int OPTIONS (key 'sort') NOT NULL, n int) SERVER told");
my $key = { id => { S => 'k' } };
$told->says('Scan', { json => { Items => [], Count => 0, ScannedCount => 900, LastEvaluatedKey => $key } },
	{ json => { Items => [ { %$key, n => { N => '6' } }, { %$key, n => { N => '1' } } ], Count => 2, ScannedCount => 9 } });
my $sorted = { id => { S => 'k' }, at => { N => '1' } };
$told->says('Query', { json => { Items => [], Count => 0, ScannedCount => 900, LastEvaluatedKey => $sorted } },
	{ json => { Items => [ { %$sorted, n => { N => '6' } } ], Count => 1, ScannedCount => 9 } });
is(sql("SELECT n FROM told_sorted WHERE id = 'k' AND n > 5"), 6, 'an empty page of a Query is no end');
is_deeply([ map { [ @{$_}{qw(KeyConditionExpression FilterExpression)} ] } $told->heard('Query') ],
	[ ([ '#n0 = :v0', '#n1 > :v1' ]) x 2 ], '... each is asked for with condition and filter');
is(sql('SELECT n FROM told WHERE n > 5'), 6, 'what the store sends is checked again');
my @heard = $told->heard('Scan');
is(scalar @heard, 2, 'each page is asked for');
foreach my $case (
	[ "= '2024-03-01'", '#n0 >= :v0 AND #n0 < :v1', '2024-02-29', '2024-03-03' ],
	[ "< '0001-01-01'", '#n0 < :v0', '0001-01-03' ],
	[ "> '9999-12-31'", '#n0 >= :v0', '9999-12-30' ],
	[ "<= '9999-12-31'", undef ],
	[ "< 'infinity'", undef ],
	[ "<= '2024-03-01'::timestamptz", '#n0 < :v0', '2024-03-11' ])
{
	my ($condition, $filter, @dates) = @$case;
	$told->says('Scan', { json => { Items => [], Count => 0, ScannedCount => 9 } });
	sql("SELECT * FROM told WHERE due $condition");
	my ($request) = $told->heard('Scan');
	is($request->{FilterExpression}, $filter, "the days around those with due $condition");
	my $values = $request->{ExpressionAttributeValues} // {};
	is_deeply([ map { $values->{$_}{S} } sort keys %$values ], \@dates, '... are these');
}
foreach my $request (@heard)
{
	is($request->{FilterExpression}, '#n0 > :v0', '... with the filter');
	is_deeply([ $request->{ExpressionAttributeNames}{'#n0'}, $request->{ExpressionAttributeValues} ],
		[ 'n', { ':v0' => { N => '5' } } ], '... and its value');
}

done_testing();
