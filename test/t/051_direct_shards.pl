# Policies without Kafka over a stream as the service documents it but the local store never shows
# it: shards that split, empty pages, iterators that expire, throttling, trimming, shards that are
# forgotten. Played by a scripted responder.
use strict;
use warnings;

use PostgreSQL::Test::Utils;
use Test::More;
use YottaShards;
use YottaTest;

my $node = new_node('direct_shards');
my $shards = YottaShards->new;
my $past = time() - 3600;
create_servers($node, store => $shards->url);

sub query { return $node->safe_psql('postgres', $_[0]); }

sub create_table
{
	my ($table) = @_;
	query("CREATE FOREIGN TABLE $table (id text OPTIONS (key 'partition') NOT NULL) "
		  . "SERVER fleet OPTIONS (table '$table')");
	return;
}

sub create_policy
{
	my ($name, $table) = @_;
	query("SELECT yottastore.create_index_policy('$name', '$table', "
		  . "fields => ARRAY[yottastore.field('n', 'numeric', ARRAY['n'])])");
	return;
}

sub comes
{
	my ($sql, $what) = @_;
	ok($node->poll_query_until('postgres', $sql), $what)
	  or diag(query("SELECT row_to_json(p) FROM yottastore.index_policies p UNION ALL "
			  . "SELECT row_to_json(s) FROM yottastore_internal.shard_position s"));
	return;
}

# Waits until a policy's rows are "key=n ...".
sub rows_become
{
	my ($policy, $expected, $what) = @_;
	comes("SELECT string_agg(id || '=' || n, ' ' ORDER BY id) = '$expected' FROM $policy", $what);
	return;
}

sub restart_workers
{
	query('SELECT yottastore.stop_workers()');
	comes("SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type LIKE 'yottastore%'", 'workers end');
	query('SELECT yottastore.start_workers()');
	return;
}

# ---- shards that split, trouble on the way -------------------------------------------------------

# Sequence numbers of children are lower than their parents': only generations order them.
my $grandchild = { id => 'grandchild', parent => 'left', records => [ [ '7', 'a', 7, $past + 30 ] ] };
my $left = { id => 'left', parent => 'root', closed => 1,
	records => [ [ '210', 'a', 4, $past + 20 ], [ '220', 'a', 5, $past + 21 ] ] };
my $right = { id => 'right', parent => 'root', closed => 1, records => [ [ '50', 'b', 6, $past + 22 ] ] };
my $root = { id => 'root', parent => 'trimmed long ago', closed => 1,
	records => [
		[ '100000000000000000000000000001', 'a', 1, $past ],
		[ '100000000000000000000000000002', 'b', 2, $past + 1 ],
		[ '100000000000000000000000000010', 'a', 3, $past + 10 ] ] };
$shards->describe('split', $grandchild, $left, $right, $root);
$shards->fail('split', 'GetRecords', 'ExpiredIteratorException', 'LimitExceededException', 'ExpiredIteratorException');
create_table('split');
create_policy('split_one', 'split');
rows_become('split_one', 'a=7 b=6', 'the newest of each item, whatever their numbers');
comes(q{SELECT count(*) = 3 FROM yottastore_internal.shard_position WHERE finished}, 'shards are read to their ends');
is(query("SELECT events FROM yottastore.index_stats WHERE policy = 'split_one'"), 7, 'each record once');
is( query(q{SELECT string_agg(shard_id || ' ' || generation - (SELECT min(generation) FROM yottastore_internal.shard_position)
	|| CASE WHEN finished THEN ' finished' ELSE '' END, ', ' ORDER BY shard_id) FROM yottastore_internal.shard_position}),
	'grandchild 2, left 1 finished, right 1 finished, root 0 finished', 'generations grow from parent to child');

restart_workers();
$grandchild->{closed} = 1;
push @{ $grandchild->{records} }, [ '8', 'c', 8, $past + 31 ];
$shards->describe('split', $grandchild, $left, $right, $root,
	{ id => 'last', parent => 'grandchild', records => [ [ '1', 'a', 9, $past + 40 ], [ '2', 'c', 10, $past + 41 ] ] });
rows_become('split_one', 'a=9 b=6 c=10', 'a shard that ends while it is followed, and its child');
is(query("SELECT events FROM yottastore.index_stats WHERE policy = 'split_one'"), 10,
	'nothing twice after a restart');

# ---- shards that are forgotten -------------------------------------------------------------------

my $last = { id => 'last', parent => 'grandchild', records => [ [ '1', 'a', 9, $past + 40 ], [ '2', 'c', 10, $past + 41 ] ] };
$shards->describe('split', $last);
restart_workers();
push @{ $last->{records} }, [ '3', 'b', 11, $past + 50 ];
$shards->describe('split', $last);
rows_become('split_one', 'a=9 b=11 c=10', 'it goes on without them');
is(query('SELECT string_agg(shard_id, \' \') FROM yottastore_internal.shard_position'), 'last', 'and forgets them, too');

# ---- records that are trimmed --------------------------------------------------------------------

create_policy('split_two', 'split');
comes("SELECT phase = 'LIVE' FROM yottastore.index_policies WHERE policy = 'split_two'", 'another policy');
query("SELECT yottastore.pause_index_policy('split_two')");
push @{ $last->{records} }, [ '4', 'a', 12, $past + 60 ], [ '5', 'a', 13, $past + 61 ];
$shards->describe('split', $last);
rows_become('split_one', 'a=13 b=11 c=10', 'one is paused, the other goes on');
$last->{trimmed} = 4;
$shards->describe('split', $last);
query("SELECT yottastore.resume_index_policy('split_two')");
comes("SELECT phase = 'INCOMPLETE' AND reason ~ 'shard last: .*trimmed' FROM yottastore.index_policies WHERE policy = 'split_two'",
	'what was trimmed before a policy had seen it is said');
push @{ $last->{records} }, [ '6', 'b', 14, $past + 70 ];
$shards->describe('split', $last);
rows_become('split_one', 'a=13 b=14 c=10', 'and is nothing to who had seen it');
is(query("SELECT phase FROM yottastore.index_policies WHERE policy = 'split_one'"), 'LIVE', 'which stays live');

# ---- shards that come and go unread --------------------------------------------------------------

my $begun = { id => 'begun', records => [ [ '1', 'a', 1, $past ] ] };
my $later = { id => 'later', parent => 'begun', records => [] };
$shards->describe('unread', $begun);
create_table('unread');
create_policy('unread_one', 'unread');
rows_become('unread_one', 'a=1', 'a shard is read');
$begun->{closed} = 1;
$shards->describe('unread', $begun, $later);
comes(q{SELECT EXISTS (SELECT FROM yottastore_internal.shard_position WHERE shard_id = 'later' AND checkpoint IS NULL AND NOT finished)},
	'what there is to read is known before there is anything in it');
query('SELECT yottastore.stop_workers()');
comes("SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type LIKE 'yottastore%'", 'workers end');
my $youngest = { id => 'youngest', parent => 'between', records => [ [ '1', 'a', 3, $past + 20 ] ] };
$shards->describe('unread', $youngest);
query('SELECT yottastore.start_workers()');
my $phase = q{FROM yottastore.index_policies WHERE policy = 'unread_one'};
comes("SELECT phase = 'INCOMPLETE' AND reason ~ 'shard later: the store forgot it.*index_resync_start' $phase", 'and missed when it is gone');
query(q{SELECT yottastore.index_resync_start('unread_one')});
rows_become('unread_one', 'a=3', 'a resync begins where the store does');
comes("SELECT phase = 'LIVE' $phase", 'and mends it');
push @{ $youngest->{records} }, [ '2', 'b', 4, $past + 30 ], [ '3', 'a', 5, $past + 31 ];
$shards->describe('unread', $youngest);
rows_become('unread_one', 'a=5 b=4', 'which goes on');

$node->stop;
done_testing();
