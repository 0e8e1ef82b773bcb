# When the store fails: writes whose outcome is unknown, requests that are repeated, nodes that go
# away, statements that are cancelled.
use strict;
use warnings;

use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time sleep);
use YottaProxy;
use YottaTest;

my $node = new_node('faults');
my $proxy = YottaProxy->new(store_url());
create_servers($node, store => $proxy->url);
my $store = unique_name('faults');

sub sql { return $node->safe_psql('postgres', $_[0]); }

sub sql_says
{
	my ($code, $output, $error) = $node->psql('postgres', "\\set VERBOSITY verbose\n$_[0]");
	return $error;
}

sub stored { return store_api('GetItem', { TableName => $store, Key => { id => { S => $_[0] } }, ConsistentRead => \1 })->{Item}; }

sql(<<"END");
ALTER SERVER fleet OPTIONS (ADD request_timeout '3s');
SELECT yottastore.create_store_table('fleet', '$store', 'id', stream => false);
CREATE FOREIGN TABLE v (id text OPTIONS (key 'partition') NOT NULL, n int, deep int OPTIONS (path 'a.b'),
	item jsonb OPTIONS (document 'true')) SERVER fleet OPTIONS (table '$store');
END

# ---- reads are repeated ----------------------------------------------------------------------

sql("INSERT INTO v (id, n) SELECT 'k' || i, i FROM generate_series(1, 300) i");
foreach my $how (qw(lose mute error))
{
	$proxy->fail($_, $how) foreach qw(GetItem BatchGetItem Scan);
	is(sql("SELECT n FROM v WHERE id = 'k1'"), 1, "GetItem, $how");
	is(sql("SELECT count(*) FROM v WHERE id = ANY (ARRAY(SELECT 'k' || i FROM generate_series(1, 250) i))"), 250,
		"BatchGetItem, $how");
	is(sql("SELECT count(*), sum(n) FROM v"), '300|45150', "Scan, $how");
}

# ---- writes of unknown outcome are resolved --------------------------------------------------

foreach my $how (qw(lose mute error))
{
	my $gets = $proxy->requests('GetItem');
	$proxy->fail('PutItem', $how);
	is(sql("INSERT INTO v (id, n) VALUES ('new $how', 1) RETURNING n"), 1, "INSERT, $how");
	is(stored("new $how")->{n}{N}, 1, '... is there');
	cmp_ok($proxy->requests('GetItem'), '>', $gets, '... because the store was asked');

	$proxy->fail('PutItem', $how);
	like(sql_says("INSERT INTO v (id, n) VALUES ('new $how', 2)"), qr/23505/, "a duplicate, $how");
	is(stored("new $how")->{n}{N}, 1, '... changes nothing');

	$proxy->fail('UpdateItem', $how);
	is(sql("UPDATE v SET n = 5 WHERE id = 'new $how' RETURNING n"), 5, "UPDATE by key, $how");
	$proxy->fail('UpdateItem', $how);
	is(sql("UPDATE v SET n = n + 1 WHERE id = 'new $how' RETURNING n"), 6, "UPDATE from what was read, $how");
	$proxy->fail('UpdateItem', $how);
	is(sql(qq(UPDATE v SET item = jsonb_set(item, '{x}', '[1]') WHERE id = 'new $how' RETURNING item)),
		qq({"n": 6, "x": [1], "id": "new $how"}), "UPDATE of the document, $how");
	$proxy->fail('UpdateItem', $how);
	is(sql("UPDATE v SET deep = 1 WHERE id = 'new $how' RETURNING deep"), 1, "UPDATE below a missing parent, $how");

	$proxy->fail('DeleteItem', $how);
	is(sql("DELETE FROM v WHERE n = 6 AND id = 'new $how' RETURNING id"), "new $how", "DELETE, $how");
	is(stored("new $how"), undef, '... is gone');
}
$proxy->fail('PutItem', 'mute', 20);
is(sql("INSERT INTO v (id, n) SELECT 'many' || i, i FROM generate_series(1, 200) i; SELECT count(*), sum(n) FROM v WHERE id LIKE 'many%'"),
	'200|20100', 'many at once, of which 20 answers are lost');
$proxy->heal;

my $says;

# one that the store gets after it was asked: the repeated write fails by what the first has done
$proxy->fail('PutItem', 'late');
is(sql("INSERT INTO v (id, n) VALUES ('late', 1) RETURNING n"), 1, 'INSERT, late');
$proxy->fail('UpdateItem', 'late');
is(sql("UPDATE v SET n = n + 1 WHERE id = 'late' RETURNING n"), 2, 'UPDATE from what was read, late');
is(stored('late')->{n}{N}, 2, '... is made once');
$proxy->fail('UpdateItem', 'late');
is(sql(qq(UPDATE v SET item = jsonb_set(item, '{x}', '[1]') WHERE id = 'late' RETURNING item)),
	'{"n": 2, "x": [1], "id": "late"}', 'UPDATE of the document, late');
$proxy->fail('DeleteItem', 'late');
is(sql("DELETE FROM v WHERE id = 'late' RETURNING id"), 'late', 'DELETE, late');
is(stored('late'), undef, '... is gone');

# places in a list: the item doesn't tell whether one was removed, or added behind the last
sql(q(ALTER FOREIGN TABLE v ADD second text OPTIONS (path 'list[1]'), ADD tenth text OPTIONS (path 'list[9]');
	INSERT INTO v (id, item) VALUES ('list', '{"list": ["a", "b", "c", "d"]}')));
sub list { return join '', map { $_->{S} } @{ stored('list')->{list}{L} }; }
$proxy->fail('UpdateItem', 'mute');
like(sql_says("UPDATE v SET second = NULL WHERE id = 'list'"), qr/40003/, 'an element removed, mute');
is(list(), 'acd', '... is removed once');
$proxy->fail('UpdateItem', 'mute');
like(sql_says("UPDATE v SET tenth = 'e' WHERE id = 'list'"), qr/40003/, 'an element added, mute');
is(list(), 'acde', '... is added once');
foreach my $how (qw(lose mute))
{
	$proxy->fail('UpdateItem', $how);
	sql("UPDATE v SET second = '$how' WHERE id = 'list'");
	is(list(), "a${how}de", "an element replaced, $how");
}

# places are those of the list as it was, also where the whole of it is written
sql(q(UPDATE v SET item = jsonb_set(item, '{list}', '["a", "b", "c", "d"]') WHERE id = 'list';
	ALTER FOREIGN TABLE v ADD first text OPTIONS (path 'list[0]')));
foreach my $case ([ 'first = NULL, second = NULL', 'cd' ], [ "first = NULL, second = 'e'", 'e' ])
{
	my ($set, $expected) = @$case;
	sql("UPDATE v SET $set WHERE id = 'list' AND item ? 'list'");
	is(list(), $expected, "$set where the document is looked at");
}

# what was deleted is known no more, its key aside
$proxy->fail('DeleteItem', 'mute');
$says = sql_says("DELETE FROM v WHERE id = 'list' RETURNING id, second");
like($says, qr/40003/, 'the columns of an item whose deletion was not answered');
like($says, qr/WARNING:.*1 item may have been written to the store/, '... is said to be in doubt');
is(stored('list'), undef, '... is gone');
$proxy->heal;

# an item another writer put there in the meantime
$proxy->fail('UpdateItem', 'mute');
$proxy->fail('GetItem', 'hang', 100);
$says = sql_says("UPDATE v SET n = 7 WHERE id = 'k1'");
like($says, qr/40003/, 'an outcome that cannot be resolved');
like($says, qr/WARNING:.*1 item may have been written to the store/, '... is said to be in doubt');
$proxy->heal;
$proxy->fail('PutItem', 'mute');
$proxy->fail('GetItem', 'hang', 100);
like(sql_says("BEGIN; INSERT INTO v (id) VALUES ('sure'); INSERT INTO v (id) VALUES ('doubt')"), qr/40003/,
	'... nor can that of an INSERT');
$proxy->heal;

# ---- giving up, and being told to ------------------------------------------------------------

$proxy->fail('GetItem', 'error', 1000);
my $started = time;
like(sql_says("SELECT n FROM v WHERE id = 'k2'"), qr/ERROR:\s+(?:08|HV)/, 'a node that only fails');
cmp_ok(time - $started, '<', 6, '... is given up at the deadline');
$proxy->heal;

foreach my $query (
	"SELECT n FROM v WHERE id = 'k2'",
	"SELECT count(*) FROM v",
	"UPDATE v SET n = 1 WHERE id = 'k2'",
	"INSERT INTO v (id) SELECT 'late' || i FROM generate_series(1, 50) i",
	"COPY v (id) FROM PROGRAM 'echo copied' (FORMAT csv)")
{
	$proxy->fail($_, 'hang', 40) foreach qw(GetItem Scan UpdateItem PutItem);
	$started = time;
	like(sql_says("SET statement_timeout = '400ms'; $query"), qr/57014/, "cancelled: $query");
	cmp_ok(time - $started, '<', 1.5, '... at once');
	$proxy->heal;
}
is(sql("SELECT n FROM v WHERE id = 'k2'"), 2, 'the next statement is served');

my $session = $node->background_psql('postgres', on_error_stop => 0);
$proxy->fail('GetItem', 'hang', 5);
$session->query("SET statement_timeout = '300ms'");
$session->query("SELECT n FROM v WHERE id = 'k3'");
$proxy->heal;
is($session->query("SELECT n FROM v WHERE id = 'k3'"), 3, 'the same session goes on');
$session->query('BEGIN');
$session->query("DECLARE c CURSOR FOR SELECT n FROM v");
$session->query('FETCH 1 FROM c');
$session->query('SAVEPOINT s');
$session->query('SELECT 1 / 0');
$session->query('ROLLBACK TO s');
is($session->query('MOVE 200 FROM c; SELECT 1'), 1, 'an open cursor survives a savepoint');
$session->query('SELECT 1 / 0');
$session->query('ROLLBACK');
is($session->query("SELECT count(*) FROM v WHERE id LIKE 'k%'"), 300, '... and a rollback ends it');
$session->quit;

# ---- a store that goes away in the middle ----------------------------------------------------

my $mortal = start_service('store');
sql(<<"END");
CREATE SERVER mortal FOREIGN DATA WRAPPER yottastore OPTIONS (nodes '$mortal->{url}');
CREATE USER MAPPING FOR CURRENT_USER SERVER mortal OPTIONS (access_key_id 'test', secret_access_key 'test');
SELECT yottastore.create_store_table('mortal', '$store', 'id');
CREATE FOREIGN TABLE m (id text OPTIONS (key 'partition') NOT NULL, pad text) SERVER mortal OPTIONS (table '$store');
ALTER SERVER mortal OPTIONS (ADD request_timeout '2s');
END
my $writer = $node->background_psql('postgres', on_error_stop => 0);
$writer->{stdin} .= "\\set VERBOSITY verbose\nINSERT INTO m SELECT i::text, repeat('x', 1000) FROM generate_series(1, 100000) i;\n\\echo done\n";
$writer->{run}->pump_nb;
my $written = 0;
foreach (1 .. 100)
{
	sleep 0.1;
	$written = store_api('Scan', { TableName => $store, Select => 'COUNT', Limit => 200 }, $mortal->{url})->{Count};
	last if $written >= 100;
}
cmp_ok($written, '>=', 100, 'a load is under way');
kill_service($mortal);
$writer->{run}->pump until $writer->{stdout} =~ /^done$/m;
like($writer->{stderr}, qr/ERROR:/, 'it fails when the store does');
like($writer->{stderr}, qr/WARNING:.*\d+ items written to the store stay written/, '... and says what stays');
$writer->quit;

done_testing();
