# Changes of items of very many attributes, whose expressions are longer than the store takes; and
# where a request goes that is about one key.
use strict;
use warnings;

use PostgreSQL::Test::Utils;
use Test::More;
use YottaNodes;
use YottaProxy;
use YottaTest;

my $node = new_node('large');
my $proxy = YottaProxy->new(store_url());
create_servers($node, store => $proxy->url);
my $store = unique_name('large');

sub sql { return $node->safe_psql('postgres', $_[0]); }

sub sql_says
{
	my ($code, $output, $error) = $node->psql('postgres', "\\set VERBOSITY verbose\n$_[0]");
	return $error;
}

sub stored { return store_api('GetItem', { TableName => $store, Key => { id => { S => $_[0] } }, ConsistentRead => \1 })->{Item}; }
sub put { return store_api('PutItem', { TableName => $store, Item => $_[0] }); }

my @wide = map { "a$_" } 1 .. 900;
my @deep = map { "b$_" } 1 .. 400;
sql(<<"END");
SELECT yottastore.create_store_table('fleet', '$store', 'id', stream => false);
CREATE FOREIGN TABLE v (id text OPTIONS (key 'partition') NOT NULL, note text, item jsonb OPTIONS (document 'true'))
	SERVER fleet OPTIONS (table '$store');
CREATE FOREIGN TABLE wide (id text OPTIONS (key 'partition') NOT NULL, @{[ join ', ', map { "$_ int" } @wide ]})
	SERVER fleet OPTIONS (table '$store');
CREATE FOREIGN TABLE deep (id text OPTIONS (key 'partition') NOT NULL,
	@{[ join ', ', map { "$_ int OPTIONS (path 'm.$_')" } @deep ]}, tags text[])
	SERVER fleet OPTIONS (table '$store');
CREATE FUNCTION numbered(prefix text, first int, last int, value int) RETURNS jsonb LANGUAGE sql AS
	\$\$ SELECT jsonb_object_agg(prefix || i, value) FROM generate_series(first, last) i \$\$;
END

# ---- the document ----------------------------------------------------------------------------

sql("INSERT INTO v VALUES ('all', 'n', numbered('x', 1, 2000, 1))");
is(scalar keys %{ stored('all') }, 2002, 'an item of 2,000 attributes');
my $gets = $proxy->requests('GetItem');
sql("UPDATE v SET item = item || numbered('x', 1, 2000, 2) WHERE id = 'all'");
is_deeply(stored('all'), { id => { S => 'all' }, note => { S => 'n' }, map { ("x$_" => { N => 2 }) } 1 .. 2000 },
	'all of which are changed');
is($proxy->requests('GetItem'), $gets + 1, '... after reading them once, to compute them');
sql("UPDATE v SET item = item - (SELECT array_agg('x' || i) FROM generate_series(1, 1500) i) || numbered('y', 1, 600, 3) WHERE id = 'all'");
is_deeply(stored('all'),
	{ id => { S => 'all' }, note => { S => 'n' }, (map { ("x$_" => { N => 2 }) } 1501 .. 2000), (map { ("y$_" => { N => 3 }) } 1 .. 600) },
	'removed and added');

# what plain JSON cannot say keeps its type
my %odd = (
	map { ("s$_" => { SS => [ 'a', "b$_" ] }, "b$_" => { B => 'AAE=' }, "e$_" => { M => {} }, "l$_" => { L => [ { NULL => JSON::PP::true }, { S => '' } ] }, "t$_" => { BOOL => JSON::PP::true }) }
	  1 .. 100);
put({ id => { S => 'odd' }, %odd });
sql("UPDATE v SET item = item || numbered('x', 1, 300, 1) WHERE id = 'odd'");
is_deeply(stored('odd'), { id => { S => 'odd' }, %odd, map { ("x$_" => { N => 1 }) } 1 .. 300 }, 'beside others of all types');
sql("UPDATE v SET item = (SELECT jsonb_object_agg(key, CASE WHEN key LIKE 's%' THEN value || '\"c\"' ELSE value END) FROM jsonb_each(item)) || numbered('x', 1, 300, 2) WHERE id = 'odd'");
my $odd = stored('odd');
is_deeply([ map { [ sort @{ $odd->{"s$_"}{SS} } ] } 1, 100 ], [ [ 'a', 'b1', 'c' ], [ 'a', 'b100', 'c' ] ], '... sets are read and stay sets');
is($odd->{x300}{N}, 2, '... with the rest');
is(sql("UPDATE v SET note = 'found' WHERE item->>'x300' = '2' RETURNING id"), 'odd', 'a condition on the document');
is(sql("UPDATE v SET note = 'y' WHERE item->>'y600' = '3' RETURNING (item->>'y600')"), 3, '... and what is returned');
is(sql("DELETE FROM v WHERE item->>'y600' = '3' RETURNING id"), 'all', 'DELETE');
is(stored('all'), undef, '... deletes');

# ---- columns ---------------------------------------------------------------------------------

put({ id => { S => 'w' }, other => { S => 'stays' }, a7 => { N => '7' } });
my $updates = $proxy->requests('UpdateItem');
is(sql("UPDATE wide SET @{[ join ', ', map { \"$_ = 1\" } @wide ]} WHERE id = 'w' RETURNING a1, a900"), '1|1', '900 columns by key');
is($proxy->requests('UpdateItem'), $updates + 1, '... by one request');
is_deeply(stored('w'), { id => { S => 'w' }, other => { S => 'stays' }, map { ($_ => { N => 1 }) } @wide }, '... and no other');
sql("UPDATE wide SET @{[ join ', ', map { \"$_ = $_ + 1\" } @wide ]} WHERE a1 = 1");
is_deeply(stored('w'), { id => { S => 'w' }, other => { S => 'stays' }, map { ($_ => { N => 2 }) } @wide }, '... from what was read');
is(sql("UPDATE wide SET @{[ join ', ', map { \"$_ = 1\" } @wide ]} WHERE id = 'none' RETURNING id"), '', '... of no item');
is(stored('none'), undef, '... makes none');

is(sql("SELECT @{[ join ' + ', @wide ]} FROM wide WHERE id = 'w'"), 1800, '900 columns are read');
is(sql("SELECT count(*) FROM wide WHERE @{[ join ' + ', @wide ]} = 1800"), 1, '... also by a scan');
is(sql("SELECT count(*) FROM wide WHERE a900 = 2 AND @{[ join ' + ', @wide ]} > 1 AND id IN ('w', 'odd')"), 1, '... or a batch');

sql("INSERT INTO deep (id, b1, tags) VALUES ('d', 1, '{x}')");
sql("UPDATE deep SET @{[ join ', ', map { \"$_ = 5\" } @deep ]}, tags = '{y}' WHERE id = 'd'");
is_deeply(stored('d'), { id => { S => 'd' }, tags => { L => [ { S => 'y' } ] }, m => { M => { map { ($_ => { N => 5 }) } @deep } } },
	'400 nested columns');
sql("UPDATE deep SET @{[ join ', ', map { \"$_ = $_ + 1\" } @deep ]} WHERE b400 = 5");
is(stored('d')->{m}{M}{$_}{N}, 6, "... from what was read: $_") foreach qw(b1 b400);
is(sql("DELETE FROM deep WHERE @{[ join ' + ', @deep ]} = 2400 RETURNING id"), 'd', '... and a DELETE that looks at them');

# ---- outcomes that are unknown, and races ----------------------------------------------------

sql("INSERT INTO v VALUES ('race', 'n', numbered('x', 1, 500, 1))");
foreach my $how (qw(lose mute error))
{
	$proxy->fail('UpdateItem', $how);
	is(sql("UPDATE v SET item = item || numbered('x', 1, 500, (item->>'x1')::int + 1) WHERE id = 'race' RETURNING item->>'x500'"),
		stored('race')->{x1}{N}, "an unknown outcome is resolved: $how");
}
is(stored('race')->{x1}{N}, 4, '... and nothing was done twice');

sql(<<'END');
CREATE FUNCTION held(jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
	PERFORM pg_advisory_xact_lock(7);
	RETURN $1;
END $$;
END

# An UPDATE of 500 attributes, between whose reading and writing another writer comes.
sub race
{
	my ($meanwhile) = @_;
	my $holder = $node->background_psql('postgres');
	$holder->query_safe('SELECT pg_advisory_lock(7)');
	my $writer = $node->background_psql('postgres', on_error_stop => 0);
	$writer->{stdin} .= "\\set VERBOSITY verbose\nUPDATE v SET item = held(item || numbered('x', 1, 500, 9)) WHERE id = 'race';\n\\echo done\n";
	$writer->{run}->pump_nb;
	$node->poll_query_until('postgres', "SELECT count(*) > 0 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
	  or die 'the statement never came to its writing';
	$meanwhile->();
	$holder->query_safe('SELECT pg_advisory_unlock(7)');
	$writer->{run}->pump until $writer->{stdout} =~ /^done$/m;
	$holder->quit;
	my $says = $writer->{stderr};
	$writer->quit;
	return $says;
}

sub set
{
	my ($name, $value) = @_;
	return store_api('UpdateItem', {
			TableName => $store, Key => { id => { S => 'race' } }, UpdateExpression => 'SET #n = :v',
			ExpressionAttributeNames => { '#n' => $name }, ExpressionAttributeValues => { ':v' => $value } });
}

like(race(sub { set('x250', { N => '77' }) }), qr/40001.*was changed after it was read/, 'a lost race');
is(stored('race')->{x250}{N} . stored('race')->{x1}{N}, '774', '... changes nothing');
is(race(sub { set('note', { S => 'theirs' }) }), '', 'another attribute may change');
is(stored('race')->{note}{S} . stored('race')->{x250}{N}, 'theirs9', '... and both changes stand');
is(race(sub { store_api('DeleteItem', { TableName => $store, Key => { id => { S => 'race' } } }) }), '',
	'an item deleted meanwhile is no row');
is(stored('race'), undef, '... and is not made anew');

# ---- keys ------------------------------------------------------------------------------------

sql("INSERT INTO v VALUES ('key', 'n')");
foreach my $statement ("UPDATE v SET id = 'other' WHERE id = 'key'", "UPDATE v SET id = id || '2', note = 'x' WHERE note = 'n'")
{
	my $says = sql_says($statement);
	like($says, qr/0A000.*cannot update key column "id"/, "refused: $statement");
	like($says, qr/HINT:  Delete the item and insert it under its new key/, '... with a hint');
}
my $says = sql_says(q(UPDATE v SET item = item || '{"id": "other"}' WHERE note = 'n'));
like($says, qr/0A000.*cannot change key attribute "id"/, 'nor through the document');
like($says, qr/HINT:  Delete the item and insert it under its new key/, '... with a hint');
is(sql(q(UPDATE v SET item = '{"id": "key", "note": "same"}' WHERE id = 'key' RETURNING note)), 'same', 'which may say its own');

# ---- one key, one node -----------------------------------------------------------------------

my ($port) = store_url() =~ /:(\d+)/;
my $nodes = YottaNodes->new($port, 3);
my $table = unique_name('affinity');
sql(<<"END");
ALTER SERVER fleet OPTIONS (SET nodes '@{[ $nodes->nodes ]}');
SELECT yottastore.create_store_table('fleet', '$table', 'p text', 's numeric', stream => false);
CREATE FOREIGN TABLE k (p text OPTIONS (key 'partition') NOT NULL, s numeric OPTIONS (key 'sort') NOT NULL, n int)
	SERVER fleet OPTIONS (table '$table');
END

# How many requests came to each node during statements of one session.
sub spread
{
	my @before = $nodes->requests;
	sql($_[0]);
	my @after = $nodes->requests;
	return map { $after[$_] - $before[$_] } 0 .. 2;
}

my %asked;
foreach my $p (1 .. 12)
{
	my @requests = spread(<<"END");
INSERT INTO k SELECT 'p$p', i, i FROM generate_series(1, 10) i;
SELECT n FROM k WHERE p = 'p$p' AND s = 1;
SELECT n FROM k WHERE p = 'p$p' AND s = 1.0;
SELECT n FROM k WHERE p = 'p$p';
SELECT n FROM k WHERE p = 'p$p' AND s > 3;
UPDATE k SET n = 7 WHERE p = 'p$p' AND s = 2;
UPDATE k SET n = n + 1 WHERE p = 'p$p';
DELETE FROM k WHERE p = 'p$p' AND s = 3;
DELETE FROM k WHERE p = 'p$p' AND n > 5;
END
	my @used = grep { $requests[$_] > 0 } 0 .. 2;
	is(scalar @used, 1, "all requests about partition p$p go to one node");
	$asked{ $used[0] }++;
}
cmp_ok(scalar keys %asked, '>', 1, 'and not all partitions have the same');
my @all = spread("SELECT count(*) FROM k WHERE p = ANY (ARRAY(SELECT 'p' || i FROM generate_series(1, 12) i));");
cmp_ok(scalar(grep { $_ > 0 } @all), '>', 1, 'several partitions are asked of several nodes');
my ($mine) = grep { (spread("SELECT n FROM k WHERE p = 'p1' AND s = 1"))[$_] } 0 .. 2;
$nodes->set($mine, 'refuse');
is(sql("SELECT n FROM k WHERE p = 'p1' AND s = 1"), 2, 'another takes over when it is down');

# ---- several columns in one list -------------------------------------------------------------

sql(<<"END");
CREATE FOREIGN TABLE places (id text OPTIONS (key 'partition') NOT NULL, inner_x text OPTIONS (path 'l[1].x'), second jsonb OPTIONS (path 'l[1]'),
	first text OPTIONS (path 'l[0]'), item jsonb OPTIONS (document 'true')) SERVER fleet OPTIONS (table '$store');
INSERT INTO places (id, first, second, inner_x) VALUES ('built', 'a', '{"y": "c"}', 'b');
INSERT INTO places (id, item) VALUES ('filled', '{"l": []}'), ('by key', '{"l": []}');
UPDATE places SET second = '"b"', first = 'a' WHERE id = 'filled' AND item ? 'l';
UPDATE places SET second = '"b"', first = 'a' WHERE id = 'by key';
END
is_deeply(stored('built')->{l}, { L => [ { S => 'a' }, { M => { x => { S => 'b' }, y => { S => 'c' } } } ] },
	'values are put in the order of their places, and into what holds them');
is_deeply(stored($_)->{l}, { L => [ { S => 'a' }, { S => 'b' } ] }, "... also into an empty list, $_") foreach 'filled', 'by key';

store_api('DeleteTable', { TableName => $_ }) foreach $store, $table;
$node->stop;
done_testing();
