# Every type of the store, read and written: the typed form, which says all of an item; builders of
# sets and binary in plain documents; and what plain documents and arrays leave as it was.
use strict;
use warnings;

use JSON::PP;
use PostgreSQL::Test::Utils;
use Test::More;
use YottaItems;
use YottaTest;

my $seed = $ENV{YS_SEED} // time() % 1_000_000;
note("seed $seed");
srand($seed);

my $node = new_node('typed', conf => "timezone = 'UTC'\n");
create_servers($node);

sub sql { return $node->safe_psql('postgres', $_[0]); }

# All that psql says of statements, one of which may fail.
sub sql_says
{
	my ($code, $output, $error) = $node->psql('postgres', "\\set VERBOSITY verbose\n$_[0]");
	return $error;
}

my $store = unique_name('typed');
my ($copy, $copied, $parts) = map { unique_name($_) } qw(typed_copy typed_copied typed_parts);

sub stored
{
	my ($id, $table) = @_;
	return store_api('GetItem', { TableName => $table // $store, Key => { id => { S => $id } }, ConsistentRead => \1 })->{Item};
}
sub put { return store_api('PutItem', { TableName => $store, Item => $_[0] }); }

sub table_of
{
	my ($name, $table) = @_;
	return "SELECT yottastore.create_store_table('fleet', '$table', 'id', stream => false);"
	  . "CREATE FOREIGN TABLE $name (id text OPTIONS (key 'partition') NOT NULL, n numeric, tags text[], numbers numeric[], blobs bytea[],"
	  . " blob bytea, part jsonb, part_typed jsonb OPTIONS (path 'part', encoding 'typed'),"
	  . " item jsonb OPTIONS (document 'true'), typed jsonb OPTIONS (document 'true', encoding 'typed'))"
	  . " SERVER fleet OPTIONS (table '$table');";
}
sql(table_of('t', $store) . table_of('copy', $copy) . table_of('copied', $copied) . table_of('parts', $parts));

sub items_of
{
	my ($table) = @_;
	my (%items, $start);
	do
	{
		my $page = store_api('Scan', { TableName => $table, ConsistentRead => \1, $start ? (ExclusiveStartKey => $start) : () });
		$items{ $_->{id}{S} } = sorted_item($_) foreach @{ $page->{Items} };
		$start = $page->{LastEvaluatedKey};
	} while ($start);
	return \%items;
}

# ---- random items there and back ---------------------------------------------------------------

all_types(1);
my $ITEMS = 80;
foreach my $number (1 .. $ITEMS)
{
	put({ %{ random_map((2, 6, 12)[ rand 3 ]) }, id => { S => "i$number" }, part => random_value() });
}
my $deep = { S => 'bottom' };
$deep = rand() < 0.5 ? { L => [$deep] } : { M => { x => $deep } } foreach 1 .. 31;
put({ id => { S => 'deep' }, part => $deep });

my $items = items_of($store);
my %read = map { my ($id, $typed) = split /\|/, $_, 2; $id => sorted_item(JSON::PP->new->decode($typed)) }
  split /\n/, do { my $text = sql('SELECT id, typed FROM t'); utf8::decode($text); $text };
is_deeply(\%read, $items, "typed documents are the items (seed $seed)");
sql('INSERT INTO copy (id, typed) SELECT id, typed FROM t');
is_deeply(items_of($copy), $items, "written, they are the same items (seed $seed)");
my $file = PostgreSQL::Test::Utils::tempdir() . '/typed.copy';
sql("COPY (SELECT id, typed FROM t) TO '$file'; COPY copied (id, typed) FROM '$file'");
is_deeply(items_of($copied), $items, "... also by COPY (seed $seed)");
sql('INSERT INTO parts (id, part_typed) SELECT id, part_typed FROM t');
is_deeply({ map { $_->{id}{S} => $_->{part} } values %{ items_of($parts) } },
	{ map { $_->{id}{S} => $_->{part} } values %$items }, "so are values of a path (seed $seed)");
sql("UPDATE parts p SET part_typed = '{\"BS\": [\"AA==\"]}'");
sql('UPDATE parts p SET part_typed = t.part_typed FROM t WHERE t.id = p.id');
is_deeply({ map { $_->{id}{S} => $_->{part} } values %{ items_of($parts) } },
	{ map { $_->{id}{S} => $_->{part} } values %$items }, "... also by UPDATE (seed $seed)");

# what is written back unchanged, through whichever column, is not changed
sql(q(UPDATE t SET typed = typed || '{"new": {"NS": ["1", "2.5"]}}' WHERE id LIKE 'i%'));
sql(q(UPDATE copy SET item = item || jsonb_build_object('new', yottastore.number_set('{2.5,1}')) WHERE id LIKE 'i%'));
foreach my $item (values %$items)
{
	$item->{new} = { NS => [ '1', '2.5' ] } if $item->{id}{S} ne 'deep';
}
is_deeply(items_of($store), $items, "an attribute added through the typed column changes no other (seed $seed)");
is_deeply(items_of($copy), $items, "... or through the plain one (seed $seed)");
sql(q(UPDATE copy SET item = jsonb_set(item, '{part}', jsonb_build_object('was', item->'part', 'is', 1))
	WHERE id LIKE 'i%' AND jsonb_typeof(item->'part') = 'object'));
sql(q(UPDATE copy SET item = jsonb_set(item, '{part}', item->'part'->'was') WHERE item->'part' ? 'was'));
my $same = items_of($copy);
delete $_->{part} foreach values %$same, values %$items;
is_deeply($same, $items, "... nor a change beside it (seed $seed)");

# ---- the typed column --------------------------------------------------------------------------

my %all = (
	s => { S => "\x{e9}" }, n => { N => '12345678901234567890123456789012345678' }, b => { B => 'AAEC' }, bool => { BOOL => JSON::PP::false },
	null => { NULL => JSON::PP::true }, m => { M => { l => { L => [] }, m => { M => {} } } }, l => { L => [ { SS => ['a'] }, { S => '' } ] },
	ss => { SS => [ 'a', 'b' ] }, ns => { NS => [ '0.01', '1' ] }, bs => { BS => ['AA=='] });
put({ id => { S => 'all' }, %all });
is(sql("UPDATE t SET typed = jsonb_set(typed, '{n}', '{\"N\": \"1.5\"}') WHERE id = 'all' RETURNING n, item->'n', typed->'ss', tags IS NULL"),
	'1.5|1.5|{"SS": ["a", "b"]}|t', 'UPDATE of a member, RETURNING');
is_deeply(stored('all'), { id => { S => 'all' }, %all, n => { N => '1.5' } }, '... changes that');
is(sql("UPDATE t SET typed = typed - 'n' || '{\"ss\": {\"L\": [{\"S\": \"a\"}, {\"S\": \"b\"}]}}' WHERE id = 'all' AND typed->'bool'->>'BOOL' = 'false' RETURNING 1"),
	1, 'a type is changed, guarded by the document');
delete $all{n};
is_deeply(stored('all'), { id => { S => 'all' }, %all, ss => { L => [ { S => 'a' }, { S => 'b' } ] } }, '... as said');
put({ id => { S => 'null' }, part => { NULL => JSON::PP::true } });
put({ id => { S => 'none' } });
put({ id => { S => 'zero' }, part => { S => "a\0" } });
is(sql("SELECT string_agg(id || (part_typed IS NULL)::text || coalesce(part_typed::text, '') || (part IS NULL)::text, ' ' ORDER BY id) FROM t"
		  . " WHERE id IN ('null', 'none', 'zero')"),
	'nonetruetrue nullfalse{"NULL": true}true zerotruetrue', 'a null of the store is a value, what is absent or no text is none');
is(sql("SELECT string_agg(id, ' ' ORDER BY id) FROM t WHERE part_typed IS NOT NULL AND id !~ '[0-9]'"), 'deep null', 'IS NOT NULL');
is(sql("SELECT string_agg(id, ' ' ORDER BY id) FROM t WHERE part_typed IS NULL AND id !~ '[0-9]'"), 'all none zero', 'IS NULL');
is(sql("SELECT typed IS NULL, item IS NULL FROM t WHERE id = 'zero'"), 't|t', 'U+0000 is what jsonb cannot hold');
like(sql_says(q{UPDATE t SET item = item || '{"n": 1}' WHERE id = 'zero'}),
	qr/23502: cannot set document column "item" to NULL\nDETAIL: .*U\+0000.*\nHINT:  Leave such items out \(WHERE item IS NOT NULL\)/, '... which is told who changes it');
is(sql(q{UPDATE t SET item = item || '{"n": 1}' WHERE id = 'zero' AND item IS NOT NULL; UPDATE t SET n = 1 WHERE id = 'zero' RETURNING n}), '1', '... and how it is done');
is_deeply(stored('zero'), { id => { S => 'zero' }, part => { S => "a\0" }, n => { N => '1' } }, '... and its other attributes stay');
is(sql("UPDATE t SET part_typed = NULL WHERE id = 'null' RETURNING typed"), '{"id": {"S": "null"}}', 'NULL removes');
is(sql("DELETE FROM t WHERE typed->'l'->'L'->0 = '{\"SS\": [\"a\"]}' RETURNING id"), 'all', 'DELETE by a typed condition');

# another writer, between the reading and the writing
sql(<<'END');
CREATE FUNCTION retyped(jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
	UPDATE t SET typed = typed || '{"x": {"S": "new"}}' WHERE id = 'race' AND typed->'x' = '{"N": "1"}';
	RETURN $1;
END $$;
END
put({ id => { S => 'race' }, x => { N => '1' }, y => { SS => ['a'] } });
sql(q(UPDATE t SET typed = retyped(typed || '{"y": {"SS": ["b"]}}') WHERE id = 'race'));
is_deeply(stored('race'), { id => { S => 'race' }, x => { S => 'new' }, y => { SS => ['b'] } }, 'another attribute may change');
put({ id => { S => 'race' }, x => { N => '1' }, y => { SS => ['a'] } });
like(sql_says(q(UPDATE t SET typed = retyped(typed || '{"x": {"N": "2"}}') WHERE id = 'race')), qr/4000[13].*was changed after it was read/,
	'the same one may not');

# ---- both documents ----------------------------------------------------------------------------

sql(q(INSERT INTO t (id, item, typed) VALUES ('both', '{"a": ["x"], "b": 1.0}', '{"a": {"SS": ["x"]}, "b": {"N": "1"}, "id": {"S": "both"}}')));
is_deeply(stored('both'), { id => { S => 'both' }, a => { SS => ['x'] }, b => { N => '1' } }, 'both say the same: the typed one says more');
like(sql_says(q(INSERT INTO t (id, item, typed) VALUES ('other', '{"a": ["x"]}', '{"a": {"SS": ["y"]}}'))),
	qr/22023.*"item" and "typed" are given different items/, 'they disagree');
is(stored('other'), undef, '... nothing is written');
sql(q(UPDATE t SET item = item || '{"c": "AA=="}', typed = typed || '{"c": {"B": "AA=="}}' WHERE id = 'both'));
is_deeply(stored('both')->{c}, { B => 'AA==' }, 'UPDATE of both');
like(sql_says(q(UPDATE t SET item = item || '{"c": "AQ=="}', typed = typed || '{"c": {"B": "AA=="}}' WHERE id = 'both')),
	qr/22023.*given different items/, '... that disagree');
sql(q(UPDATE t SET item = item || '{"a": ["x", "y"]}' WHERE id = 'both'));
is_deeply(sorted(stored('both')->{a}), { SS => [ 'x', 'y' ] }, 'the plain one alone');

# ---- what is no typed JSON ---------------------------------------------------------------------

foreach my $case (
	[ '[]', 'The whole of it is no object of attributes' ],
	[ '{"a": "x"}', 'a is no object with a type' ],
	[ '{"a": {"S": "x", "N": "1"}}', 'a is no object with a type as its one member' ],
	[ '{"a": {"X": "x"}}', 'a has a type other than' ],
	[ '{"a": {"M": {"odd.name": {"L": [{"S": "x"}, {"N": 5}]}}}}', 'a."odd.name"\[1\] has a number that is not written as a string' ],
	[ '{"a": {"N": "five"}}', 'a is no number the store can hold' ],
	[ '{"a": {"N": "' . '1' x 39 . '"}}', 'a is no number the store can hold' ],
	[ '{"a": {"N": "1E126"}}', 'a is no number the store can hold' ],
	[ '{"a": {"NS": ["1", "1.0"]}}', 'a is a set that has an element twice' ],
	[ '{"a": {"SS": []}}', 'a is an empty set' ],
	[ '{"a": {"SS": "x"}}', 'a is a set whose value is no array' ],
	[ '{"a": {"BS": ["AA==", "A"]}}', 'a\[1\] is no base64' ],
	[ '{"a": {"B": "AA=A"}}', 'a is no base64' ],
	[ '{"a": {"BOOL": "true"}}', 'a is neither true nor false' ],
	[ '{"a": {"NULL": false}}', 'a is of type NULL, whose value is true' ],
	[ '{"a": {"L": {}}}', 'a is a list whose value is no array' ],
	[ '{"a": {"M": []}}', 'a is no object of attributes' ],
	[ '{"a": {"S": null}}', 'a has no string for its value' ])
{
	my ($typed, $detail) = @$case;
	like(sql_says("INSERT INTO t (id, typed) VALUES ('bad', '$typed')"), qr/22023: +invalid typed JSON.*DETAIL:.* $detail/s, "refused: $typed");
}
like(sql_says(q(INSERT INTO t (id, part_typed) VALUES ('bad', '"x"'))), qr/22023.*The whole of it is no object with a type/s, 'a value of a path');
like(sql_says(q(UPDATE t SET typed = '{"id": {"S": "other"}}' WHERE id = 'both')), qr/0A000.*key attribute "id"/, 'another key');
like(sql_says(q(INSERT INTO t (id, typed) VALUES ('bad', ('{"a": ' || repeat('{"M": {"a": ', 60) || '{"S": "x"}' || repeat('}}', 60) || '}')::jsonb))),
	qr/54000.*nested too deep/, 'nested too deep');
is(stored('bad'), undef, 'none of them was written');

# ---- builders ----------------------------------------------------------------------------------

sql(<<'END');
INSERT INTO t (id, item, part) VALUES ('built', jsonb_build_object(
	'ss', yottastore.string_set(ARRAY['b', 'a', 'b', '']), 'ns', yottastore.number_set(ARRAY[1, 2.50, 1.0, 0.01, 12345678901234567890123456789012345678]),
	'bs', yottastore.binary_set(ARRAY['\x00ff'::bytea, '']), 'b', yottastore.binary('\x0001'),
	'in', jsonb_build_array(jsonb_build_object('deep', yottastore.string_set('{x}')), yottastore.binary(''))), yottastore.string_set('{p}'));
END
is_deeply(sorted_item(stored('built')), sorted_item({
		id => { S => 'built' }, ss => { SS => [ 'a', 'b', '' ] }, b => { B => 'AAE=' }, bs => { BS => [ 'AP8=', '' ] }, part => { SS => ['p'] },
		ns => { NS => [ '1', '2.5', '0.01', '12345678901234567890123456789012345678' ] },
		in => { L => [ { M => { deep => { SS => ['x'] } } }, { B => '' } ] } }), 'sets and binary in a new document');
is(sql("SELECT item - 'ns' FROM t WHERE id = 'built'"),
	'{"b": "AAE=", "bs": ["", "AP8="], "id": "built", "in": [{"deep": ["x"]}, ""], "ss": ["", "a", "b"], "part": ["p"]}', '... are read plain');
is(sql("UPDATE t SET item = item || jsonb_build_object('b', yottastore.string_set('{s}'), 'new', yottastore.binary('x'))"
		  . " WHERE id = 'built' RETURNING item->'b', item->'new', typed->'b', typed->'new'"), '["s"]|"eA=="|{"SS": ["s"]}|{"B": "eA=="}',
	'... in a document that is there');
sql(q(UPDATE t SET part = yottastore.number_set('{1}') WHERE id = 'built'));
is_deeply(stored('built')->{part}, { NS => ['1'] }, '... and at a path, without reading');
sql(q(UPDATE t SET item = jsonb_set(item, '{part}', yottastore.string_set('{1}')) WHERE id = 'built'));
is_deeply(stored('built')->{part}, { SS => ['1'] }, 'the builder decides, not what was there');
sql(q(UPDATE t SET item = jsonb_set(item, '{ss}', '["", "a", "b"]'), part = '["2", "2"]' WHERE id = 'built'));
is_deeply(sorted(stored('built')->{part}), { SS => ['2'] }, '... which does where none says');
like(sql_says("SELECT yottastore.string_set('{}')"), qr/22023.*a set cannot be empty/, 'an empty set');
like(sql_says("SELECT yottastore.string_set('{a,NULL}')"), qr/22004.*cannot contain null.*Element 2/s, 'NULL in a set');
like(sql_says("SELECT yottastore.string_set('{{a},{b}}')"), qr/22023.*2 dimensions/, 'an array of arrays');
like(sql_says("SELECT yottastore.number_set(ARRAY[1e38 + 0.1])"), qr/22003.*38 significant digits/s, 'too many digits');
like(sql_says("SELECT yottastore.number_set('{NaN}')"), qr/22003/, 'NaN');
is(sql("SELECT yottastore.string_set(NULL) IS NULL, yottastore.binary(NULL) IS NULL"), 't|t', 'of NULL they are NULL');
is(sql("SELECT string_agg(DISTINCT provolatile::text || proparallel::text || proisstrict::text, ' ') FROM pg_proc WHERE pronamespace = 'yottastore'::regnamespace"
		  . " AND proname IN ('string_set', 'number_set', 'binary_set', 'binary')"), 'istrue', 'immutable, parallel safe, strict');

# names of that beginning in documents of others
my %named = ('$yottastore:SS' => { L => [ { S => 'x' } ] });
put({ id => { S => 'named' }, a => { M => { %named, b => { N => '1' } } }, c => { M => {%named} }, d => { M => { '$yottastore:$yottastore:' => { SS => ['x'] } } },
		'$yottastore:B' => { S => 'AA==' } });
my $named = stored('named');
is(sql("SELECT item FROM t WHERE id = 'named'"), '{"a": {"b": 1, "$yottastore:$yottastore:SS": ["x"]}, '
	  . '"c": {"$yottastore:$yottastore:SS": ["x"]}, "d": {"$yottastore:$yottastore:$yottastore:": ["x"]}, "id": "named", "$yottastore:$yottastore:B": "AA=="}',
	'names that are reserved are shown with one beginning more');
is(sql("SELECT typed->'c' FROM t WHERE id = 'named'"), '{"M": {"$yottastore:SS": {"L": [{"S": "x"}]}}}', '... but not in typed documents');
sql(q(INSERT INTO copy (id, item) SELECT id, item FROM t WHERE id = 'named'));
is_deeply({ %{ stored('named', $copy) }, d => $named->{d} }, $named, '... and written as they were');
sql(q(UPDATE t SET item = jsonb_set(item, '{d,more}', '1') WHERE id = 'named'));
$named->{d}{M}{more} = { N => '1' };
is_deeply(stored('named'), $named, '... also beside a change');
foreach my $bad ('{"$yottastore:SS": ["a"], "b": 1}', '{"$yottastore:XX": 1}', '{"$yottastore:": 1}', '{"$yottastore:M": {}}')
{
	like(sql_says("INSERT INTO t (id, part) VALUES ('bad', '$bad')"), qr/22023.*is reserved in plain documents/, "refused: $bad");
}
foreach my $bad ('"a"', '[]', '["a", 1]', '["a", "a"]', 'null')
{
	like(sql_says(qq(INSERT INTO t (id, part) VALUES ('bad', '{"\$yottastore:SS": $bad}'))), qr/22023.*is not what that name stands for/, "refused: a set of $bad");
}
like(sql_says(q(INSERT INTO t (id, part) VALUES ('bad', '{"$yottastore:B": "?"}'))), qr/22023.*is not what that name stands for/, 'refused: binary that is none');

# ---- plain documents and arrays leave types as they were ----------------------------------------

my %odd = (
	tags => { SS => [ 'a', 'b' ] }, numbers => { NS => [ '1', '1.0000000000000000000000000000000000001' ] }, blobs => { BS => [ 'AA==', 'AQ==' ] },
	blob => { B => 'AAE=' }, part => { L => [ { SS => ['x'] }, { B => 'AA==' }, { L => [ { S => 'x' } ] }, { M => { s => { NS => ['1'] } } } ] });

# What an UPDATE of the odd item leaves of an attribute.
sub after
{
	my ($set, $attribute) = @_;
	put({ id => { S => 'odd' }, %odd });
	sql("UPDATE t SET $set WHERE id = 'odd'");
	my $item = stored('odd');
	foreach my $name (keys %odd)
	{
		is_deeply(sorted($item->{$name}), sorted($odd{$name}), "$set leaves $name alone") if $name ne $attribute;
	}
	return exists $item->{$attribute} ? sorted($item->{$attribute}) : undef;
}
sub document { my ($name, $json) = @_; return "item = jsonb_set(item, '{$name}', '$json')"; }

foreach my $case (
	[ document('tags', '["a", "b", "c"]'), 'tags', { SS => [qw(a b c)] }, 'a set gains an element' ],
	[ document('tags', '["b"]'), 'tags', { SS => ['b'] }, '... loses one' ],
	[ document('tags', '["b", "a", "b"]'), 'tags', { SS => [qw(a b)] }, '... has each once' ],
	[ document('tags', '[]'), 'tags', { L => [] }, '... and empty is a list' ],
	[ document('tags', '["a", 1]'), 'tags', { L => [ { S => 'a' }, { N => '1' } ] }, '... so is one with another type' ],
	[ document('tags', '"a"'), 'tags', { S => 'a' }, 'what is no list is none' ],
	[ document('numbers', '[3, 1, 1.0, 12345678901234567890123456789012345678]'), 'numbers',
		{ NS => [ '1', '12345678901234567890123456789012345678', '3' ] }, 'numbers are exact' ],
	[ document('blobs', '["AA==", "Ag=="]'), 'blobs', { BS => [ 'AA==', 'Ag==' ] }, 'a set of binaries' ],
	[ document('blobs', '["AA==", "?"]'), 'blobs', { L => [ { S => 'AA==' }, { S => '?' } ] }, '... with what is no base64' ],
	[ document('blob', '"AP8="'), 'blob', { B => 'AP8=' }, 'binary is binary' ],
	[ document('blob', '"AP8"'), 'blob', { S => 'AP8' }, '... if it is base64' ],
	[ "item = item #- '{part,0}'", 'part', { L => [ @{ $odd{part}{L} }[ 1 .. 3 ] ] }, 'elements of a list are known where they go' ],
	[ "item = jsonb_insert(item, '{part,0}', '[\"x\"]')", 'part', { L => [ { SS => ['x'] }, { L => [ { S => 'x' } ] }, { B => 'AA==' }, { L => [ { S => 'x' } ] }, $odd{part}{L}[3] ] },
		'... as far as they differ' ],
	[ "item = jsonb_set(item, '{part,0}', '[\"y\"]')", 'part', { L => [ { SS => ['y'] }, @{ $odd{part}{L} }[ 1 .. 3 ] ] }, '... and one that changed by its place' ],
	[ "part = '[[\"x\"], \"AA==\"]'", 'part', { L => [ { SS => ['x'] }, { B => 'AA==' } ] }, 'a path, without reading' ],
	[ "part = part - 0", 'part', { L => [ @{ $odd{part}{L} }[ 1 .. 3 ] ] }, '... and after reading' ],
	[ "part = '[[\"x\"]]', n = 1", 'part', { L => [ { SS => ['x'] } ] }, '... beside a number' ],
	[ "tags = '{z,a,a}'", 'tags', { SS => [qw(a z)] }, 'an array is a set' ],
	[ "tags = tags || '{z}'", 'tags', { SS => [qw(a b z)] }, '... that gains' ],
	[ "tags = '{a,NULL}'", 'tags', { L => [ { S => 'a' }, { NULL => JSON::PP::true } ] }, '... but not with NULL' ],
	[ "tags = '{}'", 'tags', { L => [] }, '... or nothing' ],
	[ "numbers = '{1.50,3,1.5}'", 'numbers', { NS => [ '1.5', '3' ] }, 'of numbers' ],
	[ "blobs = ARRAY['\\x05'::bytea]", 'blobs', { BS => ['BQ=='] }, 'of binaries' ],
	[ "blob = '\\x00'", 'blob', { B => 'AA==' }, 'bytea is binary' ],
	[ "tags = NULL", 'tags', undef, 'NULL removes' ])
{
	my ($set, $attribute, $expected, $name) = @$case;
	is_deeply(after($set, $attribute), $expected, "$name: $set");
}
put({ id => { S => 'list' }, tags => { L => [ { S => 'a' } ] }, blob => { S => 'AAE=' } });
sql(q(UPDATE t SET tags = '{b}', part = '"AA=="' WHERE id = 'list'));
sql(q(UPDATE t SET item = item || '{"blob": "AAI="}' WHERE id = 'list'));
is_deeply(stored('list'), { id => { S => 'list' }, tags => { L => [ { S => 'b' } ] }, blob => { S => 'AAI=' }, part => { S => 'AA==' } }, 'a list is no set, text no binary');
is(sql("SELECT tags, blobs, numbers FROM t WHERE id = 'odd'"), '|{"\\\\x00","\\\\x01"}|{1,1.0000000000000000000000000000000000001}', 'sets are read as arrays');

done_testing();
