# Secondary indexes as access paths: declared ones are used where they have every row and column that
# is asked for, and are verified against the store. Results are those without them.
use strict;
use warnings;

use Encode;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);
use YottaTest;

my $node = new_node('indexes', conf => "log_statement = 'none'\n");
create_servers($node);

my $seed = $ENV{YS_SEED} // time() * 1000 % 1_000_000;
note("seed $seed");
srand($seed);

sub sql { return $node->safe_psql('postgres', encode('UTF-8', $_[0])); }
sub pick { return $_[ rand @_ ]; }

# The error, in psql's verbose words.
sub error_of
{
	my ($query) = @_;
	my ($code, $output, $error) = $node->psql('postgres', "\\set VERBOSITY verbose\n$query");
	return $error;
}

# The operation of the only scan, with the index where there is one.
sub access_of
{
	my ($query, $settings) = @_;
	my $plan = sql(($settings // '') . "EXPLAIN (COSTS OFF) $query");
	my ($operation) = $plan =~ /Store Operation: (\w+)/;
	my ($index) = $plan =~ /Store Index: (\S+)/;
	return join ' ', $operation, defined $index ? $index : ();
}

# ---- a table, items, and indexes made before and after them -----------------------------------

sub described_index
{
	my ($name, $keys, $projection) = @_;
	return {
		IndexName => $name,
		KeySchema => [ map { { AttributeName => $keys->[$_], KeyType => $_ ? 'RANGE' : 'HASH' } } 0 .. $#$keys ],
		Projection => ref $projection ? { ProjectionType => 'INCLUDE', NonKeyAttributes => $projection }
		: { ProjectionType => $projection },
	};
}

my %type = (fleet => 'S', id => 'S', model => 'S', year => 'N', city => 'S', kind => 'N', age => 'N', tag => 'B');
sub definitions { return [ map { { AttributeName => $_, AttributeType => $type{$_} } } @_ ]; }

my $table = unique_name('vehicles');
store_api('CreateTable', {
	TableName => $table,
	BillingMode => 'PAY_PER_REQUEST',
	AttributeDefinitions => definitions(qw(fleet id age)),
	KeySchema => [ { AttributeName => 'fleet', KeyType => 'HASH' }, { AttributeName => 'id', KeyType => 'RANGE' } ],
	LocalSecondaryIndexes => [ described_index('by_age', [ 'fleet', 'age' ], 'ALL') ],
});

my @models = ('Stralis', 'Actros', 'TGX', "\x{e4}pfel", 'x' x 20);
my @cities = ('Torino', 'Ulm', 'Lyon', 'Nice');

# Some lack an attribute, or have one of another type: those are in no index that needs it.
sub item
{
	my ($serial) = @_;
	my %item = (
		fleet => { S => 'f' . $serial % 4 },
		id => { S => sprintf 'v%04d', $serial },
		model => { S => pick(@models) },
		year => { N => 2000 + int rand 25 },
		city => { S => pick(@cities) },
		kind => { N => $serial % 7 },
		age => { N => int rand 30 },
		tag => { B => 'AAE=' },
		name => { S => "name $serial" },
		spec => { M => { doors => { N => $serial % 5 } } });
	foreach my $name (qw(model year city kind tag))
	{
		my $luck = rand;
		if ($luck < 0.1) { delete $item{$name}; }
		elsif ($luck < 0.2) { $item{$name} = pick({ S => '7' }, { N => '7' }, { B => 'BwA=' }); }
	}
	delete $item{age} if rand() < 0.3;
	# what no key can be; of other types than these the local store makes no index
	$item{city} = { S => '' } if $serial % 40 == 3;
	$item{model} = { S => 'y' x 2049 } if $serial % 40 == 5;
	return \%item;
}

my $items = 500;
foreach my $from (0 .. $items / 25 - 1)
{
	store_api('BatchWriteItem', { RequestItems => { $table =>
		  [ map { { PutRequest => { Item => item($_) } } } $from * 25 .. $from * 25 + 24 ] } });
}

# The store makes one index at a time.
sub create_index
{
	my ($of, $name, $keys, $projection) = @_;
	store_api('UpdateTable', {
		TableName => $of,
		AttributeDefinitions => definitions(@$keys),
		GlobalSecondaryIndexUpdates => [ { Create => described_index($name, $keys, $projection) } ],
	});
	foreach (1 .. 300)
	{
		my $told = store_api('DescribeTable', { TableName => $of })->{Table};
		return if $told->{TableStatus} eq 'ACTIVE'
		  && !grep { $_->{IndexStatus} ne 'ACTIVE' || $_->{Backfilling} } @{ $told->{GlobalSecondaryIndexes} };
		sleep 0.1;
	}
	die "index $name is not made";
}
create_index($table, 'by_model', [ 'model', 'year' ], 'ALL');
create_index($table, 'by_city', ['city'], ['name']);
create_index($table, 'by_place', [ 'model', 'city' ], 'KEYS_ONLY');
create_index($table, 'by_kind', [ 'kind', 'id' ], 'KEYS_ONLY');

my $columns = <<'END';
	fleet text OPTIONS (key 'partition') COLLATE "C" NOT NULL, id text OPTIONS (key 'sort') COLLATE "C" NOT NULL,
	model text, year int, city text COLLATE "C", kind numeric, age int, tag bytea, name text,
	doors int OPTIONS (path 'spec.doors')
END
my $declared = 'by_model (model, year) all; by_city (city) include (name); by_kind (kind, id) keys; by_place (model, city) keys;'
  . ' by_age local (fleet, age) all';
sql("CREATE FOREIGN TABLE t ($columns, item jsonb OPTIONS (document 'true')) SERVER fleet"
	  . " OPTIONS (table '$table', indexes '$declared')");

# ---- which index, for which query ------------------------------------------------------------

my @chosen = (
	# all attributes are in by_model, but not items without a year
	[ "SELECT item FROM t WHERE model = 'TGX' AND year = 2010", 'Query by_model' ],
	[ "SELECT item FROM t WHERE model = 'TGX' AND year > 2010", 'Query by_model' ],
	[ "SELECT item FROM t WHERE model = 'TGX' AND year BETWEEN 2010 AND 2012", 'Query by_model' ],
	[ "SELECT item FROM t WHERE model = 'TGX' AND year IS NOT NULL", 'Query by_model' ],
	[ "SELECT item FROM t WHERE model IN ('TGX', 'Actros') AND year <> 2010", 'Query by_model' ],
	[ "SELECT item FROM t WHERE model = ANY (ARRAY['TGX', 'Actros']) AND year IN (2001, 2002)", 'Query by_model' ],
	[ "SELECT item FROM t WHERE model = 'TGX'", 'Scan' ],
	[ "SELECT item FROM t WHERE model = 'TGX' AND year IS NULL", 'Scan' ],
	[ "SELECT item FROM t WHERE model = 'TGX' AND (year > 2010 OR doors = 3)", 'Scan' ],
	[ "SELECT item FROM t WHERE model > 'TGX' AND year = 2010", 'Scan' ],
	[ "SELECT item FROM t WHERE year = 2010", 'Scan' ],
	# by_city has the name, by_kind the keys
	[ "SELECT name, city, fleet, id FROM t WHERE city = 'Ulm'", 'Query by_city' ],
	[ "SELECT name FROM t WHERE city = 'Ulm' AND name LIKE 'name 1%'", 'Query by_city' ],
	[ "SELECT count(*) FROM t WHERE city = 'Ulm'", 'Query by_city' ],
	[ "SELECT kind FROM t WHERE city = 'Ulm'", 'Scan' ],
	[ "SELECT item FROM t WHERE city = 'Ulm'", 'Scan' ],
	[ "SELECT t FROM t WHERE city = 'Ulm'", 'Scan' ],
	[ "SELECT fleet, id FROM t WHERE kind = 3", 'Query by_kind' ],
	[ "SELECT fleet, id FROM t WHERE kind = 3 AND id > 'v02'", 'Query by_kind' ],
	[ "SELECT name FROM t WHERE kind = 3", 'Scan' ],
	# by_place lacks cities that are empty, which no key can be
	[ "SELECT id FROM t WHERE model = 'TGX' AND city IS NOT NULL", 'Scan' ],
	[ "SELECT id FROM t WHERE model = 'TGX' AND city < 'U'", 'Scan' ],
	[ "SELECT id FROM t WHERE model = 'TGX' AND city < 'U' AND city > ''", 'Query by_place' ],
	[ "SELECT id FROM t WHERE model = 'TGX' AND city LIKE 'U%'", 'Query by_place' ],
	[ "SELECT id FROM t WHERE model = 'TGX' AND city <> ''", 'Query by_place' ],
	[ "SELECT id FROM t WHERE model = 'TGX' AND city <> 'Ulm'", 'Scan' ],
	# local: of one partition; the age may be lacking
	[ "SELECT item FROM t WHERE fleet = 'f1' AND age = 5", 'Query by_age' ],
	[ "SELECT item FROM t WHERE fleet = 'f1' AND age < 5", 'Query by_age' ],
	[ "SELECT item FROM t WHERE fleet = 'f1'", 'Query' ],
	[ "SELECT item FROM t WHERE fleet = 'f1' AND id = 'v0001' AND age = 5", 'GetItem' ],
	[ "SELECT item FROM t WHERE age = 5", 'Scan' ],
	# what is to be changed is not read from a copy that may be late
	[ "UPDATE t SET name = 'x' WHERE model = 'TGX' AND year = 2010", 'UpdateItem' ]);
foreach my $case (@chosen)
{
	is(access_of($case->[0]), $case->[1], $case->[0]);
}
unlike(sql("EXPLAIN UPDATE t SET name = 'x' WHERE model = 'TGX' AND year = 2010"), qr/Store Index/,
	'UPDATE reads no global index');
like(sql("EXPLAIN UPDATE t SET name = 'x' WHERE fleet = 'f1' AND age = 5"), qr/Store Index: by_age/, '... a local one it may');
unlike(sql("EXPLAIN DELETE FROM t WHERE model = 'TGX' AND year = 2010"), qr/Store Index/, 'nor does DELETE');
is(access_of("SELECT item FROM t WHERE model = 'TGX' AND year = 2010", 'SET yottastore.pushdown = off;'), 'Scan', 'turned off');

# ---- the same rows with and without ----------------------------------------------------------

sql(<<'END');
CREATE FUNCTION rows_of(columns text, condition text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	result text;
BEGIN
	EXECUTE format('SELECT string_agg(r::text, '' '' ORDER BY r::text) FROM (SELECT %s FROM t WHERE %s) r', columns, condition) INTO result;
	RETURN coalesce(result, '');
END $$;
CREATE FUNCTION index_of(columns text, condition text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	line text;
BEGIN
	FOR line IN EXECUTE format('EXPLAIN SELECT %s FROM t WHERE %s', columns, condition) LOOP
		IF line LIKE '%Store Index: %' THEN RETURN substring(line FROM 'Store Index: (.*)'); END IF;
	END LOOP;
	RETURN NULL;
END $$;
CREATE TABLE conditions (columns text, condition text);
END

sub quoted { my ($text) = @_; return "'" . $text =~ s/'/''/gr . "'"; }

sub equality
{
	my ($name, @values) = @_;
	return "$name = " . pick(@values) if rand() < 0.6;
	return "$name IN (" . join(', ', map { pick(@values) } 0 .. rand 4) . ')' if rand() < 0.7;
	return "$name = ANY (ARRAY[" . join(', ', map { pick(@values) } 0 .. rand 3) . ", NULL])";
}

sub range
{
	my ($name, @values) = @_;
	return pick(
		"$name " . pick('=', '<', '<=', '>', '>=', '<>') . ' ' . pick(@values),
		"$name BETWEEN " . pick(@values) . ' AND ' . pick(@values),
		"$name IS NOT NULL",
		"$name IN (" . join(', ', map { pick(@values) } 0 .. rand 4) . ')',
		"$name > " . pick(@values) . " AND $name < " . pick(@values),
		"$name <> " . pick(@values) . " AND $name < " . pick(@values));
}

sub named
{
	my ($name, @values) = @_;
	return rand() < 0.6 ? range($name, @values)
	  : pick("$name LIKE '" . pick('v00%', 'v0_1%', '%1', 'v0001', '', 'v\\_%', '%') . "'", "starts_with($name, " . pick(@values, "''", 'NULL') . ')');
}

sub condition
{
	my @years = (map({ 1999 + $_ } 0 .. 26), 'NULL');
	my @model_values = ((map { quoted($_) } @models, '', '7', 'nothing'), "repeat('y', 2049)");
	my @city_values = map { quoted($_) } @cities, '', '7';
	my @parts = pick(
		sub { (equality('model', @model_values), range('year', @years)) },
		sub { (equality('model', @model_values), range('year', @years)) },
		sub { equality('city', @city_values) },
		sub { (equality('model', @model_values), named('city', @city_values)) },
		sub { (equality('kind', 0 .. 8, "'NaN'::numeric", '2.50'), rand() < 0.6 ? named('id', map { quoted("v$_") } 0 .. 5) : ()) },
		sub { (equality('fleet', map { quoted("f$_") } 0 .. 4), range('age', 0 .. 30)) })->();
	push @parts, pick('doors = 2', "name LIKE 'name 1%'", 'kind > 3', "city <> 'Ulm'", "id > 'v02'", "model < 'b'") if rand() < 0.4;
	return join ' AND ', @parts;
}

my $count = $ENV{YS_CONDITIONS} // 400;
my $values = join ",\n", map {
	'(' . quoted(pick('fleet, id', 'fleet, id', 'fleet, id, name', 'fleet, id, model, year', 'fleet, id, item', '*')) . ', ' . quoted(condition()) . ')'
} 1 .. $count;
my ($different, $used) = sql("INSERT INTO conditions VALUES $values;"
	  . " CREATE TEMP TABLE found AS SELECT columns, condition, rows_of(columns, condition) AS rows, index_of(columns, condition) AS index FROM conditions;"
	  . " SET yottastore.pushdown = off;"
	  . " SELECT columns, condition, index FROM found WHERE rows_of(columns, condition) <> rows LIMIT 5;"
	  . " SELECT '= ' || string_agg(index || ' ' || count, ', ' ORDER BY index) FROM (SELECT index, count(*) FROM found WHERE index IS NOT NULL AND rows <> '' GROUP BY 1) s")
  =~ /\A(.*)^= (.*)\z/ms;
is($different, '', 'the same rows with indexes and without') or diag("seed $seed");
note("used: $used");
foreach my $index (qw(by_model by_city by_kind by_place by_age))
{
	like($used, qr/\b$index \d/, "... $index was used");
}


# ---- what an index lacks ---------------------------------------------------------------------

my $indexed = store_api('Query', { TableName => $table, IndexName => 'by_model', Select => 'COUNT',
	KeyConditionExpression => 'model = :m', ExpressionAttributeValues => { ':m' => { S => 'TGX' } } })->{Count};
cmp_ok(sql("SELECT count(*) FROM t WHERE model = 'TGX'"), '>', $indexed, 'items without a year, or with another, are found');
is(sql("SELECT count(*) FROM t WHERE model = 'TGX' AND year IS NOT NULL"),
	sql("SET yottastore.pushdown = off; SELECT count(*) FROM t WHERE model = 'TGX' AND year IS NOT NULL"), '... and the others by the index');
foreach my $condition ("city = ''", "model = repeat('y', 2049) AND year IS NOT NULL", "city IN ('', 'Ulm')")
{
	like(access_of("SELECT id FROM t WHERE $condition"), qr/^Query by_/, "what no key can be: $condition");
	my $found = sql("SELECT count(*) FROM t WHERE $condition");
	cmp_ok($found, '>', 3, '... is found nevertheless');
	is($found, sql("SET yottastore.pushdown = off; SELECT count(*) FROM t WHERE $condition"), '... all of it');
	my $plan = sql("EXPLAIN (ANALYZE, COSTS OFF) SELECT id FROM t WHERE $condition");
	like($plan, qr/Scans Beyond Index: 1\b/, '... by a Scan, as is said');
	# a value of over 2 kB is not sent with every page
	unlike($plan, qr/Rows Removed by Filter/, '... of which the store sends no other items') if $condition =~ /city/;
}
my $joined = sql("EXPLAIN (ANALYZE, COSTS OFF) SELECT t.id FROM (VALUES ('Ulm'), (''), ('')) w(c), LATERAL (SELECT id FROM t WHERE city = w.c OFFSET 0) t");
like($joined, qr/Store Index: by_city.*Scans Beyond Index: 2\b/s, 'a join says how many');
unlike($joined, qr/Rows Removed by Filter/, '... and sends for none what does not match');
unlike(sql("EXPLAIN (ANALYZE, COSTS OFF) SELECT id FROM t WHERE city = 'Ulm'"), qr/Beyond Index/, 'none where the index tells');
sql("CREATE FOREIGN TABLE strict ($columns, misfit int OPTIONS (path 'year', on_mismatch 'error'),"
	  . " item jsonb OPTIONS (document 'true')) SERVER fleet OPTIONS (table '$table', indexes '$declared')");
is(access_of("SELECT id FROM strict WHERE model = 'TGX' AND year = 2010"), 'Query by_model', 'misfits of a column that is not read');
is(access_of("SELECT misfit FROM strict WHERE model = 'TGX' AND year = 2010"), 'Scan', 'no index hides a misfit that is an error');
sql("CREATE FOREIGN TABLE filled (fleet text OPTIONS (key 'partition') NOT NULL, id text OPTIONS (key 'sort') NOT NULL,"
	  . " model text, year int NOT NULL) SERVER fleet OPTIONS (table '$table', indexes 'by_model (model, year) all')");
is(access_of("SELECT id FROM filled WHERE model = 'TGX'"), 'Query by_model', 'NOT NULL is taken for true');
sql("CREATE FOREIGN TABLE few (fleet text OPTIONS (key 'partition') NOT NULL, id text OPTIONS (key 'sort') NOT NULL,"
	  . " model text) SERVER fleet OPTIONS (table '$table', indexes 'by_model (model, year) all; by_city (city) keys')");
is(access_of("SELECT id FROM few WHERE model = 'TGX'"), 'Scan', 'an index on an attribute that is no column');

# ---- joins and parameters --------------------------------------------------------------------

sql("CREATE TABLE wanted (model text, year int, city text); INSERT INTO wanted SELECT m, y, 'Ulm'"
	  . " FROM unnest('{TGX,Actros,nothing}'::text[]) m, generate_series(2008, 2010) y; ANALYZE wanted");
my %joins = (
	"SELECT w.model, w.year, t.item FROM wanted w JOIN t ON t.model = w.model AND t.year = w.year" => 'by_model',
	"SELECT w.model, w.year, t.id FROM wanted w LEFT JOIN t ON t.model = w.model AND t.year >= w.year AND t.year < w.year + 2" => 'by_model',
	"SELECT w.model, count(*) FROM wanted w JOIN t ON t.city = w.city AND t.name > w.model GROUP BY 1" => 'by_city',
	"SELECT w.model, (SELECT max(t.id) FROM t WHERE t.model = w.model AND t.year = w.year) FROM wanted w" => 'by_model');
foreach my $join (sort keys %joins)
{
	my $limited = $join =~ /GROUP BY|\(SELECT/ ? $join : "$join WHERE w.year > 2008";
	my $force = 'SET enable_hashjoin = off; SET enable_mergejoin = off;';
	my ($index) = sql("$force EXPLAIN $limited") =~ /Store Index: (\S+)/;
	is($index, $joins{$join}, "a join by the index: $limited");
	my $rows = "SELECT string_agg(r::text, ' ' ORDER BY r::text) FROM ($limited) r";
	is(sql("$force $rows"), sql("SET yottastore.pushdown = off; $rows"), '... with the same rows');
}
foreach my $case (
	[ 'text, int', 'model = $1 AND year = $2', "'TGX', 2010", "'Actros', 2011", 'NULL, 2010', "'TGX', NULL", "'', 2010", "'TGX', 2012" ],
	[ 'text[], int', 'model = ANY ($1) AND year > $2', "'{TGX,Actros}', 2010", "'{}', 5", "NULL, 5", "'{TGX,NULL,\"\"}', 2020", "'{TGX,TGX}', 2020",
		"'{Stralis}', 2001" ])
{
	my ($types, $condition, @values) = @$case;
	my $session = "PREPARE q ($types) AS SELECT count(*), sum(year) FROM t WHERE $condition;" . join('', map { "EXECUTE q($_);" } @values);
	foreach my $mode ('auto', 'force_generic_plan')
	{
		is(sql("SET plan_cache_mode = $mode; $session"), sql("SET yottastore.pushdown = off; $session"), "parameters of $condition, $mode");
	}
	my $plan = sql("SET plan_cache_mode = force_generic_plan; $session EXPLAIN EXECUTE q($values[0])");
	like($plan, qr/Store Index: by_model\n.*\$1.*\$2/, '... a generic plan has the index');
}

# ---- consistency -----------------------------------------------------------------------------

my $global = "SELECT id FROM t WHERE model = 'TGX' AND year = 2010";
my $local = "SELECT id FROM t WHERE fleet = 'f1' AND age = 5";
is(access_of($global, 'SET yottastore.consistency = strong;'), 'Scan', 'a global index is never strong');
is(access_of($local, 'SET yottastore.consistency = strong;'), 'Query by_age', 'a local one can be');
is(sql("SET yottastore.consistency = strong; $local ORDER BY 1"), sql("SET yottastore.pushdown = off; $local ORDER BY 1"), '... and is asked so');
sql("ALTER FOREIGN TABLE t OPTIONS (ADD consistency 'strong')");
is(access_of($global), 'Scan', 'nor when the table says strong');
is(access_of($global, 'SET yottastore.consistency = eventual;'), 'Query by_model', '... unless the session says otherwise');
is(access_of($global, 'SET yottastore.consistency = strong; RESET yottastore.consistency;'), 'Scan', '... which it can take back');
sql("ALTER FOREIGN TABLE t OPTIONS (DROP consistency)");
is(sql("SET plan_cache_mode = force_generic_plan; PREPARE q AS $global; EXPLAIN EXECUTE q; SET yottastore.consistency = strong; EXPLAIN EXECUTE q;"
		  . "BEGIN; SET LOCAL yottastore.consistency = default; EXPLAIN EXECUTE q; ROLLBACK; EXPLAIN EXECUTE q")
	  =~ s/(?:.*?Store Operation: (\w+)|.+?\z)/defined $1 ? "$1 " : ''/gers, 'Query Scan Query Scan ', 'a kept plan is made anew when it changes');
like(error_of("SET yottastore.consistency = sometimes"), qr/22023: invalid value for parameter "yottastore.consistency".*HINT:  Available values: default, eventual, strong/s,
	'another word');

# ---- what is declared, and is not so ---------------------------------------------------------

sub refusal
{
	my ($declared, $query) = @_;
	sql("ALTER FOREIGN TABLE t OPTIONS (SET indexes '$declared')");
	return error_of($query // "SELECT id FROM t WHERE model = 'TGX' AND year = 2010");
}
my $wrong = qr/ERROR:  HV000: index "\w+" of store table "$table" is not as it is declared\n/;
my $hint = qr/\nHINT:  Correct option "indexes" of the foreign table, or take the index out of it\./;
like(refusal('by_maker (model, year) all'), qr/${wrong}DETAIL:  The table has no index of that name\.$hint/, 'no such index');
like(refusal('by_model (model) all'), qr/${wrong}DETAIL:  The store has it as: by_model \(model, year\) all\.$hint/, 'a key too few');
like(refusal('by_city (model, year) all'), qr/${wrong}DETAIL:  The store has it as: by_city \(city\) include \(name\)\.$hint/, 'other keys');
like(refusal('by_age (model, year) all'), qr/${wrong}DETAIL:  The store has it as: by_age local \(fleet, age\) all\.$hint/, 'local');
like(refusal('by_city (city) all', "SELECT item FROM t WHERE city = 'Ulm'"),
	qr/${wrong}DETAIL:  It has only a part of the items: by_city \(city\) include \(name\)\.$hint/, 'less than all');
like(refusal('by_city (city) include (name, kind)', "SELECT kind FROM t WHERE city = 'Ulm'"),
	qr/${wrong}DETAIL:  It does not have attribute "kind": by_city \(city\) include \(name\)\.$hint/, 'an attribute too many');
like(refusal('by_kind (kind, id) include (name)', "SELECT name FROM t WHERE kind = 3"),
	qr/${wrong}DETAIL:  It does not have attribute "name": by_kind \(kind, id\) keys\.$hint/, '... or all of them');
sql("CREATE FOREIGN TABLE texts (fleet text OPTIONS (key 'partition') NOT NULL, id text OPTIONS (key 'sort') NOT NULL, kind text, model text, year text)"
	  . " SERVER fleet OPTIONS (table '$table', indexes '$declared')");
like(error_of("SELECT id FROM texts WHERE kind = '3'"),
	qr/${wrong}DETAIL:  Its key attribute "kind" is a number, for which column "kind" has the wrong type\.$hint/, 'a column of another type');
like(error_of("SELECT id FROM texts WHERE model = 'TGX' AND year = '2010'"),
	qr/${wrong}DETAIL:  Its key attribute "year" is a number, for which column "year" has the wrong type\.$hint/, '... also of the sort key');
is(refusal('by_city (city) include (id, model, city)', "SELECT count(*) > 0 FROM t WHERE city = 'Ulm' AND model = 'nothing'") =~ /"model"/ ? 1 : 0, 1,
	'what is included');
is(refusal('by_city (city) keys', "SELECT id FROM t WHERE city = 'Ulm'"), '', 'less may be declared than there is');
is(refusal('by_model (model, year) include ("name", id)', "SELECT name FROM t WHERE model = 'TGX' AND year = 2010"), '', '... of all, too');
like(error_of("ALTER FOREIGN TABLE t OPTIONS (SET indexes 'by_age local (model, age) all'); SELECT 1 FROM t"),
	qr/HV00D: local index "by_age" of foreign table "t" has another partition key than the table\n.*"model".*"fleet"\.\nHINT/, 'a local index of another partition key');

store_api('DeleteTable', { TableName => $table });
done_testing();
