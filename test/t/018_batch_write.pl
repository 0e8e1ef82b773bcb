# Writes in batches: tables whose INSERT replaces what is there, and TRUNCATE. In which order, what
# is counted, and what happens when the store leaves items unprocessed, throttles or fails.
use strict;
use warnings;

use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);
use YottaProxy;
use YottaTest;

my $seed = $ENV{YS_SEED} // int(rand(1_000_000));
diag("YS_SEED=$seed");

my $node = new_node('batch');
my $proxy = YottaProxy->new(store_url());
create_servers($node, store => $proxy->url);
my $store = unique_name('batch');

sub sql { return $node->safe_psql('postgres', $_[0]); }

sub sql_says
{
	my ($code, $output, $error) = $node->psql('postgres', "\\set VERBOSITY verbose\n$_[0]");
	return $error;
}

sub stored { return store_api('GetItem', { TableName => $store, Key => { id => { S => $_[0] } }, ConsistentRead => \1 })->{Item}; }

# How many requests of an operation the statements take.
sub requests_of
{
	my ($operation, $statements) = @_;
	my $before = $proxy->requests($operation);
	sql($statements);
	return $proxy->requests($operation) - $before;
}

sql(<<"END");
SELECT yottastore.create_store_table('fleet', '$store', 'id', stream => false);
ALTER SERVER fleet OPTIONS (ADD request_timeout '3s', ADD consistency 'strong');
CREATE FOREIGN TABLE u (id text OPTIONS (key 'partition') NOT NULL, n int, pad text, item jsonb OPTIONS (document 'true'))
	SERVER fleet OPTIONS (table '$store', insert_mode 'upsert');
CREATE FOREIGN TABLE plain (id text OPTIONS (key 'partition') NOT NULL, n int, item jsonb OPTIONS (document 'true'))
	SERVER fleet OPTIONS (table '$store');
END

# ---- replacing -------------------------------------------------------------------------------

sql(q(INSERT INTO plain VALUES ('a', 1, '{"old": true}')));
sql("INSERT INTO u VALUES ('a', 2), ('b', 3)");
is_deeply(stored('a'), { id => { S => 'a' }, n => { N => 2 } }, 'an item is replaced as a whole');
is_deeply(stored('b'), { id => { S => 'b' }, n => { N => 3 } }, 'a new one is inserted');
is(sql("INSERT INTO u (id, n, item) VALUES ('a', 4, '{\"x\": 1}'), ('c', 5, NULL), ('a', 6, NULL) RETURNING id, n, item"),
	qq(a|4|{"n": 4, "x": 1, "id": "a"}\nc|5|{"n": 5, "id": "c"}\na|6|{"n": 6, "id": "a"}), 'RETURNING shows each row as written');
is(stored('a')->{n}{N}, 6, '... and the last one stays');
is(sql("INSERT INTO u VALUES ('a', 7), ('d', 8), ('d', 9) ON CONFLICT DO NOTHING RETURNING id, n"), 'd|8',
	'ON CONFLICT DO NOTHING replaces nothing');
is(stored('a')->{n}{N} . stored('d')->{n}{N}, '68', '... indeed');
like(sql('EXPLAIN (COSTS OFF) INSERT INTO u (id) VALUES (1)'), qr/Store Operation: BatchWriteItem/, 'EXPLAIN says so');
like(sql('EXPLAIN (COSTS OFF) INSERT INTO u (id) VALUES (1) ON CONFLICT DO NOTHING'), qr/PutItem/, '... or not');

sql(q(CREATE FUNCTION bump(text) RETURNS int LANGUAGE sql AS $$ UPDATE u SET n = n + 1 WHERE id = $1 RETURNING n $$));
is(sql("SELECT bump('b')"), 4, 'UPDATE is as it was');
is(sql("DELETE FROM u WHERE id = 'b' RETURNING n"), 4, '... and DELETE');
like(sql_says("INSERT INTO plain VALUES ('a', 1)"), qr/23505/, 'the table beside it refuses duplicates');
sql("ALTER SERVER fleet OPTIONS (ADD insert_mode 'upsert')");
sql("INSERT INTO plain VALUES ('a', 10)");
is(stored('a')->{n}{N}, 10, 'the option may be the server\'s');
sql("ALTER FOREIGN TABLE plain OPTIONS (ADD insert_mode 'insert')");
like(sql_says("INSERT INTO plain VALUES ('a', 1)"), qr/23505/, '... which a table overrides');
sql("ALTER SERVER fleet OPTIONS (DROP insert_mode)");

# ---- many, and in order ----------------------------------------------------------------------

cmp_ok(requests_of('BatchWriteItem', "INSERT INTO u SELECT 'm' || i, i FROM generate_series(1, 1000) i"),
	'==', 40, '25 items a request');
is(sql("SELECT count(*), sum(n) FROM u WHERE id LIKE 'm%'"), '1000|500500', '... all of them');
sql("COPY u (id, n) FROM PROGRAM 'for i in \$(seq 500); do echo m\$i,1; done' (FORMAT csv)");
is(sql("SELECT count(*), sum(n) FROM u WHERE id LIKE 'm%'"), '1000|375750', 'COPY');

foreach my $keys (1, 7, 30, 400)
{
	is(sql(<<"END"), 0, "3,000 rows of $keys keys: the last row of each stays");
CREATE TABLE rows_$keys AS SELECT 'r$keys-' || abs(hashint8($seed + i)) % $keys AS id, i AS n FROM generate_series(1, 3000) i;
INSERT INTO u (id, n) SELECT id, n FROM rows_$keys ORDER BY n;
SELECT count(*) FROM (SELECT DISTINCT ON (id) id, n FROM rows_$keys ORDER BY id, n DESC) last
	FULL JOIN (SELECT id, n FROM u WHERE id LIKE 'r$keys-%') u USING (id, n) WHERE last IS NULL OR u IS NULL;
END
}

my $numbers = unique_name('numbers');
sql(<<"END");
SELECT yottastore.create_store_table('fleet', '$numbers', 'b bytea', 'n numeric', stream => false);
CREATE FOREIGN TABLE k (b bytea OPTIONS (key 'partition') NOT NULL, n numeric OPTIONS (key 'sort') NOT NULL, t text)
	SERVER fleet OPTIONS (table '$numbers', insert_mode 'upsert', truncatable 'true');
INSERT INTO k VALUES ('\\x00', 1.50, 'one'), ('\\x00', 15e-1, 'two'), ('\\x0000', 1.5, 'other'), ('\\x00', 1.5000, 'three');
END
is(sql('SELECT b, n, t FROM k ORDER BY b'), "\\x00|1.5|three\n\\x0000|1.5|other", 'keys are compared as the store does');

# ---- large items -----------------------------------------------------------------------------

sql("ALTER SERVER fleet OPTIONS (SET request_timeout '60s')");
my $sent = requests_of('BatchWriteItem', "INSERT INTO u (id, pad) SELECT 'large' || i, repeat('x', 390000) FROM generate_series(1, 60) i");
cmp_ok($sent, '<=', 4, 'items of 390 kB are sent by 25');
$sent = requests_of('BatchWriteItem', "INSERT INTO u (id, pad) SELECT 'huge' || i, repeat(E'\\x01', 390000) FROM generate_series(1, 30) i");
cmp_ok($sent, '>=', 5, '... and by fewer when a request would have over 16 MB');
is(sql("SELECT count(*), sum(length(pad)) FROM u WHERE id LIKE 'large%' OR id LIKE 'huge%'"), '90|35100000', 'all arrived');
my $says = sql_says("INSERT INTO u (id, pad) VALUES ('small', 'x'), ('over', repeat('x', 410000))");
like($says, qr/54000/, 'an item over 400 kB is refused');
is(stored('small'), undef, '... with its batch');
unlike($says, qr/WARNING/, '... of which nothing was written');
sql("DELETE FROM u WHERE id LIKE 'large%' OR id LIKE 'huge%'");
sql("ALTER SERVER fleet OPTIONS (SET request_timeout '3s')");

# ---- what a transaction says -----------------------------------------------------------------

like(sql_says("BEGIN; INSERT INTO u SELECT 't' || i FROM generate_series(1, 60) i; ROLLBACK"),
	qr/WARNING:.*60 items written to the store stay written/, 'ROLLBACK warns');
is(stored('t60')->{id}{S}, 't60', '... truthfully');
$says = sql_says("INSERT INTO u SELECT 'e' || i, 1 / (100 - i) FROM generate_series(1, 100) i");
like($says, qr/22012/, 'an error in the middle');
like($says, qr/WARNING:.*items? (?:may have been )?written to the store/, '... tells what is there');
like(sql_says("INSERT INTO u (id) VALUES (NULL)"), qr/23502/, 'a key that is NULL');

# ---- triggers and reading one's own writes ---------------------------------------------------

sql(<<'END');
CREATE TABLE seen_by_trigger (what text);
CREATE FUNCTION look_row() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO seen_by_trigger SELECT 'row ' || NEW.id || ' ' || n FROM plain WHERE id = NEW.id;
	RETURN NULL;
END $$;
CREATE FUNCTION look_statement() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO seen_by_trigger SELECT 'statement ' || count(*) FROM plain WHERE id LIKE 'look%';
	RETURN NULL;
END $$;
CREATE TRIGGER r AFTER INSERT ON u FOR EACH ROW EXECUTE FUNCTION look_row();
INSERT INTO u VALUES ('look1', 1), ('look2', 2);
DROP TRIGGER r ON u;
CREATE TRIGGER s AFTER INSERT ON u FOR EACH STATEMENT EXECUTE FUNCTION look_statement();
INSERT INTO u SELECT 'look' || i, i FROM generate_series(1, 60) i;
COPY u (id, n) FROM PROGRAM 'for i in $(seq 61 70); do echo look$i,1; done' (FORMAT csv);
DROP TRIGGER s ON u;
END
is(sql('SELECT string_agg(what, $$,$$) FROM seen_by_trigger'), 'row look1 1,row look2 2,statement 60,statement 70',
	'triggers that fire afterwards find the items');
sql("INSERT INTO u (id, n) SELECT id || '+', n FROM u WHERE id LIKE 'look%'");
is(sql("SELECT count(*) FROM u WHERE id LIKE 'look%'"), 140, 'a statement does not read what it writes');

# ---- a store that leaves some, throttles or fails --------------------------------------------

sub upsert_200 { return "INSERT INTO u (id, n) SELECT '$_[0]' || i, i FROM generate_series(1, 200) i"; }

sub written_200
{
	my ($prefix, $what) = @_;
	return is(sql("SELECT count(*), sum(n) FROM plain WHERE id LIKE '$prefix%'"), '200|20100', $what);
}

foreach my $how (qw(part none throttle lose mute error))
{
	my $gets = $proxy->requests('GetItem');
	$proxy->fail('BatchWriteItem', $how, 12);
	sql(upsert_200("$how-"));
	written_200("$how-", "batches that meet: $how");
	is($proxy->requests('GetItem'), $gets, '... and nothing was read for it');
	$proxy->heal;
}
$proxy->fail('BatchWriteItem', 'part', 6);
is(sql("INSERT INTO u (id, n) SELECT 'twice' || i % 40, i FROM generate_series(1, 400) i; SELECT sum(n) FROM u WHERE id LIKE 'twice%'"),
	40 * 361 + 39 * 20, 'what is sent again does not overtake');
$proxy->heal;

# nothing is ever processed
$proxy->fail('BatchWriteItem', 'none', 2000);
my $started = time;
$says = sql_says(upsert_200('never'));
like($says, qr/53400.*does not process all writes to table "$store"/, 'given up');
like($says, qr/DETAIL:  It left \d+ unprocessed .* has written 0 before/, '... with the numbers');
unlike($says, qr/WARNING/, '... of which none was written');
cmp_ok(time - $started, '>', 2, '... not before its time');
cmp_ok(time - $started, '<', 15, '... but in time');
$proxy->heal;
$proxy->fail('BatchWriteItem', 'part', 1);
$proxy->fail('BatchWriteItem', 'none', 2000);
$says = sql_says("BEGIN; INSERT INTO u SELECT 'half' || i FROM generate_series(1, 20) i; COMMIT");
like($says, qr/40003.*does not process all writes/, 'given up after something was written');
like($says, qr/DETAIL:  It left 10 unprocessed .* has written 10 before/, '... says how much');
like($says, qr/WARNING:.*10 items written to the store stay written/, '... and that it stays');
$proxy->heal;

$proxy->fail('BatchWriteItem', 'throttle', 2000);
$says = sql_says(upsert_200('throttled'));
like($says, qr/53400.*throttling/, 'throttled to the end');
unlike($says, qr/stay written/, '... so that nothing was written');
$proxy->heal;
$proxy->fail('BatchWriteItem', 'error', 2000);
$says = sql_says("INSERT INTO u (id) VALUES ('unknown1'), ('unknown2')");
like($says, qr/40003.*could not learn whether the store applied the write/, 'an outcome that stays unknown');
like($says, qr/WARNING:.*2 items may have been written to the store/, '... is said to be in doubt');
$proxy->heal;

$proxy->fail('BatchWriteItem', 'hang', 40);
$started = time;
like(sql_says("SET statement_timeout = '400ms'; " . upsert_200('hung')), qr/57014/, 'cancelled while waiting for an answer');
cmp_ok(time - $started, '<', 2, '... at once');
$proxy->heal;
$proxy->fail('BatchWriteItem', 'none', 2000);
$started = time;
like(sql_says("SET statement_timeout = '900ms'; INSERT INTO u (id) VALUES ('paused')"), qr/57014/, 'cancelled in a pause');
cmp_ok(time - $started, '<', 2.5, '... at once');
$proxy->heal;
sql(upsert_200('again'));
written_200('again', 'the next statement is served');

# ---- large requests --------------------------------------------------------------------------

# libcurl announces bodies of more than 1 MB, and would wait a second for leave to send them
$proxy->ignore_expect;
my $fastest = 1000;
foreach (1 .. 6)
{
	$started = time;
	sql("INSERT INTO u (id, pad) SELECT 'large' || i, repeat('x', 100000) FROM generate_series(1, 12) i");
	$fastest = time - $started if time - $started < $fastest;
}
cmp_ok($fastest, '<', 1, 'large requests do not wait for leave that some stores never give');
is(sql("SELECT count(*) FROM u WHERE id LIKE 'large%' AND length(pad) = 100000"), 12, '... and arrive');

# ---- TRUNCATE --------------------------------------------------------------------------------

my $items = sql('SELECT count(*) FROM u');
$says = sql_says('TRUNCATE u');
like($says, qr/55000.*foreign table "u" does not allow TRUNCATE/, 'not unless it is allowed');
like($says, qr/HINT:.*truncatable 'true'/, '... by this option');
sql('CREATE TABLE local_one (n serial); INSERT INTO local_one DEFAULT VALUES');
like(sql_says('TRUNCATE k, local_one, u'), qr/55000/, 'nor together with others');
is(sql('SELECT (SELECT count(*) FROM k), (SELECT count(*) FROM local_one), (SELECT count(*) FROM u)'), "2|1|$items",
	'... of which none is touched');

sql("ALTER FOREIGN TABLE u OPTIONS (ADD truncatable 'true')");
sql('CREATE ROLE reader; GRANT SELECT, DELETE ON u TO reader');
like(sql_says('SET ROLE reader; TRUNCATE u'), qr/42501/, 'a privilege of its own');
like(sql_says('BEGIN; TRUNCATE u; ROLLBACK'), qr/WARNING:.*$items items written to the store stay written/, 'ROLLBACK warns');
is(sql('SELECT count(*) FROM u'), 0, '... truthfully');
sql('TRUNCATE u');
is(sql('SELECT count(*) FROM u'), 0, 'an empty table stays empty');

sql(upsert_200('cut'));
$proxy->fail('BatchWriteItem', $_, 3) foreach qw(part mute error none);
$proxy->fail('Scan', 'lose');
sql('TRUNCATE u');
is(sql('SELECT count(*) FROM u'), 0, 'all is deleted although requests fail');
$proxy->heal;

sql(<<"END");
CREATE SEQUENCE numbering;
ALTER FOREIGN TABLE k ALTER COLUMN n SET DEFAULT nextval('numbering');
ALTER SEQUENCE numbering OWNED BY k.n;
INSERT INTO k (b) SELECT '\\x01' FROM generate_series(1, 300);
TRUNCATE k, local_one CASCADE;
INSERT INTO k (b) VALUES ('\\x02');
END
is(sql('SELECT n FROM k'), 301, 'sequences go on');
sql("TRUNCATE k RESTART IDENTITY; INSERT INTO k (b) VALUES ('\\x02')");
is(sql('SELECT n FROM k'), 1, '... unless they are restarted');

sql(upsert_200('slow'));
$proxy->fail('BatchWriteItem', 'hang', 100);
$started = time;
like(sql_says("SET statement_timeout = '400ms'; TRUNCATE u"), qr/57014/, 'TRUNCATE is cancelled');
cmp_ok(time - $started, '<', 2, '... at once');
$proxy->heal;

store_api('DeleteTable', { TableName => $_ }) foreach $store, $numbers;
$node->stop;
done_testing();
