# Foreign tables proposed from what is in the store, and statistics from a sample of it.
use strict;
use warnings;
use utf8;

use Encode qw(encode_utf8);
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);
use YottaAnswers;
use YottaProxy;
use YottaTest;

my $service = start_service('store');
my $proxy = YottaProxy->new($service->{url});
my $node = new_node('import');
create_servers($node, store => $service->{url});

sub sql { return $node->safe_psql('postgres', encode_utf8($_[0])); }

# The text of a statement that must fail, in psql's verbose words.
sub sql_error
{
	my ($query) = @_;
	my ($code, $output, $error) = $node->psql('postgres', "\\set VERBOSITY verbose\n$query");
	isnt($code, 0, "fails: $query");
	return $error;
}

sub store { return store_api($_[0], $_[1], $service->{url}); }

# create_table(name, [name, type], [name, type])
sub create_table
{
	my ($table, @keys) = @_;
	store('CreateTable', {
		TableName => $table, BillingMode => 'PAY_PER_REQUEST',
		AttributeDefinitions => [ map { { AttributeName => $_->[0], AttributeType => $_->[1] } } @keys ],
		KeySchema => [ map { { AttributeName => $keys[$_][0], KeyType => (qw(HASH RANGE))[$_] } } 0 .. $#keys ],
	});
	return;
}

# Writes items, 25 at a time.
sub put
{
	my ($table, @items) = @_;
	while (my @batch = splice @items, 0, 25)
	{
		store('BatchWriteItem',
			{ RequestItems => { $table => [ map { { PutRequest => { Item => $_ } } } @batch ] } });
	}
	return;
}

# A foreign table's columns: name, type, NOT NULL, options.
sub columns
{
	my ($table) = @_;
	return sql("SELECT attname, format_type(atttypid, atttypmod), CASE WHEN attnotnull THEN 'not null' END,"
		  . " array_to_string(attfdwoptions, ' ; ') FROM pg_attribute"
		  . " WHERE attrelid = '$table'::regclass AND attnum > 0 ORDER BY attnum");
}

sub tables
{
	my ($schema) = @_;
	return sql("SELECT string_agg(foreign_table_name, ' ' ORDER BY foreign_table_name COLLATE \"C\")"
		  . " FROM information_schema.foreign_tables WHERE foreign_table_schema = '$schema'");
}

# ---- proposals -------------------------------------------------------------------------------

my $long = 'a' x 64;
create_table('vehicles', [ 'vehicle id', 'S' ]);
put('vehicles', map { {
	'vehicle id' => { S => "v$_" },
	odo => { N => $_ },
	model => $_ % 10 ? { S => "m$_" } : { N => 1 },
	flag => { BOOL => \1 },
	raw => { B => 'AAEC' },
	spec => { M => { a => { N => 1 } } },
	tags => { SS => [ 'x', 'y' ] },
	list => { L => [ { N => 1 } ] },
	item => { S => 'an attribute' },
	xmin => { N => 7 },
	select => { S => "reserved $_" },
	'Straße "x" \\ o\'Neil; --' => { S => 'odd' },
	"${long}_one" => { S => 'one' },
	"${long}_two" => { S => 'two' },
	('ü' x 40) => { S => 'wide' },
	'. "\\' . 'ß' x 40 => { S => 'quoted' },
	nothing => { NULL => \1 },
	"only_$_" => { S => 'rare' },
	($_ % 2 ? (half => $_ % 3 ? { N => 5 } : { NULL => \1 }) : ()),
	($_ % 10 ? () : (tenth => { S => 'some' })),
} } 1 .. 200);
create_table('fleet.readings-1', [ 'device', 'B' ], [ 'at', 'N' ]);
put('fleet.readings-1', { device => { B => 'AP8=' }, at => { N => '1.5' }, value => { N => '3' } });
create_table('trips', [ 'd', 'N' ], [ 's', 'S' ]);
create_table('Empty', [ 'Id', 'S' ]);

sql('IMPORT FOREIGN SCHEMA store LIMIT TO (vehicles, "fleet.readings-1", trips, "Empty", nowhere)'
	  . ' FROM SERVER fleet INTO public');
is(tables('public'), 'Empty fleet.readings-1 trips vehicles', 'LIMIT TO; a name of no table is ignored');
is(columns('vehicles'), encode_utf8(join "\n",
	'vehicle id|text|not null|key=partition',
	'. "\\' . 'ß' x 29 . '|text||path=". \\"\\\\' . 'ß' x 40 . '"',
	'Straße "x" \\ o\'Neil; --|text||',
	('a' x 63) . "|text||path=${long}_one",
	('a' x 61) . "_2|text||path=${long}_two",
	'flag|boolean||', 'item|text||', 'list|jsonb||', 'model|text||', 'odo|numeric||', 'raw|bytea||',
	'select|text||', 'spec|jsonb||', 'tags|jsonb||', 'xmin_2|numeric||path=xmin',
	('ü' x 31) . '|text||path=' . ('ü' x 40),
	'half|numeric||', 'tenth|text||', 'item_2|jsonb||document=true'),
	'columns of frequent attributes, by majority');
is(columns('"fleet.readings-1"'),
	"device|bytea|not null|key=partition\nat|numeric|not null|key=sort\nvalue|numeric||\nitem|jsonb||document=true",
	'a sort key, binary and numeric keys');
is(columns('trips'), "d|numeric|not null|key=partition\ns|text|not null|key=sort\nitem|jsonb||document=true",
	'keys of other types, and no items');
is(columns('"Empty"'), "Id|text|not null|key=partition\nitem|jsonb||document=true", 'an empty table');
is(sql("SELECT count(*), sum(odo), count(model), bool_and(flag), min(length(raw)), min(xmin_2), max(item),"
		  . " min(\"Straße \"\"x\"\" \\ o'Neil; --\"), min(" . ('a' x 63) . "), min(" . ('a' x 61) . "_2),"
		  . " min(" . ('ü' x 31) . "), min(\". \"\"\\" . 'ß' x 29 . "\"), count(half), min(tags->>1), max(item_2->>'item') FROM vehicles"),
	'200|20100|180|t|3|7|an attribute|odd|one|two|wide|quoted|67|y|an attribute', 'they read what they are of');
is(sql("SELECT odo FROM vehicles WHERE \"vehicle id\" = 'v7'"), 7, '... by key too');
is(sql('SELECT value FROM "fleet.readings-1" WHERE device = \'\x00ff\' AND at = 1.5'), 3, '... and by both keys');
is(sql('SELECT count(*) FROM "Empty"'), 0, '... of an empty table');
sql("INSERT INTO trips VALUES (1, 'x', '{\"km\": 5}')");
is(sql("SELECT item FROM trips WHERE d = 1"), '{"d": 1, "s": "x", "km": 5}', '... and write');

sql(<<"END");
CREATE SCHEMA keys; CREATE SCHEMA few;
IMPORT FOREIGN SCHEMA store LIMIT TO (vehicles) FROM SERVER fleet INTO keys OPTIONS (columns 'none');
IMPORT FOREIGN SCHEMA store LIMIT TO (vehicles) FROM SERVER fleet INTO few OPTIONS (columns 'sampled', sample_items '1');
END
is(columns('keys.vehicles'), "vehicle id|text|not null|key=partition\nitem|jsonb||document=true", "columns 'none'");
is(sql("SELECT count(*) FROM pg_attribute WHERE attrelid = 'few.vehicles'::regclass AND attname LIKE 'only%'"), 1,
	'what one item has is frequent in a sample of one');

# ---- many tables, names ----------------------------------------------------------------------

create_table("n$_" . 'x' x 10, [ 'id', 'S' ]) foreach 1 .. 110;
create_table($_, [ 'id', 'S' ]) foreach ('t' x 70, 't' x 80);
sql(<<'END');
CREATE SCHEMA most; CREATE SCHEMA longer;
IMPORT FOREIGN SCHEMA store EXCEPT (trips, vehicles, nowhere) FROM SERVER fleet INTO most OPTIONS (columns 'none');
END
is(sql("SELECT count(*) FROM information_schema.foreign_tables WHERE foreign_table_schema = 'most'"), 114,
	'EXCEPT, and more tables than one page lists');
unlike(tables('most'), qr/\b(trips|vehicles)\b/, '... without those');
is(sql("SELECT string_agg(length(foreign_table_name) || '/' || right(foreign_table_name, 2) || '/' || length(option_value), ' '"
		  . " ORDER BY length(option_value)) FROM information_schema.foreign_table_options"
		  . " WHERE foreign_table_schema = 'most' AND foreign_table_name LIKE 'ttt%'"),
	'63/tt/70 63/_2/80', 'names that are too long');
sql('IMPORT FOREIGN SCHEMA store LIMIT TO ("' . 't' x 61 . '_2") FROM SERVER fleet INTO longer');
is(sql("SELECT length(option_value) FROM information_schema.foreign_table_options WHERE foreign_table_schema = 'longer'"),
	80, '... are imported by the names they get');

# ---- what is refused -------------------------------------------------------------------------

my $error = sql_error('IMPORT FOREIGN SCHEMA public FROM SERVER fleet INTO keys');
like($error, qr/HV00Q: there is no schema "public" to import/, 'another schema');
like($error, qr/^DETAIL:  A store has no schemas/m, '... DETAIL');
like($error, qr/^HINT:  Use IMPORT FOREIGN SCHEMA store FROM SERVER fleet INTO keys\.$/m, '... HINT');
$error = sql_error("IMPORT FOREIGN SCHEMA store FROM SERVER fleet INTO keys OPTIONS (sample '1')");
like($error, qr/HV00D: invalid option "sample".*^DETAIL:  A schema import of yottastore has no such option\.\n.*^HINT:  .*columns, sample_items/ms,
	'an unknown option');
like(sql_error("IMPORT FOREIGN SCHEMA store FROM SERVER fleet INTO keys OPTIONS (sample_items '$_')"),
	qr/22023: invalid value for option "sample_items": "$_".*^DETAIL:.*^HINT:/ms, "sample_items $_")
  foreach ('0', 'many', '100001');
like(sql_error("IMPORT FOREIGN SCHEMA store FROM SERVER fleet INTO keys OPTIONS (columns 'all')"),
	qr/22023: .*^HINT:  Valid values are: sampled, none\.$/ms, 'columns');
sql('CREATE ROLE stranger; GRANT USAGE ON FOREIGN SERVER fleet TO stranger; GRANT CREATE ON SCHEMA keys TO stranger');
like(sql_error('SET ROLE stranger; IMPORT FOREIGN SCHEMA store FROM SERVER fleet INTO keys'),
	qr/42704: user "stranger" has no credentials/, 'a user without a mapping');

my $told = YottaAnswers->new;
$node->safe_psql('postgres', "CREATE SCHEMA told; CREATE SERVER told FOREIGN DATA WRAPPER yottastore OPTIONS (nodes '"
	  . $told->url . "'); CREATE USER MAPPING FOR CURRENT_USER SERVER told OPTIONS (access_key_id 'a', secret_access_key 'b')");
my $import = 'IMPORT FOREIGN SCHEMA store FROM SERVER told INTO told';
foreach my $list ({}, { TableNames => 'one' }, { TableNames => [ 'one', 2 ] })
{
	$told->says('ListTables', { json => $list });
	like(sql_error($import), qr/22000: the store's reply to ListTables cannot be understood\n.*^DETAIL:.*^HINT:/ms,
		'a list that is none');
}
$told->says('ListTables', { json => { TableNames => [ 'gone', 'coming' ], LastEvaluatedTableName => 'coming' } },
	{ json => { TableNames => [] } });
$told->says('DescribeTable', refusal('ResourceNotFoundException', 'no such table'), {
	json => { Table => { TableStatus => 'CREATING',
			AttributeDefinitions => [ { AttributeName => 'id', AttributeType => 'S' } ],
			KeySchema => [ { AttributeName => 'id', KeyType => 'HASH' } ] } } });
is(sql("$import; SELECT count(*) FROM information_schema.foreign_tables WHERE foreign_table_schema = 'told'"), 0,
	'tables that are gone or not there yet are left out');
is_deeply([ $told->heard('ListTables') ], [ {}, { ExclusiveStartTableName => 'coming' } ], 'the list is asked for by pages');

# ---- ANALYZE ---------------------------------------------------------------------------------

# The planner's number of rows for a query.
sub estimate
{
	my ($query) = @_;
	my ($rows) = sql("EXPLAIN $query") =~ /rows=(\d+)/;
	return $rows;
}

sub reltuples { return sql("SELECT reltuples FROM pg_class WHERE oid = '$_[0]'::regclass"); }

is(reltuples('vehicles'), -1, 'nothing is known before');
is(estimate('SELECT odo FROM vehicles'), 100_000, '... and assumed');
sql('CREATE TABLE driver AS SELECT \'v\' || i AS id FROM generate_series(1, 60) i; ANALYZE driver');
my $join = 'SELECT d.id, v.odo FROM driver d JOIN vehicles v ON v."vehicle id" = d.id';
like(sql("EXPLAIN $join"), qr/Nested Loop.*GetItem/s, 'a join asks for each key of a table thought large');
sql('ANALYZE vehicles');
is(reltuples('vehicles'), 200, 'a small table is counted');
is(estimate('SELECT odo FROM vehicles'), 200, '... which plans go by');
cmp_ok(estimate('SELECT odo FROM vehicles WHERE odo <= 20'), '<', 40, 'a histogram');
cmp_ok(estimate("SELECT odo FROM vehicles WHERE tenth = 'some'"), '<', 40, 'a most common value');
like(sql("EXPLAIN $join"), qr/YottastoreKeys.*GetItem/s, 'the join asks for many keys at once');
unlike(sql("SET yottastore.read_ahead = off; EXPLAIN $join"), qr/GetItem/, '... or reads a small table whole');
is(sql($join =~ s/d\.id, v\.odo/count(*), sum(odo)/r), '60|1830', '... with the same result');
is(sql("SELECT count(*) FROM pg_stats WHERE tablename = 'vehicles' AND null_frac < 1"), 19, 'every column has statistics');

sql('ANALYZE "Empty"');
is(reltuples('"Empty"'), 0, 'an empty table');
# the server itself refuses to vacuum a foreign table, and goes on with the next
my ($status, undef, $warning) = $node->psql('postgres', 'VACUUM (ANALYZE) trips, driver');
like("$status $warning", qr/^0 .*WARNING:  skipping "trips"/s, 'VACUUM ANALYZE passes it by');
sql('ANALYZE trips (d), "Empty"');
is(reltuples('trips'), 1, 'ANALYZE of a column');

# 6,000 items of 3 KB are some 18 pages; a sample of 5 must come near
create_table('big', [ 'device', 'S' ], [ 'at', 'N' ]);
put('big', map { { device => { S => 'd' . $_ % 600 }, at => { N => $_ }, kind => { S => 'k' . $_ % 4 },
		pad => { S => 'x' x 3000 } } } 1 .. 6000);
sql(<<'END');
CREATE FOREIGN TABLE big (device text OPTIONS (key 'partition') NOT NULL, at int OPTIONS (key 'sort') NOT NULL, kind text,
	kind_number int OPTIONS (path 'kind', on_mismatch 'error'), gone int, pad text) SERVER fleet;
ALTER FOREIGN TABLE big DROP COLUMN gone;
END
my $verbose = sql('SET client_min_messages = warning; SET yottastore.analyze_pages = 5; ANALYZE big; SELECT reltuples FROM pg_class'
	  . " WHERE oid = 'big'::regclass");
is($verbose, 6000, "the store's own count");
my ($code, $output, $notices) = $node->psql('postgres', 'SET yottastore.analyze_pages = 5; ANALYZE VERBOSE big');
my ($items, $pages) = $notices =~ /"big": read (\d+) items in (\d+) pages of the store, about 6000 items in all/;
cmp_ok($pages // 0, '==', 5, 'a sample is limited');
cmp_ok($items // 0, '<', 5500, '... and not the whole table');
my $kinds = estimate("SELECT at FROM big WHERE kind = 'k1'");
ok($kinds > 750 && $kinds < 3000, "a quarter of the items: $kinds");
is(sql("SELECT null_frac FROM pg_stats WHERE tablename = 'big' AND attname = 'kind_number'"), 1, 'misfits are NULL to ANALYZE');
($code, $output, $notices) = $node->psql('postgres', 'ANALYZE VERBOSE big');
like($notices, qr/read 6000 items/, 'the default reads all of that');
cmp_ok(sql("SELECT abs(n_distinct) FROM pg_stats WHERE tablename = 'big' AND attname = 'device'"), '>', 0, 'distinct values');
is(sql('SET yottastore.analyze_pages = 1; ANALYZE big; SELECT count(*) > 0 FROM pg_stats WHERE tablename = \'big\''), 't',
	'a single page is a sample too');

# one partition is in one segment, whatever their number
create_table('lump', [ 'device', 'S' ], [ 'at', 'N' ]);
put('lump', map { { device => { S => 'one' }, at => { N => $_ }, pad => { S => 'x' x 3000 } } } 1 .. 1500);
sql('IMPORT FOREIGN SCHEMA store LIMIT TO (lump) FROM SERVER fleet INTO public; SET yottastore.analyze_pages = 2; ANALYZE lump');
is(reltuples('lump'), 1500, 'a single large partition');
is(sql("SELECT n_distinct FROM pg_stats WHERE tablename = 'lump' AND attname = 'device'"), 1, '... is sampled');

# ---- a store that does not tell its size, and one that does not answer ------------------------

$told->says('DescribeTable', { json => { Table => { TableStatus => 'ACTIVE',
			AttributeDefinitions => [ { AttributeName => 'id', AttributeType => 'S' } ],
			KeySchema => [ { AttributeName => 'id', KeyType => 'HASH' } ] } } });
my $last = { LastEvaluatedKey => { id => { S => 'z' } } };
my $page = { Count => 3, Items => [ map { { id => { S => $_ } } } 'a' .. 'c' ] };
$told->says('Scan', { json => { Count => 9, %$last } }, { json => { Count => 9, %$last } }, { json => $page });
sql("CREATE FOREIGN TABLE told.unsized (id text OPTIONS (key 'partition') NOT NULL) SERVER told");
sql('SET yottastore.analyze_pages = 16; ANALYZE told.unsized');
is(reltuples('told.unsized'), 3 * 64, 'the size is extrapolated');
my @scans = $told->heard('Scan');
is_deeply([ map { $_->{TotalSegments} // 1 } @scans ], [ 1, 8, (64) x 17 ], '... from so many segments that one is a page');
my %segments = map { $_->{Segment} => 1 } @scans[ 3 .. 18 ];
is(scalar keys %segments, 16, '... each read once');

foreach my $statement ('ANALYZE vehicles', 'IMPORT FOREIGN SCHEMA store LIMIT TO (trips) FROM SERVER fleet INTO few')
{
	sql("ALTER SERVER fleet OPTIONS (SET nodes '" . $proxy->url . "')");
	$proxy->fail('Scan', 'hang', 100);
	my $started = time;
	like(sql_error("SET statement_timeout = '500ms'; $statement"), qr/57014/, 'it is cancelled');
	cmp_ok(time - $started, '<', 5, '... at once');
}

done_testing();
