# A disk that is full: the policy whose table is there pauses and says so, others go on, and when there is
# room again nothing has been lost. The disk is a small one that ci/run-tap mounts.
use strict;
use warnings;

use File::Temp;
use Test::More;
use YottaFleet;
use YottaTest;

use constant EVENTS => 6_000;

my $disk = $ENV{YS_TEST_SMALL_DISK};
die('there is no small disk: ci/run-tap could not mount one') unless defined $disk && -d $disk;
my $folder = File::Temp->newdir('disk_full.XXXXXX', DIR => $disk);
mkdir "$folder/tablespace" or die "$folder/tablespace: $!";

my $node = new_node('disk_full');
my ($table, $topic) = (unique_name('vehicles'), unique_name('vehicles'));
sub query { my ($sql) = @_; return $node->safe_psql('postgres', $sql); }

produce($topic, 'none', '{"there": "before the policies"}', partition => 0);
create_documents($node, table => $table, topic => $topic);
query("CREATE TABLESPACE small LOCATION '$folder/tablespace'");
foreach my $policy (qw(on_small on_large))
{
	my $move = $policy eq 'on_small' ? 'ALTER TABLE on_small SET TABLESPACE small; ALTER INDEX on_small_pkey SET TABLESPACE small;' : '';
	query(<<"END");
BEGIN;
SELECT yottastore.create_index_policy('$policy', 'vehicles', 'fleet_changes',
  fields => ARRAY[yottastore.field('kind', 'text', ARRAY['kind'])]);
$move
COMMIT;
END
}

$node->poll_query_until('postgres', "SELECT count(*) = 2 FROM yottastore.index_policies WHERE phase = 'LIVE'") or die('not live');

my $written = 0;

sub send_events
{
	my ($count) = @_;
	my $text = 'x' x 1000;
	produce_many($topic, [ map { [ "v$_", sprintf('{"kind":"%d %s"}', $written++, $text) ] } 1 .. $count ], partition => 0);
	return;
}
sub waits
{
	my ($policy, $what) = @_;
	is(query("SELECT yottastore.index_wait('$policy', timeout => '60 s')"), 't', "$policy caught up: $what");
	return;
}
sub differing
{
	return query('SELECT count(*) FROM on_small s FULL JOIN on_large l USING (id) WHERE s.kind IS DISTINCT FROM l.kind');
}

send_events(100);
waits($_, 'while there is room') foreach qw(on_small on_large);
is(query("SELECT string_agg(COALESCE(t.spcname, 'none'), ' ') FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid LEFT JOIN pg_tablespace t ON t.oid = c.reltablespace WHERE i.inhparent IN ('on_small'::regclass, 'on_small_pkey'::regclass)"),
	'small small', 'partitions are where their index table is, on the small disk');

# ---- full ----------------------------------------------------------------------------------------

my $filler = "$folder/filler";
open(my $handle, '>', $filler) or die "$filler: $!";
my $chunk = "\0" x 65536;
while (defined syswrite($handle, $chunk)) { }
ok($!{ENOSPC}, 'the disk is full');
truncate($handle, (-s $handle) - 2 * 1024 * 1024) or die "$filler: $!";
close $handle;

send_events(EVENTS);
ok($node->poll_query_until('postgres', "SELECT phase = 'PAUSED' FROM yottastore.index_policies WHERE policy = 'on_small'"),
	'the policy pauses');
like(query("SELECT reason FROM yottastore.index_policies WHERE policy = 'on_small'"),
	qr/^could not extend file ".*: No space left on device$/, 'and says why');
waits('on_large', 'it is not held up');
is(query('SELECT count(*) FROM on_large'), EVENTS, 'it has all rows');
cmp_ok(query('SELECT count(*) FROM on_small'), '<', EVENTS, 'of which the other lacks some');
is(query("SELECT count(*) FROM yottastore.quarantine"), '0', 'no event is blamed');

query("SELECT yottastore.resume_index_policy('on_small')");
ok($node->poll_query_until('postgres', "SELECT phase = 'PAUSED' FROM yottastore.index_policies WHERE policy = 'on_small'"),
	'resumed too early, it pauses again');
send_events(10);
waits('on_large', 'which goes on meanwhile');

# ---- room again ----------------------------------------------------------------------------------

unlink $filler or die "$filler: $!";
query("SELECT yottastore.resume_index_policy('on_small')");
waits('on_small', 'with room again');
is(query('SELECT count(*) FROM on_small'), EVENTS, 'it has all rows');
is(differing(), '0', 'with the last of each');
is(query('SELECT string_agg(DISTINCT phase, $$ $$) FROM yottastore.index_policies WHERE reason IS NULL'), 'LIVE', 'both are live');
is(query('SELECT sum(events_quarantined) FROM yottastore.index_policies'), '0', 'nothing was lost');

query("SELECT yottastore.drop_index_policy('on_small'); DROP TABLESPACE small");
$node->stop;
store_api('DeleteTable', { TableName => $table });
done_testing();
