# Writing a real store: new items, updates that keep what they don't change, races, what a failed
# transaction says, triggers.
use strict;
use warnings;

use PostgreSQL::Test::Utils;
use Test::More;
use YottaTest;

my $node = new_node('write', conf => "timezone = 'UTC'\nmax_prepared_transactions = 2\n");
create_servers($node);
my $store = unique_name('vehicles');

sub sql { return $node->safe_psql('postgres', $_[0]); }

# All that psql says of statements, one of which may fail.
sub sql_says
{
	my ($code, $output, $error) = $node->psql('postgres', "\\set VERBOSITY verbose\n$_[0]");
	return $error;
}

# An item as the store has it, NULL when there is none; and behind the extension's back:
sub stored { return store_api('GetItem', { TableName => $store, Key => { id => { S => $_[0] } }, ConsistentRead => \1 })->{Item}; }
sub put { return store_api('PutItem', { TableName => $store, Item => $_[0] }); }

sql(<<"END");
SELECT yottastore.create_store_table('fleet', '$store', 'id', stream => false);
CREATE FOREIGN TABLE v (
	id text OPTIONS (key 'partition') NOT NULL,
	model text OPTIONS (path 'spec.model'), doors int OPTIONS (path 'spec.doors'),
	odo numeric, tags text[], raw bytea, seen timestamptz, first_service text OPTIONS (path 'service[0]'),
	item jsonb OPTIONS (document 'true')
) SERVER fleet OPTIONS (table '$store');
END

# ---- INSERT ----------------------------------------------------------------------------------

is( sql(q{INSERT INTO v VALUES ('a', 'Panda', 5, 12.50, '{x,y}', '\x00ff', '2024-03-12 10:00+02', 'oil',
		'{"id": "not this", "odo": 1, "spec": {"model": "no", "colour": "red"}, "more": [1, {"b": null}]}')
		RETURNING id, model, doors, odo, tags, raw, seen, first_service}),
	'a|Panda|5|12.5|{x,y}|\x00ff|2024-03-12 08:00:00+00|oil', 'INSERT returns what was written');
is_deeply(
	stored('a'),
	{
		id => { S => 'a' },
		odo => { N => '12.5' },
		spec => { M => { model => { S => 'Panda' }, colour => { S => 'red' }, doors => { N => '5' } } },
		more => { L => [ { N => '1' }, { M => { b => { NULL => JSON::PP::true } } } ] },
		tags => { L => [ { S => 'x' }, { S => 'y' } ] },
		raw => { B => 'AP8=' },
		seen => { S => '2024-03-12T08:00:00+00:00' },
		service => { L => [ { S => 'oil' } ] },
	},
	'the document first, over it the columns, over them the key');

my $says = sql_says("INSERT INTO v (id, odo) VALUES ('a', 1)");
like($says, qr/23505.*duplicate key in store table "$store"/, 'a duplicate');
like($says, qr/DETAIL:.*"a"/, '... names the key');
is(stored('a')->{odo}{N}, '12.5', '... and changes nothing');
like(sql_says('INSERT INTO v (odo) VALUES (1)'), qr/23502.*key column "id"/, 'no key');
like(sql_says("INSERT INTO v (id) VALUES ('')"), qr/22000.*cannot be a key/, 'an empty key');
like(sql_says("INSERT INTO v (id, item) VALUES ('x', '[]')"), qr/22023.*not an object/, 'a document that is none');
like(sql_says("INSERT INTO v (id, odo) VALUES ('x', 1e38 + 0.1)"), qr/22003.*38 significant digits/s, 'too many digits');
like(sql_says("INSERT INTO v (id, odo) VALUES ('x', 'NaN')"), qr/22003/, 'NaN');
like(sql_says("INSERT INTO v (id, odo) VALUES ('x', $_)"), qr/22003/, "the number $_") foreach qw(1e126 -1e126 1e-131);
like(sql_says("INSERT INTO v (id, seen) VALUES ('x', 'infinity')"), qr/22008/, 'an infinite time');
like( sql_says(q(INSERT INTO v (id, item) VALUES ('x', (repeat('{"a":', 60) || 1 || repeat('}', 60))::jsonb))),
	qr/54000.*nested too deep/, 'a document nested too deep');
is(stored('x'), undef, 'none of them was written');
is(sql("INSERT INTO v (id, odo) VALUES ('a', 1), ('b', 2) ON CONFLICT DO NOTHING RETURNING id"), 'b',
	'ON CONFLICT DO NOTHING');
is(sql("WITH i AS (INSERT INTO v (id) VALUES ('c') RETURNING id) SELECT * FROM i"), 'c', 'in a CTE');

is(sql("INSERT INTO v (id, odo) SELECT 'n' || i, i FROM generate_series(1, 1000) i;"
		  . "SELECT count(*), sum(odo) FROM v WHERE id LIKE 'n%'"), '1000|500500', 'many at once');
is( sql("COPY v (id, odo) FROM PROGRAM 'for i in \$(seq 500); do echo m\$i,\$i; done' (FORMAT csv);"
		  . "SELECT count(*), sum(odo) FROM v WHERE id LIKE 'm%'"),
	'500|125250', 'COPY');
$says = sql_says("COPY v (id, odo) FROM PROGRAM 'for i in 1 2 a 3; do echo \$i,7; done' (FORMAT csv)");
like($says, qr/23505/, 'a duplicate at the end of COPY');
like($says, qr/WARNING:.*3 items written to the store stay written/, '... and what stays');
is(sql("SELECT count(*) FROM v WHERE odo = 7 AND id IN ('1', '2', '3')"), 3, '... does stay');

my $keys = unique_name('keys');
sql(<<"END");
SELECT yottastore.create_store_table('fleet', '$keys', 'b bytea', 'n numeric', stream => false);
CREATE FOREIGN TABLE k (b bytea OPTIONS (key 'partition') NOT NULL, n numeric OPTIONS (key 'sort') NOT NULL, t text)
	SERVER fleet OPTIONS (table '$keys');
INSERT INTO k VALUES ('\\x00', 1.50, 'one'), ('\\x00', -2e10, 'two'), ('\\xff00', 1e-20, 'three');
END
is(sql("SELECT t FROM k WHERE b = '\\x00' AND n = 1.5"), 'one', 'binary and numeric keys');
is(sql("SELECT t, n FROM k WHERE b = '\\x00' AND n < 0"), 'two|-20000000000', '... in a range');
is(sql("SELECT t FROM k WHERE b = '\\x00' AND n IN (1.5, 1e126, -1e-131)"), 'one', '... beside ones no item can have');
is(sql("SELECT t FROM k WHERE b = '\\x00' AND n > 0 AND n < 1e126"), 'one', '... in a range that ends beyond');
is(sql("UPDATE k SET t = 'new' WHERE b = '\\xff00' AND n = 0.00000000000000000001 RETURNING t, n"),
	'new|0.00000000000000000001', '... updated');
like(sql_says("INSERT INTO k VALUES ('\\x00', 1.500, 'again')"), qr/23505/, '1.500 is 1.5');

# ---- statements that read the table they write -----------------------------------------------

my $chain = unique_name('chain');
sql(<<"END");
SELECT yottastore.create_store_table('fleet', '$chain', 'id', stream => false);
CREATE FOREIGN TABLE c (id text OPTIONS (key 'partition') NOT NULL, n int, next text, pad text)
	SERVER fleet OPTIONS (table '$chain');
INSERT INTO c SELECT 'k' || i, i, 'k' || i + 1, repeat('x', 3000) FROM generate_series(1, 600) i;
CREATE TABLE c_copy AS SELECT * FROM c;
END

# The same statement on a local copy, with the same result in the table.
sub same_write
{
	my ($statement) = @_;
	(my $local = $statement) =~ s/\bc\b(?!\.)/c_copy/g;
	sql($statement);
	sql($local);
	my ($there, $here) = map { "SELECT id, n, next FROM $_" } qw(c c_copy);
	is(sql("SELECT count(*) FROM (($there EXCEPT ALL $here) UNION ALL ($here EXCEPT ALL $there)) x"), 0, $statement);
	return;
}
same_write("INSERT INTO c (id, n, next, pad) SELECT id || '+', n, next, pad FROM c");
same_write("INSERT INTO c (id, n) SELECT id || '-', n FROM c WHERE n < 20"
	  . " UNION ALL SELECT id || '*', n FROM c WHERE n < 20");
same_write('UPDATE c a SET n = (SELECT b.n FROM c b WHERE b.id = a.next)');
same_write('UPDATE c a SET n = b.n FROM c b WHERE b.id = a.next');
same_write('DELETE FROM c a USING c b WHERE b.id = a.next AND b.n % 3 = 0');
same_write("WITH moved AS (SELECT * FROM c WHERE n < 50) INSERT INTO c (id, n) SELECT id || '!', n FROM moved");
unlike(sql("EXPLAIN UPDATE c SET n = n + 1"), qr/Sort/, 'only what reads it twice waits for the last row');
unlike(sql("EXPLAIN INSERT INTO c SELECT * FROM c_copy"), qr/Sort/, '... or reads it at all');

# ---- UPDATE ----------------------------------------------------------------------------------

is(sql("UPDATE v SET odo = 20, model = 'Uno' WHERE id = 'a' RETURNING odo, model, doors"), '20|Uno|5', 'by key');
is(sql("UPDATE v SET odo = 1 WHERE id = 'none' RETURNING id"), '', 'of no item');
is(stored('none'), undef, '... makes none');
is( join(' ', sort split /\n/, sql("UPDATE v SET odo = odo + 1, doors = doors - 1 WHERE id IN ('a', 'b') RETURNING id, odo, doors")),
	'a|21|4 b|3|', 'from what was read');
is(sql("UPDATE v SET model = 'deep', first_service = 'first' WHERE id = 'c' RETURNING item"),
	'{"id": "c", "spec": {"model": "deep"}, "service": ["first"]}', 'missing parents are made');
is(sql("UPDATE v SET model = NULL, odo = NULL WHERE id = 'c' RETURNING item"),
	'{"id": "c", "spec": {}, "service": ["first"]}', 'NULL removes');
is(sql("UPDATE v SET doors = NULL WHERE id = 'b' RETURNING item"), '{"id": "b", "odo": 3}',
	'NULL makes no parents');
like(sql_says("UPDATE v SET item = NULL WHERE id = 'a'"), qr/23502/, 'a document cannot be NULL');
like(sql_says(q(UPDATE v SET item = '{"id": "other"}' WHERE id = 'a')), qr/0A000.*key attribute "id"/, 'nor get another key');
put({ id => { S => 'flat' }, spec => { S => 'text' } });
like(sql_says("UPDATE v SET model = 'x' WHERE id = 'flat'"), qr/HV004.*"model" cannot be set/, 'a parent that is no map');

# what plain JSON cannot say keeps its type
my %odd = (
	set => { SS => [ 'a', 'b' ] },
	numbers => { NS => [ '1', '2' ] },
	bytes => { B => 'AAE=' },
	nested => { M => { set => { BS => [ 'AA==', 'AQ==' ] }, n => { N => '1' }, bytes => { B => 'AAE=' } } },
	exact => { N => '1.0000000000000000000000000000000000001' },
);
put({ id => { S => 'odd' }, %odd });
sql(q(UPDATE v SET item = item || '{"service": ["new"]}' WHERE id = 'odd'));
is_deeply(stored('odd'), { id => { S => 'odd' }, %odd, service => { L => [ { S => 'new' } ] } },
	'attributes that do not change keep their types');
sql(q(UPDATE v SET item = jsonb_set(item, '{nested,n}', '2') WHERE id = 'odd'));
is_deeply(stored('odd')->{nested}, { M => { %{ $odd{nested}{M} }, n => { N => '2' } } }, '... also in a map that does');
sql(q(UPDATE v SET item = jsonb_set(jsonb_set(item, '{set}', '["a", "c"]'), '{bytes}', '"AAI="') - 'numbers' WHERE id = 'odd'));
my $odd = stored('odd');
is_deeply([ sort @{ $odd->{set}{SS} } ], [ 'a', 'c' ], 'a changed set is a set');
is($odd->{bytes}{B}, 'AAI=', 'changed binary is binary');
ok(!exists $odd->{numbers}, 'a removed attribute is removed');
put({ id => { S => 'set' }, tags => { SS => ['x'] }, seen => { S => '2024-01-01' }, odo => { N => '1' } });
sql("UPDATE v SET tags = tags || ARRAY['y'], seen = seen + interval '1 day' WHERE id = 'set'");
is_deeply([ sort @{ stored('set')->{tags}{SS} } ], [ 'x', 'y' ], 'a set read as an array is written as a set');
is(stored('set')->{seen}{S}, '2024-01-02T00:00:00+00:00', 'a date becomes a time');

sql(q(UPDATE v SET item = '{"spec": {"model": "whole"}}', doors = 3 WHERE id = 'b'));
is_deeply(stored('b'), { id => { S => 'b' }, spec => { M => { model => { S => 'whole' }, doors => { N => '3' } } } },
	'a column over a document');
sql(q(CREATE TABLE due AS SELECT * FROM (VALUES ('m1', 1), ('m1', 2), ('m2', 5)) d(id, n)));
is(sql('UPDATE v SET odo = odo + d.n FROM due d WHERE d.id = v.id RETURNING v.id') =~ tr/m//, 2,
	'a join that brings an item twice changes it once');
is(sql("DELETE FROM v USING due d WHERE d.id = v.id RETURNING v.id") =~ tr/m//, 2, '... or deletes it once');

# ---- DELETE ----------------------------------------------------------------------------------

is(sql("DELETE FROM v WHERE id = 'm3' RETURNING odo"), 3, 'by key');
is(sql("DELETE FROM v WHERE id = 'm3' RETURNING odo"), '', 'of no item');
is(sql("WITH d AS (DELETE FROM v WHERE id LIKE 'm%' AND odo <= 10 RETURNING 1) SELECT count(*) FROM d"), 7, 'by condition');

# ---- races: another writer between the reading and the writing -------------------------------

# Holds a statement back between its reading and its writing.
sql(<<'END');
CREATE FUNCTION held(anyelement) RETURNS anyelement LANGUAGE plpgsql AS $$
BEGIN
	PERFORM pg_advisory_xact_lock(7);
	RETURN $1;
END $$;
END

sub race
{
	my ($query, $meanwhile, $before) = @_;
	my $holder = $node->background_psql('postgres');
	$holder->query_safe('SELECT pg_advisory_lock(7)');
	my $writer = $node->background_psql('postgres', on_error_stop => 0);
	$writer->query_safe($before) if defined $before;
	$writer->{stdin} .= "\\set VERBOSITY verbose\n$query;\n\\echo done\n";
	$writer->{run}->pump_nb;
	$node->poll_query_until('postgres',
		"SELECT count(*) > 0 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
	  or die 'the statement never came to its writing';
	$meanwhile->();
	$holder->query_safe('SELECT pg_advisory_unlock(7)');
	$writer->{run}->pump until $writer->{stdout} =~ /^done$/m;
	$holder->quit;
	$writer->query('ROLLBACK') if defined $before;
	my $says = $writer->{stderr};
	$writer->quit;
	return $says;
}

sub update
{
	my ($id, $expression, %values) = @_;
	return store_api('UpdateItem', {
			TableName => $store,
			Key => { id => { S => $id } },
			UpdateExpression => $expression,
			%values ? (ExpressionAttributeValues => \%values) : () });
}

sub fresh
{
	put({ id => { S => 'race' }, odo => { N => '1' }, note => { S => 'x' }, set => { SS => ['s'] },
			spec => { M => { model => { S => 'm' }, doors => { N => '5' } } } });
	return;
}

fresh();
$says = race("UPDATE v SET odo = held(odo + 1) WHERE id = 'race'", sub { update('race', 'SET odo = :v', ':v' => { N => '9' }) });
like($says, qr/40001.*was changed after it was read/, 'a lost race');
unlike($says, qr/WARNING/, '... that wrote nothing');
is(stored('race')->{odo}{N}, 9, '... loses no update');

fresh();
is(race("UPDATE v SET odo = held(odo + 1) WHERE id = 'race'", sub { update('race', 'SET note = :v', ':v' => { S => 'y' }) }),
	'', 'another attribute may change');
is(stored('race')->{odo}{N} . stored('race')->{note}{S}, '2y', '... and both changes stand');

fresh();
is(race(q(UPDATE v SET item = held(jsonb_set(item, '{odo}', '5')) WHERE id = 'race'),
		sub { update('race', 'SET note = :v, spec.doors = :w', ':v' => { S => 'y' }, ':w' => { N => '3' }) }),
	'', '... also when the document is written');
is(stored('race')->{odo}{N} . stored('race')->{note}{S} . stored('race')->{spec}{M}{doors}{N}, '5y3', '... and all stand');

fresh();
like(race(q(UPDATE v SET item = held(jsonb_set(item, '{odo}', '5')) WHERE id = 'race'),
		sub { update('race', 'SET odo = :v', ':v' => { N => '9' }) }),
	qr/40001/, 'the same attribute through the document');
fresh();
like(race(q(UPDATE v SET item = held(jsonb_set(item, '{set}', '["t"]')) WHERE id = 'race'),
		sub { update('race', 'SET note = :v', ':v' => { S => 'y' }) }),
	qr/^$/, 'a set is written although it reads as an array');
is_deeply(stored('race')->{set}, { SS => ['t'] }, '... as a set');

fresh();
like(race("UPDATE v SET odo = held(5) WHERE id = 'race' AND model = 'm'",
		sub { update('race', 'SET spec.model = :v', ':v' => { S => 'n' }) }),
	qr/40001/, 'what the condition looked at has changed');
fresh();
like(race("UPDATE v SET odo = held(5) WHERE id = 'race' AND item->>'note' = 'x'",
		sub { update('race', 'SET note = :v', ':v' => { S => 'y' }) }),
	qr/40001/, '... also in the document');
fresh();
is(race("UPDATE v SET odo = held(odo + 1) WHERE id = 'race'",
		sub { store_api('DeleteItem', { TableName => $store, Key => { id => { S => 'race' } } }) }),
	'', 'an item deleted meanwhile is no row');
is(stored('race'), undef, '... and is not made anew');
fresh();
like(race("DELETE FROM v WHERE id = 'race' AND held(odo) = 1", sub { update('race', 'SET odo = :v', ':v' => { N => '2' }) }),
	qr/40001/, 'a DELETE whose condition no longer holds');
ok(stored('race'), '... deletes nothing');

fresh();
$says = race("UPDATE v SET odo = held(odo + 1) WHERE id = 'race'", sub { update('race', 'SET odo = :v', ':v' => { N => '9' }) },
	"BEGIN; INSERT INTO v (id) VALUES ('w1'), ('w2'); UPDATE v SET odo = 1 WHERE id = 'w1'");
like($says, qr/40003.*was changed after it was read/, 'a race lost after writing');
like($says, qr/DETAIL:.*already written 3 items/, '... says how much was written');
like($says, qr/WARNING:.*3 items written to the store stay written/, '... and that it stays');

# ---- transactions ----------------------------------------------------------------------------

like(sql_says("BEGIN; DELETE FROM v WHERE id = 'w1'; ROLLBACK"), qr/WARNING:.*1 item written to the store stays written/,
	'ROLLBACK warns');
is(stored('w1'), undef, '... truthfully');
is(sql_says("BEGIN; SELECT count(*) FROM v; ROLLBACK"), '', 'not of reading');
is(sql_says("BEGIN; UPDATE v SET odo = 1 WHERE id = 'none'; ROLLBACK"), '', 'nor of a write that did nothing');
$says = sql_says("BEGIN; UPDATE v SET odo = 1 WHERE id = 'w2'; SAVEPOINT s; UPDATE v SET odo = 2 WHERE id = 'w2'; ROLLBACK TO s; COMMIT");
is(() = $says =~ /1 item written/g, 1, 'a savepoint warns of its own');
is(sql_says("BEGIN; UPDATE v SET odo = 3 WHERE id = 'w2'; COMMIT; BEGIN; ROLLBACK"), '', 'a commit forgets');
like(sql_says("BEGIN; UPDATE v SET odo = 4 WHERE id = 'w2'; PREPARE TRANSACTION 'p'"),
	qr/0A000.*cannot prepare a transaction/, 'no two-phase commit');
is(sql_says("BEGIN; SELECT count(*) FROM v WHERE id = 'w2'; PREPARE TRANSACTION 'p'; ROLLBACK PREPARED 'p'"), '',
	'... unless nothing was written');

# ---- views -----------------------------------------------------------------------------------

sql(<<'END');
CREATE VIEW cheap AS SELECT * FROM v WHERE odo < 100;
CREATE VIEW checked AS SELECT * FROM v WHERE odo < 100 WITH CHECK OPTION;
CREATE TABLE split (id text, n numeric) PARTITION BY LIST (id);
CREATE VIEW checked_split AS SELECT * FROM split WHERE n > 0 WITH CHECK OPTION;
END
sql(<<"END");
CREATE FOREIGN TABLE one_id (id text OPTIONS (key 'partition'), n numeric) SERVER fleet OPTIONS (table '$store');
ALTER TABLE split ATTACH PARTITION one_id FOR VALUES IN ('v1');
END
sql("INSERT INTO cheap (id, odo) VALUES ('v2', 5)");
is(sql("UPDATE cheap SET odo = odo + 1 WHERE id = 'v2' RETURNING odo"), 6, 'through a view');
like(sql_says($_), qr/0A000.*WITH CHECK OPTION/, "not what is checked too late: $_")
  foreach "INSERT INTO checked (id, odo) VALUES ('v1', 500)", "UPDATE checked SET odo = 500 WHERE id = 'v2'",
  "INSERT INTO checked_split VALUES ('v1', -1)";
is(stored('v1'), undef, '... nothing is written');
is(stored('v2')->{odo}{N}, 6, '... or changed');
is(sql("DELETE FROM checked WHERE id = 'v2' RETURNING id"), 'v2', '... but a deletion needs no check');

# ---- triggers --------------------------------------------------------------------------------

sql(<<'END');
CREATE TABLE seen_by_trigger (what text);
CREATE FUNCTION before_row() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	NEW.model := upper(NEW.model);
	RETURN NEW;
END $$;
CREATE FUNCTION after_row() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO seen_by_trigger VALUES (TG_OP || ' ' || coalesce(NEW.item, OLD.item)::text);
	RETURN NULL;
END $$;
CREATE TRIGGER b BEFORE INSERT OR UPDATE ON v FOR EACH ROW EXECUTE FUNCTION before_row();
CREATE TRIGGER a AFTER INSERT OR UPDATE OR DELETE ON v FOR EACH ROW EXECUTE FUNCTION after_row();
INSERT INTO v (id, model) VALUES ('t', 'one');
UPDATE v SET odo = 5 WHERE id = 't';
UPDATE v SET model = 'two' WHERE id = 't';
DELETE FROM v WHERE id = 't';
END
is(sql('SELECT * FROM seen_by_trigger'), <<'END' =~ s/\n\z//r, 'triggers change rows, and see them as written');
INSERT {"id": "t", "spec": {"model": "ONE"}}
UPDATE {"id": "t", "odo": 5, "spec": {"model": "ONE"}}
UPDATE {"id": "t", "odo": 5, "spec": {"model": "TWO"}}
DELETE {"id": "t", "odo": 5, "spec": {"model": "TWO"}}
END

sql(<<'END');
CREATE TABLE found_by_trigger (items int);
CREATE FUNCTION after_statement() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO found_by_trigger SELECT count(*) FROM k WHERE b = '\x77';
	RETURN NULL;
END $$;
CREATE TRIGGER s AFTER INSERT ON k FOR EACH STATEMENT EXECUTE FUNCTION after_statement();
INSERT INTO k SELECT '\x77', i FROM generate_series(1, 60) i;
COPY k (b, n) FROM PROGRAM 'for i in $(seq 61 120); do echo "\\\\x77,$i"; done' (FORMAT csv);
END
is(sql('SELECT * FROM found_by_trigger'), "60\n120", 'a trigger after the statement finds all of its items');

done_testing();
