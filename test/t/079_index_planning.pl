# What plans have to do with an index: when they are made anew, which locks they take, and what is said of the
# index where the store is not to be scanned.
use strict;
use warnings;

use PostgreSQL::Test::Utils;
use Test::More;
use YottaFleet;
use YottaTest;

my $node = new_node('index_planning', conf => 'plan_cache_mode = force_generic_plan');
my $table = unique_name('vehicles');
create_fleet($node, table => $table, relay => 0);

sub sql { return $node->safe_psql('postgres', $_[0]); }
sub fails { my ($code, $out, $error) = $node->psql('postgres', $_[0]); return $error; }

my $put = q{INSERT INTO vehicles (vehicle_id, item) SELECT %s || i, jsonb_build_object('type', %s, 'pos', jsonb_build_object('lat', 5, 'lon', 5)) FROM generate_series(1, %d) i};
sql(sprintf $put, q{'v'}, q{'car'}, 1500);
create_policy($node, direct => 1);
wait_for_index($node, 'the start');
sql(q{SELECT yottastore.add_index_columns('vehicle_service'); ANALYZE vehicle_service});

# ---- plans that are kept -------------------------------------------------------------------------

{
	my $session = $node->background_psql('postgres');
	my $kept = sub { return $session->query_safe('EXPLAIN EXECUTE q(\'car\')') =~ /Index Policy/ ? 'index' : 'store'; };
	$session->query_safe('PREPARE q(text) AS SELECT vehicle_id FROM vehicles WHERE kind = $1');
	is($kept->(), 'store', 'all vehicles are of one kind: a Scan is cheaper');
	sql(sprintf $put, q{'w'}, q{'kind' || i}, 1500);
	wait_for_index($node, 'many kinds');
	sql('ANALYZE vehicle_service');
	is($kept->(), 'index', 'a plan that scans the store is made anew when the index table is analyzed');
	my $below = sub { return $session->query_safe('EXPLAIN EXECUTE q(\'car\')') =~ /(Seq|Index|Bitmap) (?:Only )?(?:Heap )?Scan.* on vehicle_service_a/ ? $1 : 'none'; };
	is($below->(), 'Seq', 'it reads all of the index table');
	sql('CREATE INDEX by_kind ON vehicle_service (kind)');
	isnt($below->(), 'Seq', '... until that gets an index');
	sql('DROP INDEX by_kind');
	is($below->(), 'Seq', '... and when that is gone');
	sql('ALTER TABLE vehicle_service RENAME COLUMN kind TO kinds');
	is($kept->(), 'store', '... when a column that it looks up is renamed');
	sql('ALTER TABLE vehicle_service RENAME COLUMN kinds TO kind');
	is($kept->(), 'index', '... and when it is there again');
	sql('ALTER TABLE vehicle_service RENAME COLUMN vehicle_id TO id');
	is($kept->(), 'index', 'what the key is called there does not matter');
	is(sql(q{SELECT vehicle_id FROM vehicles WHERE kind = 'kind7'}), 'w7', '... and items are found');
	sql('ALTER TABLE vehicle_service RENAME COLUMN id TO vehicle_id');
	$session->quit;
}

# ---- locks ---------------------------------------------------------------------------------------

{
	my $locker = $node->background_psql('postgres');
	$locker->query_safe('BEGIN; LOCK TABLE vehicle_service IN ACCESS EXCLUSIVE MODE');
	my $count = sub { my ($query) = @_; return (split /\n/, sql("SET lock_timeout = '2s'; SELECT count(*) FROM ($query) q"))[-1]; };
	is($count->(q{SELECT kind FROM vehicles WHERE vehicle_id = 'v4'}), 1, 'who asks by the key does not wait for the index table');
	is($count->(q{SELECT vehicle_id, kind FROM vehicles ORDER BY kind}), 3000, '... nor who asks for all that there is');
	is($count->(q{SELECT vehicle_id, kind FROM vehicles ORDER BY vehicle_id LIMIT 5}), 5, '... or for the first by what it does not know better');
	is($count->(q{SELECT vehicle_id, kind FROM vehicles WHERE vehicle_id > 'w' AND item->>'type' <> 'car'}), 1500, '... or by columns that are not computed');
	like(fails("SET lock_timeout = '100ms'; $_"), qr/lock timeout/, "but who asks by what it knows: $_") foreach
	  q{SELECT vehicle_id FROM vehicles WHERE kind = 'car'}, q{SELECT vehicle_id FROM vehicles ORDER BY kind LIMIT 5};
	$locker->query_safe('COMMIT');
	$locker->quit;
}

# ---- what is said --------------------------------------------------------------------------------

sql('ALTER FOREIGN TABLE vehicles ADD COLUMN type text');
my $vans = q{SELECT vehicle_id FROM vehicles WHERE kind = 'kind1' AND type IN ('kind1', 'other')};
like(sql("EXPLAIN $vans"), qr/BatchGetItem or Scan.*Store Filter/s, 'what is sent with a Scan is shown where one may be');
my $explain = 'EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF)';
unlike(sql("$explain $vans"), qr/Store (?:Filter|Segments)/, '... and not where the index has answered');
like(sql("SET yottastore.index_scan = off; $explain $vans"), qr/Store Filter/, '... but where it has not');

sql(q{ALTER FOREIGN TABLE vehicles OPTIONS (ADD allow_scan 'off')});
sub refused { my ($query, $why, $what) = @_; return like(fails($query), qr/scanning store table .* is not allowed\nDETAIL: .* would be read\. $why/, $what); }
is(sql($vans), 'w1', 'an index answers where no Scan is allowed');
like(sql("EXPLAIN $vans"), qr/Store Operation: BatchGetItem$/m, '... and no Scan is named');
refused("SET yottastore.index_scan = off; $vans", qr/Indexes of policies are not used: "yottastore.index_scan" is off\.\nHINT:\s+Set yottastore\.index_scan to on\. Or add/, 'when it may not, that is said');
refused($_, qr/No policy's index answers: there is no condition that it looks up, and no order/, "when it can't: $_") foreach
  q{SELECT vehicle_id FROM vehicles}, q{SELECT vehicle_id FROM vehicles WHERE vehicle_id > 'v'}, q{SELECT vehicle_id FROM vehicles WHERE kind = 'kind1' OR type = 'other'};
sql(q{SELECT yottastore.pause_index_policy('vehicle_service')});
refused($vans, qr/The index of policy "vehicle_service" is not used: it is PAUSED: paused by request\.\nHINT:\s+Call yottastore\.resume_index_policy .*\. Or add a condition on partition key/,
	"when it isn't fit");
sql(q{SELECT yottastore.resume_index_policy('vehicle_service')});
wait_for_index($node, 'resumed');
refused("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1 FROM pg_class LIMIT 1; SELECT pg_sleep(0.1); SET yottastore.max_staleness = 0; $vans",
	qr/The index of policy "vehicle_service" is not used: it is complete up to .* before what is asked for/, '... or behind');
sql(q{ALTER FOREIGN TABLE vehicles OPTIONS (DROP allow_scan)});

# ---- partitions that a plan does not know ---------------------------------------------------------

# Many at once, and in this session, whose own writes count.
sql(q{ALTER FOREIGN TABLE vehicles OPTIONS (ADD insert_mode 'upsert')});
my $many = q{INSERT INTO vehicles (vehicle_id, item) SELECT 'x' || i, '{"type": "many", "pos": {"lat": 5, "lon": 15}}' FROM generate_series(1, 10001) i};
like(planned_before($node, 'vehicle_service', $many, "$explain $vans"), qr/rows=1\b.*Index Not Used: its index table got partitions with over 10000 rows after the query was planned/s,
	'a new partition with many rows is for another plan');
like(sql("$explain $vans"), qr/rows=1\b.*Index Keys: 1\b/s, '... which is made for the next statement');

store_api('DeleteTable', { TableName => $table });
$node->stop;
done_testing();
