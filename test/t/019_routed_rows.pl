# Partitioned tables whose partitions are foreign tables: rows routed into what the statement reads.
use strict;
use warnings;

use PostgreSQL::Test::Utils;
use Test::More;
use YottaTest;

my $node = new_node('routed', conf => "work_mem = '64kB'\n");
create_servers($node);
my @stores = map { unique_name('routed') } 1 .. 2;

sub sql { return $node->safe_psql('postgres', $_[0]); }

sub sql_says
{
	my ($code, $output, $error) = $node->psql('postgres', "\\set VERBOSITY verbose\n$_[0]");
	return $error;
}

sql("CREATE TABLE p (id text, kind text, n int, pad text) PARTITION BY LIST (kind)");
sql("CREATE TABLE p_local PARTITION OF p FOR VALUES IN ('a')");
sql(<<"END") foreach 0, 1;
SELECT yottastore.create_store_table('fleet', '$stores[$_]', 'id', stream => false);
CREATE FOREIGN TABLE p_$_ (id text OPTIONS (key 'partition') NOT NULL, kind text, n int, pad text)
	SERVER fleet OPTIONS (table '$stores[$_]', consistency 'strong');
ALTER TABLE p ATTACH PARTITION p_$_ FOR VALUES IN ('s$_');
END

# several pages of each kind
sql("INSERT INTO p SELECT kind || i, kind, i, repeat('x', 3000) FROM generate_series(1, 600) i, unnest(ARRAY['a', 's0', 's1']) kind");
sql('CREATE TABLE copy AS SELECT * FROM p');

# The same statement on a local table, with the same result.
sub same_write
{
	my ($statement, $count) = @_;
	(my $local = $statement) =~ s/\bp\b(?!\.)/copy/g;
	my @returned = map { sql($_) } $statement, $local;
	is($returned[0], $returned[1], "returned: $statement") if $statement =~ /RETURNING/;
	my ($there, $here) = map { "SELECT id, kind, n, length(pad) FROM $_" } qw(p copy);
	is(sql("SELECT count(*) FROM (($there EXCEPT ALL $here) UNION ALL ($here EXCEPT ALL $there)) x"), 0, $statement);
	return;
}
same_write("INSERT INTO p SELECT id || '+', kind, n, pad FROM p");
same_write("INSERT INTO p (id, kind, n) SELECT id || '-', 's1', n FROM p WHERE kind <> 'a' AND n < 50");
same_write("WITH i AS (INSERT INTO p (id, kind, n) SELECT id || '*', 's0', n FROM p WHERE n <= 3 RETURNING id, n) SELECT count(*), sum(n), min(id) FROM i");
same_write("INSERT INTO p (id, kind, n) SELECT id || '/' || (SELECT count(*) FROM p x WHERE x.n = o.n), 's1', o.n FROM p o WHERE o.n = 7 RETURNING id LIKE '%/%'");
same_write("WITH gone AS (DELETE FROM p WHERE n = 5 RETURNING *) INSERT INTO p SELECT id || '!', kind, n, pad FROM gone");
same_write("INSERT INTO p (id, kind, n) SELECT 'new' || i, 's0', i FROM generate_series(1, 20) i");

# rows that move are not met again
same_write("UPDATE p SET kind = 's1', n = n + 1000 WHERE kind IN ('a', 's1') AND n <= 100");
is(sql("SELECT count(*) FROM p WHERE n > 2000"), 0, 'each was changed once');

# a direct target counts in a subquery what it gets
sql("CREATE FOREIGN TABLE f (id text OPTIONS (key 'partition') NOT NULL, n int) SERVER fleet OPTIONS (table '$stores[0]', consistency 'strong')");
sql("INSERT INTO f SELECT 'count' || i, (SELECT count(*) FROM f x WHERE x.id = 'count' || (i - 1)) FROM generate_series(1, 40) i");
is(sql("SELECT sum(n) FROM f WHERE id LIKE 'count%'"), 0, 'a count does not see what is being written');

# ---- what can't wait -------------------------------------------------------------------------

my $before = sql('SELECT count(*) FROM p');
my $says = sql_says("INSERT INTO p SELECT id || '?', kind, n, pad FROM p WHERE kind = 's0' ON CONFLICT DO NOTHING");
like($says, qr/0A000.*a partition that the statement reads, with ON CONFLICT DO NOTHING/, 'ON CONFLICT DO NOTHING is refused');
like($says, qr/HINT:.*temporary table/, '... with a way out');
sql(<<'END');
CREATE FUNCTION after_row() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
CREATE TRIGGER t AFTER INSERT ON p FOR EACH STATEMENT EXECUTE FUNCTION after_row();
END
like(sql_says("INSERT INTO p SELECT id || '?', kind, n, pad FROM p WHERE kind = 's0'"), qr/0A000.*a trigger that fires after INSERT/,
	'... and a trigger');
is(sql('SELECT count(*) FROM p'), $before, '... before anything is written');
is(sql("INSERT INTO p (id, kind) SELECT 'other' || n, 's0' FROM p WHERE kind = 's1' AND n <= 3 ON CONFLICT DO NOTHING RETURNING 1") =~ tr/1//,
	sql("SELECT count(*) FROM p WHERE id LIKE 'other%'"), 'both are allowed when another partition is read');
sql('DROP TRIGGER t ON p; CREATE TRIGGER t AFTER UPDATE ON p FOR EACH STATEMENT EXECUTE FUNCTION after_row()');
like(sql_says("UPDATE p SET kind = 's0' WHERE n = 200"), qr/0A000.*a trigger that fires after UPDATE/, '... also when rows are moved');
is(sql('SELECT count(*) FROM p_local WHERE n = 200'), 2, '... before anything is written');
sql('DROP TRIGGER t ON p');

# what an UPDATE moves is there when its trigger fires
sql(<<'END');
CREATE TABLE seen (operation text, count bigint);
CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS $$
	BEGIN INSERT INTO seen SELECT TG_OP, count(*) FROM p_0 WHERE id LIKE 'move%'; RETURN NULL; END $$;
CREATE TRIGGER t AFTER UPDATE ON p FOR EACH STATEMENT EXECUTE FUNCTION see();
CREATE TRIGGER none AFTER INSERT ON p FOR EACH STATEMENT EXECUTE FUNCTION after_row();
INSERT INTO p_local (id, kind) SELECT 'move' || i, 'a' FROM generate_series(1, 60) i;
UPDATE p SET kind = 's0' WHERE kind = 'a' AND id LIKE 'move%';
END
is(sql('SELECT operation, count FROM seen'), 'UPDATE|60', 'an AFTER UPDATE trigger sees all rows that were moved');
sql('DROP TRIGGER t ON p; DROP TRIGGER none ON p');
like(sql_says("INSERT INTO p SELECT id, kind, n, pad FROM p WHERE kind = 's0' AND n < 5"), qr/23505.*duplicate key/,
	'a duplicate shows at the end');
like(sql_says("BEGIN; INSERT INTO p SELECT id || '#', kind, n, '' FROM p WHERE kind = 's0' AND n = 9; ROLLBACK"),
	qr/WARNING:.*\d+ items? written to the store stays? written/, 'what was kept is counted when it is written');

store_api('DeleteTable', { TableName => $_ }) foreach @stores;
$node->stop;
done_testing();
