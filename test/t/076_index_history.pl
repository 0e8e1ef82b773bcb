# Queries through the index while others write: no row is returned that was not so when it was read, and
# none is missing that was so for longer than the index may be behind. Both are checked by a history of all
# writes.
use strict;
use warnings;

use POSIX ();
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time sleep);
use YottaFleet;
use YottaTest;

use constant { ITEMS => 200, KINDS => 4, SECONDS => 18 };

my $seed = $ENV{YS_TEST_SEED} // int time;
srand $seed;
note "seed $seed (YS_TEST_SEED)";

my $node = new_node('index_history');
my $table = unique_name('vehicles');
create_fleet($node, table => $table, relay => 0);
my $history = "$PostgreSQL::Test::Utils::tmp_check/history_$$";

sub sql { return $node->safe_psql('postgres', $_[0]); }

# An item's kind, or its deletion, and when the write began and was acknowledged.
sub write_item
{
	my ($log) = @_;
	my ($id, $kind) = (sprintf('v%03d', rand ITEMS), rand() < 0.1 ? 'none' : 'k' . int rand KINDS);
	my $began = time;
	$kind eq 'none' ? delete_vehicle($table, $id)
	  : put_vehicle($table, $id, { type => { S => $kind }, pos => { M => { lat => { N => '5' }, lon => { N => int(rand 3) * 10 + 2 } } } });
	syswrite $log, sprintf "%s %s %.6f %.6f\n", $id, $kind, $began, time;
	return;
}

open my $log, '>>', $history or die $!;
write_item($log) foreach 1 .. 2 * ITEMS;
create_policy($node, direct => 1);
wait_for_index($node, 'the start');
sql("SELECT yottastore.add_index_columns('vehicle_service')");
sql('ANALYZE vehicle_service');

my $until = time + SECONDS;
my $writer = fork // die $!;
if ($writer == 0)
{
	srand $seed + 1;
	while (time < $until)
	{
		write_item($log);
		sleep 0.008;
	}
	# what the parent has begun is its own to end
	POSIX::_exit(0);
}

# ---- queries ---------------------------------------------------------------------------------------

my @queries;
my %by = (index => 0, scan => 0);
my $stops = 0;
while (time < $until)
{
	if ($stops == 0 && time > $until - SECONDS / 2)
	{
		sql('SELECT yottastore.stop_workers()');
		$stops++;
	}
	elsif ($stops == 1 && time > $until - SECONDS / 3)
	{
		sql('SELECT yottastore.start_workers()');
		$stops++;
	}
	my $staleness = (0, 0.3, 2)[ int rand 3 ];
	my $kind = 'k' . int rand KINDS;
	my $set = sprintf "SET yottastore.max_staleness = '%dms'; SET yottastore.staleness_timeout = '700ms'; SET enable_seqscan = off", $staleness * 1000;
	my $condition = rand() < 0.5 ? "kind = '$kind'" : "kind = '$kind' AND area IS NOT NULL";
	my $began = time;
	my $rows = sql("$set; SELECT vehicle_id FROM vehicles WHERE $condition");
	push @queries, { began => $began, ended => time, staleness => $staleness, kind => $kind, rows => { map { $_ => 1 } split /\n/, $rows } };
	next if rand() < 0.5;
	my $plan = sql("$set; EXPLAIN (ANALYZE, TIMING OFF, COSTS OFF) SELECT vehicle_id FROM vehicles WHERE $condition");
	$by{ $plan =~ /Index Not Used/ ? 'scan' : 'index' }++;
}
waitpid $writer, 0;
is($?, 0, 'the writer has ended well');

# ---- what they must have been ----------------------------------------------------------------------

my %writes;
foreach (split /\n/, slurp_file($history))
{
	my ($id, $kind, $began, $acknowledged) = split / /;
	push @{ $writes{$id} }, { kind => $kind, began => $began, acknowledged => $acknowledged };
}

# Was the item of this kind at some moment from the query's begin to its end? A write counts from when it began, and until the
# next was acknowledged.
sub may_have_been
{
	my ($query, $id) = @_;
	my $of = $writes{$id};
	foreach my $i (0 .. $#$of)
	{
		my $end = $i < $#$of ? $of->[ $i + 1 ]{acknowledged} : 9e99;
		return 1 if $of->[$i]{kind} eq $query->{kind} && $of->[$i]{began} <= $query->{ended} && $end >= $query->{began};
	}
	return 0;
}

# Was it of this kind all the time, from longer ago than the index may be behind to the query's end?
sub must_be_found
{
	my ($query, $id) = @_;
	my $since = $query->{began} - $query->{staleness};
	my ($last) = grep { $_->{acknowledged} <= $since } reverse @{ $writes{$id} };
	return defined $last && $last->{kind} eq $query->{kind} &&
	  !grep { $_->{acknowledged} > $since && $_->{began} < $query->{ended} } @{ $writes{$id} };
}

my ($wrong, $missing, $found, $due) = (0, 0, 0, 0);
foreach my $query (@queries)
{
	foreach my $id (keys %{ $query->{rows} })
	{
		$found++;
		next if may_have_been($query, $id);
		$wrong++;
		diag("$id was not $query->{kind} from $query->{began} to $query->{ended}");
	}
	foreach my $id (keys %writes)
	{
		next unless must_be_found($query, $id);
		$due++;
		next if $query->{rows}{$id};
		$missing++;
		diag("$id was $query->{kind} from before $query->{began} less $query->{staleness} s, and not found");
	}
}
my $writes = map { @$_ } values %writes;
note "$writes writes; " . @queries . " queries, by index $by{index}, by scan $by{scan}; $found rows found, $due due";
cmp_ok($due, '>', 100, 'there is something to find');
cmp_ok($by{index}, '>', 0, 'the index answers');
cmp_ok($by{scan}, '>', 0, 'and is left when it is behind');
is($wrong, 0, 'no row is returned that was not so');
is($missing, 0, 'none is missing that was so long enough');

unlink $history;
store_api('DeleteTable', { TableName => $table });
$node->stop;
done_testing();
