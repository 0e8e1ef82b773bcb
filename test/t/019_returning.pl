# RETURNING: what was written, what was deleted, and since PostgreSQL 18 old and new values.
use strict;
use warnings;

use PostgreSQL::Test::Utils;
use Test::More;
use YottaTest;

my $node = new_node('returning');
create_servers($node);
my $store = unique_name('returning');

sub sql { return $node->safe_psql('postgres', $_[0]); }
sub put { return store_api('PutItem', { TableName => $store, Item => $_[0] }); }

sql(<<"END");
SELECT yottastore.create_store_table('fleet', '$store', 'id', stream => false);
CREATE FOREIGN TABLE v (id text OPTIONS (key 'partition') NOT NULL, model text OPTIONS (path 'spec.model'), n int, m numeric,
	tags text[], item jsonb OPTIONS (document 'true')) SERVER fleet OPTIONS (table '$store');
CREATE TABLE changes AS SELECT * FROM (VALUES ('a', 10), ('b', 20)) c(id, by);
END

sub fresh
{
	put({ id => { S => $_ }, spec => { M => { model => { S => "m$_" } } }, n => { N => 1 }, tags => { SS => [ 'x', 'y' ] }, more => { L => [ { N => 7 } ] } })
	  foreach qw(a b);
	return;
}
fresh();

# ---- what was not read -----------------------------------------------------------------------

my $direct = "UPDATE v SET n = 2 WHERE id = 'a' RETURNING";
unlike(sql("EXPLAIN $direct model"), qr/Foreign Scan/, 'an UPDATE by key reads nothing');
is(sql("$direct model, tags, item->'more', n, m, upper(id)"), 'ma|{x,y}|[7]|2||A', '... and returns columns it has not read');
is(sql("$direct tableoid::regclass, *"), 'v|a|ma|2||{x,y}|{"n": 2, "id": "a", "more": [7], "spec": {"model": "ma"}, "tags": ["x", "y"]}',
	'... or all of them');
is(sql("$direct v"), q{(a,ma,2,,"{x,y}","{""n"": 2, ""id"": ""a"", ""more"": [7], ""spec"": {""model"": ""ma""}, ""tags"": [""x"", ""y""]}")},
	'... as a row');
is(sql("UPDATE v SET model = NULL, m = 1.50 WHERE id = 'a' RETURNING model, m, item->'spec'"), '|1.5|{}', '... as they were written');
is(sql("DELETE FROM v WHERE id = 'a' RETURNING tags, item->'more'"), '{x,y}|[7]', 'a DELETE by key returns what it deleted');
is(sql("UPDATE v SET n = n + 1 WHERE n = 1 RETURNING model, item->'more', n"), 'mb|[7]|2', 'an UPDATE of what was read returns the rest, too');
is(sql("WITH w AS (UPDATE v SET n = 5 WHERE id = 'b' RETURNING *) SELECT model, n, c.by FROM w JOIN changes c USING (id)"), 'mb|5|20', 'in a CTE');
is(sql("UPDATE v SET n = v.n + c.by FROM changes c WHERE c.id = v.id RETURNING c.by, v.n, v.model"), '20|25|mb', 'with the columns of a join');
is(sql("DELETE FROM v USING changes c WHERE c.id = v.id RETURNING c.by, v.n, v.tags"), '20|25|{x,y}', '... of a DELETE');
is(sql("INSERT INTO v (id, m, item) VALUES ('c', 2.50, '{\"spec\": {\"model\": \"mc\"}}') RETURNING model, m, item"),
	'mc|2.5|{"m": 2.5, "id": "c", "spec": {"model": "mc"}}', 'an INSERT returns what it wrote');
is(sql("UPDATE v SET item = item WHERE id = 'c' RETURNING model, m"), 'mc|2.5', 'and so does what changes nothing');

# ---- a value that does not fit ---------------------------------------------------------------

# whose column is not asked for: the item is written by then
sql("CREATE FOREIGN TABLE narrow (id text OPTIONS (key 'partition') NOT NULL, m int OPTIONS (on_mismatch 'error'), n int)"
	  . " SERVER fleet OPTIONS (table '$store')");
is(sql("UPDATE narrow SET n = 3 WHERE id = 'c' RETURNING n"), '3', 'of a column that RETURNING does not name');
is(sql("UPDATE narrow SET n = 4 WHERE id = 'c' RETURNING (SELECT max(x) FROM generate_series(1, narrow.n) x)"), '4', '... with a subquery');
is(sql("WITH gone AS (DELETE FROM narrow WHERE id = 'c' RETURNING id, n) SELECT * FROM gone"), 'c|4', '... of what is deleted');
put({ id => { S => 'c' }, m => { N => '2.5' } });
{
	my (undef, undef, $stderr) = $node->psql('postgres', "\\set VERBOSITY verbose\nDELETE FROM narrow WHERE id = 'c' RETURNING *");
	like($stderr, qr/HV004.*"m".*in the item of key \{"id":\{"S":"c"\}\} of "$store"/s, 'of one it names: the item is told');
	like($stderr, qr/1 item written to the store stays written/, '... and that it is deleted');
}

# ---- old and new -----------------------------------------------------------------------------

if ($node->pg_version >= 18)
{
	fresh();
	is(sql("UPDATE v SET n = 2, model = 'new' WHERE id = 'a' RETURNING old.n, new.n, old.model, new.model, old.tags, new.item->'more'"),
		'1|2|ma|new|{x,y}|[7]', 'UPDATE by key: old and new');
	is(sql("UPDATE v SET n = n * 10 WHERE n = 2 RETURNING old.item->>'n', new.item->>'n', n"), '2|20|20', '... from what was read');
	is(sql("UPDATE v SET n = 21 WHERE id = 'none' RETURNING old.n, new.n"), '', '... of no item');
	is(sql("INSERT INTO v (id, n) VALUES ('d', 1) RETURNING old.n IS NULL, old IS NULL, new.n, n"), 't|t|1|1', 'INSERT has nothing old');
	is(sql("DELETE FROM v WHERE id = 'd' RETURNING old.n, new.n IS NULL, new IS NULL, n"), '1|t|t|1', '... and DELETE nothing new');
	is(sql("DELETE FROM v WHERE n = 20 RETURNING old.tags, old.model, new.model IS NULL"), '{x,y}|new|t', '... also of what was read');
	is(sql("UPDATE v SET n = v.n + c.by FROM changes c WHERE c.id = v.id RETURNING WITH (OLD AS o, NEW AS w) o.n, w.n, c.by"), '1|21|20',
		'with other names, of a join');

	# an old value that is returned is what the update replaced, or the race is lost
	sql(<<'END');
CREATE FUNCTION held(int) RETURNS int LANGUAGE plpgsql AS $$
BEGIN
	PERFORM pg_advisory_xact_lock(7);
	RETURN $1;
END $$;
END
	my $race = sub {
		my ($query) = @_;
		fresh();
		my $holder = $node->background_psql('postgres');
		$holder->query_safe('SELECT pg_advisory_lock(7)');
		my $writer = $node->background_psql('postgres', on_error_stop => 0);
		$writer->{stdin} .= "\\set VERBOSITY verbose\n$query;\n\\echo done\n";
		$writer->{run}->pump_nb;
		$node->poll_query_until('postgres', "SELECT count(*) > 0 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
		  or die 'the statement never came to its writing';
		store_api('UpdateItem', {
				TableName => $store, Key => { id => { S => 'a' } }, UpdateExpression => 'SET spec.model = :v',
				ExpressionAttributeValues => { ':v' => { S => 'theirs' } } });
		$holder->query_safe('SELECT pg_advisory_unlock(7)');
		$writer->{run}->pump until $writer->{stdout} =~ /^done$/m;
		$holder->quit;
		my $says = $writer->{stderr} . $writer->{stdout} =~ s/done\n//r;
		$writer->quit;
		return $says;
	};
	my $update = "UPDATE v SET n = held(n + 1) WHERE id = 'a' RETURNING";
	like($race->("$update new.model"), qr/^theirs$/m, 'a new value is the one that is there now');
	like($race->("$update old.model"), qr/40001/, 'an old value that was replaced meanwhile is a lost race');
	like($race->("$update old.item"), qr/40001/, '... also in the document');
	like($race->("$update old"), qr/40001/, '... or the row');
	like($race->("$update old.n, new.n"), qr/^1\|2$/m, '... but not where it is not returned');
}

store_api('DeleteTable', { TableName => $store });
$node->stop;
done_testing();
