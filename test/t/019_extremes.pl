# Items at the store's limits are read, written, changed and filtered; what is over them is refused
# with the limit named.
use strict;
use warnings;

use JSON::PP;
use PostgreSQL::Test::Utils;
use Test::More;
use YottaTest;

my $node = new_node('extremes', conf => "timezone = 'UTC'\n");
create_servers($node);

sub sql { return $node->safe_psql('postgres', $_[0]); }

# All that psql says of a statement that may fail.
sub sql_says
{
	my ($code, $output, $error) = $node->psql('postgres', "\\set VERBOSITY verbose\n$_[0]");
	return $error;
}

my ($store, $keys, $binary_keys) = map { unique_name($_) } qw(extremes extreme_keys extreme_bytes);
sub stored
{
	return store_api('GetItem', { TableName => $store, Key => { id => { S => $_[0] } }, ConsistentRead => \1 })->{Item};
}
sub put { return store_api('PutItem', { TableName => $store, Item => $_[0] }); }

sql(<<"END");
SELECT yottastore.create_store_table('fleet', '$store', 'id', stream => false),
	yottastore.create_store_table('fleet', '$keys', 'p', 's', stream => false),
	yottastore.create_store_table('fleet', '$binary_keys', 'p bytea', 's bytea', stream => false);
CREATE FOREIGN TABLE t (id text OPTIONS (key 'partition') NOT NULL, pad text, n numeric, a1999 int, raw bytea,
	bottom text OPTIONS (path '@{[ join '.', ('m') x 31 ]}'), bottom_n int OPTIONS (path '@{[ 'l' . '[0]' x 30 ]}'),
	empty text, list jsonb, map jsonb, typed_list jsonb OPTIONS (path 'list', encoding 'typed'),
	item jsonb OPTIONS (document 'true'), typed jsonb OPTIONS (document 'true', encoding 'typed')) SERVER fleet OPTIONS (table '$store');
CREATE FOREIGN TABLE k (p text OPTIONS (key 'partition') NOT NULL, s text OPTIONS (key 'sort') COLLATE "C" NOT NULL, n int) SERVER fleet OPTIONS (table '$keys');
CREATE FOREIGN TABLE b (p bytea OPTIONS (key 'partition') NOT NULL, s bytea OPTIONS (key 'sort') NOT NULL, n int) SERVER fleet OPTIONS (table '$binary_keys');
END

# ---- size --------------------------------------------------------------------------------------

# an item of 400 KB: names, the key, and the rest
my $LIMIT = 400 * 1024;
my $room = $LIMIT - length('idbig') - length('pad') - length('n') - 2;
sql("INSERT INTO t (id, pad, n) VALUES ('big', repeat('x', $room), 1)");
is(sql("SELECT length(pad), length(item->>'pad'), length(typed->'pad'->>'S'), n FROM t WHERE id = 'big'"), "$room|$room|$room|1", 'an item of 400 KB');
is(sql("SELECT id FROM t WHERE n = 1 AND pad > 'xx' COLLATE \"C\" AND pad = repeat('x', $room)"), 'big', '... is found by its content');
is(sql("UPDATE t SET pad = repeat('y', $room) WHERE id = 'big' RETURNING left(pad, 1), length(pad)"), "y|$room", '... changed without being read');
is(sql("UPDATE t SET pad = replace(pad, 'y', 'z') WHERE id = 'big' RETURNING left(pad, 1), length(item->>'pad')"), "z|$room", '... from what was read');
is(sql("UPDATE t SET item = jsonb_set(item, '{n}', '2') WHERE id = 'big' RETURNING n"), 2, '... through its document');
is(sql("UPDATE t SET typed = jsonb_set(typed, '{pad}', jsonb_build_object('S', repeat('w', $room))) WHERE id = 'big' RETURNING left(pad, 1)"), 'w',
	'... and its typed one');
foreach my $statement (
	"INSERT INTO t (id, pad) VALUES ('over', repeat('x', 500000))",
	"UPDATE t SET empty = repeat('x', 200) WHERE id = 'big'",
	"UPDATE t SET item = item || '{\"more\": \"@{[ 'x' x 200 ]}\"}' WHERE id = 'big'",
	"COPY t (id, pad) FROM PROGRAM 'printf over,; yes x | head -n 500000 | tr -d \"\\\\n\"' (FORMAT csv)")
{
	like(sql_says($statement), qr/54000: item is larger than the store allows/, 'over 400 KB: ' . substr($statement, 0, 60));
}
is(stored('over'), undef, '... nothing is written');
is(sql("INSERT INTO t (id, pad) SELECT 'big' || i, repeat('x', $LIMIT - 20) FROM generate_series(1, 12) i; SELECT count(*), sum(length(pad)) FROM t WHERE id LIKE 'big%'"),
	'13|' . ($room + 12 * ($LIMIT - 20)), 'pages of two items');
is(sql("SELECT count(*), sum(length(pad)) FROM t WHERE id = ANY (ARRAY(SELECT 'big' || i FROM generate_series(1, 12) i))"), '12|' . 12 * ($LIMIT - 20),
	'... and a batch of them');
sql("DELETE FROM t WHERE id LIKE 'big%'");

# ---- attributes --------------------------------------------------------------------------------

my $many = "(SELECT jsonb_object_agg('a' || i, i) FROM generate_series(1, 2000) i)";
sql("INSERT INTO t (id, item) SELECT 'many', $many");
is(scalar keys %{ stored('many') }, 2001, '2,000 attributes');
is(sql("SELECT a1999, (SELECT sum(value::int) FROM jsonb_each_text(item - 'id')), (SELECT count(*) FROM jsonb_object_keys(typed)) FROM t WHERE id = 'many'"),
	'1999|2001000|2001', '... are read');
is(sql("UPDATE t SET item = jsonb_set(item, '{a7}', '0'), a1999 = -1 WHERE id = 'many' RETURNING item->'a7', a1999, item->'a8'"), '0|-1|8', '... one changed');
is(sql("SELECT id FROM t WHERE a1999 = -1"), 'many', '... and found by');
is(sql("UPDATE t SET item = (SELECT jsonb_object_agg(key, value::int + 1) FROM jsonb_each_text(item - 'id')) WHERE id = 'many' RETURNING item->'a1', item->'a2000'"),
	'2|2001', '... all of them changed at once');
is(sql("INSERT INTO t (id, typed) SELECT 'typed', typed - 'id' FROM t WHERE id = 'many'; SELECT a.item - 'id' = b.item - 'id' FROM t a, t b WHERE a.id = 'many' AND b.id = 'typed'"),
	't', '... and copied');

# ---- depth -------------------------------------------------------------------------------------

# the item itself is no level of the store's: the innermost value is in 31 maps, or lists
my ($map, $list) = ({ S => 'bottom' }, { N => '5' });
$map = { M => { m => $map } } foreach 1 .. 30;
$list = { L => [$list] } foreach 1 .. 30;
put({ id => { S => 'deep' }, m => $map, l => $list });
is(sql("SELECT bottom, bottom_n, item #>> array_fill('m'::text, ARRAY[31]), item #>> ('{l}' || array_fill('0'::text, ARRAY[30])) FROM t WHERE id = 'deep'"), 'bottom|5|bottom|5',
	'values 31 levels deep');
is(sql("SELECT id FROM t WHERE bottom = 'bottom' AND bottom_n < 6"), 'deep', '... are found by');
like(sql("EXPLAIN SELECT id FROM t WHERE bottom = 'bottom' AND bottom_n < 6"), qr/Store Filter: .*bottom.*bottom_n|Store Filter: .*bottom_n.*bottom/, '... in the store');
is(sql("UPDATE t SET bottom = 'new', bottom_n = 6 WHERE id = 'deep' RETURNING bottom, bottom_n"), 'new|6', '... changed by path');
is(sql("UPDATE t SET item = jsonb_set(item, array_fill('m'::text, ARRAY[31]), '\"doc\"') WHERE id = 'deep' RETURNING bottom"), 'doc', '... by document');
sql("INSERT INTO t (id, typed) SELECT 'deeper', typed - 'id' FROM t WHERE id = 'deep'; INSERT INTO t (id, bottom, bottom_n) VALUES ('made', 'doc', 6)");
is_deeply({ %{ stored($_) }, id => 0 }, { %{ stored('deep') }, id => 0 }, "... written: $_") foreach qw(deeper made);
my $over = '"x"';
$over = "{\"m\": $over}" foreach 1 .. 34;
like(sql_says("INSERT INTO t (id, item) VALUES ('over', '$over')"), qr/54000: item is nested deeper than the store allows/, 'deeper than the store takes');
like(sql_says("INSERT INTO t (id, item) VALUES ('over', '" . '{"m": ' x 50 . '1' . '}' x 50 . "')"), qr/54000: .*nested too deep/, '... or we');

# ---- numbers -----------------------------------------------------------------------------------

my $digits = '9.9999999999999999999999999999999999999';
foreach my $number ("${digits}E+125", "-${digits}E+125", '1E-130', '-1E-130', '12345678901234567890123456789012345678', '1.2345678901234567890123456789012345678', '0')
{
	sql("DELETE FROM t WHERE id LIKE 'number%'; INSERT INTO t (id, n) VALUES ('number', $number), ('number beside', 7);"
		  . "INSERT INTO t (id, item) VALUES ('number plain', '{\"n\": $number}');"
		  . "INSERT INTO t (id, typed) VALUES ('number typed', '{\"n\": {\"N\": \"$number\"}}')");
	is(sql("SELECT string_agg(id, ',' ORDER BY id) FROM t WHERE n = $number"), 'number,number plain,number typed', "$number is written and found");
	is(sql("SELECT bool_and(n = $number AND (item->>'n')::numeric = n AND (typed->'n'->>'N')::numeric = n) FROM t WHERE id LIKE 'number%' AND n <> 7"), 't', '... and read exactly');
	is(sql("UPDATE t SET n = -n WHERE id = 'number' AND n = $number RETURNING n = -($number)"), 't', '... and negated');
}
foreach my $number ('1E126', '-1E126', '1E-131', '1' x 39, '0.1' . '0' x 37 . '1')
{
	like(sql_says("INSERT INTO t (id, n) VALUES ('over', $number)"), qr/22003: .*the store cannot hold the number/, "over: $number");
	like(sql_says("INSERT INTO t (id, item) VALUES ('over', '{\"n\": $number}')"), qr/22003: .*the store cannot hold the number/, '... in a document');
	is(sql("SELECT count(*) FROM t WHERE n = $number"), 0, '... and not found');
}

# ---- keys --------------------------------------------------------------------------------------

my ($p, $s) = ("\x{e9}" x 1024, "\x{e9}" x 512);
utf8::encode($_) foreach $p, $s;
sql("INSERT INTO k VALUES ('$p', '$s', 1), ('$p', 'a', 2)");
is(sql("SELECT n FROM k WHERE p = '$p' AND s = '$s'"), 1, 'keys of 2,048 and 1,024 bytes');
is(sql("SELECT n FROM k WHERE p = '$p' AND s >= '$s'"), 1, '... in a range');
is(sql("SELECT count(*) FROM k WHERE p IN ('$p', '${p}x') AND s IN ('$s', '${s}x', 'a')"), 2, '... beside ones no item can have');
is(sql("UPDATE k SET n = 3 WHERE p = '$p' AND s = '$s' RETURNING n"), 3, '... updated');
is(sql("SELECT count(*) FROM k WHERE p = '${p}x' AND s = 'a'"), 0, 'a longer one is nowhere');
like(sql_says("INSERT INTO k VALUES ('${p}x', 'a')"), qr/22000: .*"p" cannot be a key.*2048 bytes/s, '... and refused');
like(sql_says("INSERT INTO k VALUES ('a', '${s}x')"), qr/22000: .*"s" cannot be a key.*1024 bytes/s, '... as a sort key too');
sql(q(INSERT INTO b SELECT decode(repeat('00', 2048), 'hex'), decode(repeat('00', 1023) || to_hex(i), 'hex'), i FROM generate_series(128, 255, 16) i; INSERT INTO b VALUES ('\x00', '\x00', 1)));
my $bytes = q(p = decode(repeat('00', 2048), 'hex'));
is(sql("SELECT count(*) FROM b WHERE $bytes"), 8, 'binary keys of zeros');
is(sql("SELECT string_agg(n::text, ',' ORDER BY n) FROM b WHERE $bytes AND s > decode(repeat('00', 1023) || 'a0', 'hex')"), '176,192,208,224,240', '... in a range, unsigned');
is(sql("SELECT string_agg(n::text, ',' ORDER BY n) FROM b WHERE $bytes AND s BETWEEN decode(repeat('00', 1023) || '80', 'hex') AND decode(repeat('00', 1023) || '90', 'hex')"), '128,144', '... BETWEEN');
is(sql("DELETE FROM b WHERE $bytes AND s = decode(repeat('00', 1023) || 'f0', 'hex') RETURNING n"), 240, '... and one by its key');
like(sql("EXPLAIN SELECT n FROM b WHERE $bytes AND s > '\\x01'"), qr/Store Operation: Query/, '... asked for by key');

# ---- nothing -----------------------------------------------------------------------------------

sql(q(INSERT INTO t (id, empty, raw, list, map) VALUES ('empty', '', '', '[]', '{}')));
is_deeply(stored('empty'), { id => { S => 'empty' }, empty => { S => '' }, raw => { B => '' }, list => { L => [] }, map => { M => {} } }, 'empty values are written');
is(sql(q(SELECT empty = '', raw, list, map, item, typed_list FROM t WHERE id = 'empty')),
	't|\x|[]|{}|{"id": "empty", "map": {}, "raw": "", "list": [], "empty": ""}|{"L": []}', '... and read');
is(sql(q(SELECT id FROM t WHERE empty = '' AND raw = '' AND starts_with(empty, ''))), 'empty', '... and found by');
is(sql(q(UPDATE t SET item = item || '{"list": [{}, [], ""]}' WHERE id = 'empty' RETURNING typed->'list')), '{"L": [{"M": {}}, {"L": []}, {"S": ""}]}', '... and inside others');
is(sql(q(UPDATE t SET item = '{}' WHERE id = 'empty' RETURNING item)), '{"id": "empty"}', 'an item of its key');
like(sql_says(q(INSERT INTO t (id, item) VALUES ('over', '{"": 1}'))), qr/HV000: .*ValidationException: /s, 'no name');

is(sql("SELECT count(*) FROM t WHERE id = 'over'"), 0, 'nothing that was refused is there');

done_testing();
