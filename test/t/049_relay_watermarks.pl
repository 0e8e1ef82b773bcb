# What a relay says of the stream it reads: never more than it knows.  Watermarks beside a store
# whose clock differs, while children of a shard are not listed yet; losses nobody would see;
# a backlog that the store is about to trim.  The streams are played, the broker is real.
use strict;
use warnings;

use JSON::PP;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);
use YottaShards;
use YottaTest;

my $node = new_node('watermarks');
my $shards = YottaShards->new;
my $second = 1_000_000;

create_servers($node, store => $shards->url);

sub query { return $node->safe_psql('postgres', $_[0]); }

# One partition, so that the topic shows in which order everything was produced.
sub create_relay
{
	my ($table) = @_;
	my $brokers = kafka_brokers();
	query(<<"END");
CREATE FOREIGN TABLE $table (id text OPTIONS (key 'partition') NOT NULL)
  SERVER fleet OPTIONS (table '$table');
CREATE SERVER ${table}_changes FOREIGN DATA WRAPPER yottastore_stream
  OPTIONS (brokers '$brokers', topic '$table', format 'dynamodb');
SELECT yottastore.create_relay('$table', '$table', '${table}_changes', 1);
END
	return;
}

sub status_becomes
{
	my ($table, $condition) = @_;
	ok( $node->poll_query_until(
			'postgres', "SELECT $condition FROM yottastore.relay_status WHERE relay = '$table'"),
		"$table: $condition")
	  or diag(query('SELECT * FROM yottastore.relay_status'));
	return;
}

# A topic's messages in order: { n, created } of a change, { watermark } of a watermark, both in
# microseconds, created by the store's clock.
sub produced
{
	my ($table) = @_;
	my @produced;
	foreach my $message (consume($table))
	{
		my %headers = @{ $message->{headers} };
		if (defined $headers{'yottastore-watermark'})
		{
			push @produced, { watermark => $headers{'yottastore-watermark'} };
			next;
		}
		my $change = decode_json($message->{payload})->{dynamodb};
		push @produced,
		  { n => $change->{NewImage}{n}{N}, created => $change->{ApproximateCreationDateTime} * $second };
	}
	return @produced;
}

# Waits for a watermark of a time or later.
sub complete_up_to
{
	my ($table, $time) = @_;
	foreach (1 .. 300)
	{
		return 1 if grep { ($_->{watermark} // 0) >= $time } eval { produced($table) };
		usleep(200_000);
	}
	diag(query('SELECT * FROM yottastore.relay_status'));
	return 0;
}

# Changes made, by our clock, before a watermark that stands before them.
sub promised_too_early
{
	my ($table, $ahead) = @_;
	my ($watermark, @early) = (0);
	foreach my $entry (produced($table))
	{
		$watermark = $entry->{watermark} if ($entry->{watermark} // 0) > $watermark;
		push @early, $entry->{n} if defined $entry->{n} && $entry->{created} - $ahead * $second < $watermark;
	}
	return "@early";
}

sub told_before_the_end
{
	my @produced = produced(@_);
	pop @produced while @produced && !defined $produced[-1]{n};
	return scalar grep { defined $_->{watermark} } @produced;
}

# ---- a store whose clock is ahead of ours ------------------------------------------------------

# a backlog of ten changes a second, the last of them ten seconds ago by our clock
sub backlog
{
	my ($count, $ahead) = @_;
	my $first = time() + $ahead - 10 - $count / 10;
	return map { [ "$_", "k$_", $_, int($first + $_ / 10) ] } 1 .. $count;
}

$shards->set_clock(30);
$shards->describe('ahead', { id => 'a', records => [ backlog(600, 30) ] });
create_relay('ahead');
status_becomes('ahead', 'records_produced = 600');
ok(complete_up_to('ahead', time() * $second), 'a backlog ends with a watermark of our time');
is(promised_too_early('ahead', 30), '', 'no watermark promised what a faster clock has stamped later');
cmp_ok(told_before_the_end('ahead'), '>', 0, 'though there were watermarks on the way');

$shards->set_clock(undef);
$shards->describe('untold', { id => 'u', records => [ backlog(200, 30) ] });
create_relay('untold');
status_becomes('untold', 'records_produced = 200');
ok(complete_up_to('untold', time() * $second), 'a store that does not tell its time has watermarks at its tip');
is(told_before_the_end('untold'), 0, 'and only there');
query("SELECT yottastore.drop_relay('ahead'), yottastore.drop_relay('untold')");
$shards->set_clock(0);

# ---- children that are listed late -------------------------------------------------------------

my %quiet = (id => 'quiet', records => []);
my %ended = (id => 'ended', closed => 1, records => [ [ '1', 'a', 1, time() - 60 ] ]);
$shards->describe('late', \%quiet, \%ended);
create_relay('late');
status_becomes('late', "records_produced = 1 AND finished_shards = 1 AND open_shards = 1");
my $hidden = time();
sleep 3;
$shards->describe('late', \%quiet, \%ended,
	{ id => 'child', parent => 'ended', records => [ [ '2', 'a', 2, $hidden + 1 ] ] });
status_becomes('late', 'records_produced = 2');
is(promised_too_early('late', 0), '', 'what an unlisted child held was not promised');
ok(complete_up_to('late', ($hidden + 4) * $second), 'once it is listed, watermarks go on');
status_becomes('late', "caught_up_at > now() - interval '1 minute' AND seconds_behind < 60");

$shards->describe('late', { id => 'child', parent => 'ended', records => [ [ '2', 'a', 2, $hidden + 1 ] ] },
	{ id => 'grandchild', parent => 'child', records => [] }, { %quiet, closed => 1 });
status_becomes('late', 'waiting_shards = 1 AND open_shards = 1');

# a split of which one half is listed before the other
my %split = (id => 'split', closed => 1, records => [ [ '1', 'a', 1, time() - 60 ] ]);
my %left = (id => 'left', parent => 'split', records => [ [ '2', 'a', 2, time() - 50 ] ]);
$shards->describe('twins', \%split, \%left);
create_relay('twins');
status_becomes('twins', 'records_produced = 2');
$hidden = time();
sleep 2;
$shards->describe('twins', \%split, \%left, { id => 'right', parent => 'split', records => [ [ '2', 'b', 3, $hidden + 1 ] ] });
status_becomes('twins', 'records_produced = 3');
is(promised_too_early('twins', 0), '', 'what the other half of a split held was not promised');
ok(complete_up_to('twins', ($hidden + 2) * $second), 'once both are listed, watermarks go on');

# ---- changes trimmed from a shard that had shown none ------------------------------------------

my @four = map { [ "5$_", 'b', $_, time() - 60 ] } 1 .. 4;
$shards->describe('silent', { id => 'silent', start => '50', records => [] });
create_relay('silent');
status_becomes('silent', "phase = 'LIVE' AND caught_up_at IS NOT NULL AND losses = 0");
$shards->describe('older', { id => 'older', start => '50', trimmed => 2, records => \@four });
create_relay('older');
status_becomes('older', "records_produced = 2");
$shards->describe('forsaken', { id => 'forsaken', records => [] });
create_relay('forsaken');
status_becomes('forsaken', "phase = 'LIVE' AND caught_up_at IS NOT NULL");

query('SELECT yottastore.stop_workers()');
ok( $node->poll_query_until('postgres',
		"SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type LIKE 'yottastore%'"),
	'the relays stop');
$shards->describe('silent', { id => 'silent', start => '50', trimmed => 2, records => \@four });
query("UPDATE yottastore_internal.relay SET read_to = now() - interval '25 hours' WHERE name = 'forsaken'");
query('SELECT yottastore.start_workers()');
status_becomes('silent', "records_produced = 2 AND losses = 1 AND last_loss LIKE 'shard silent: %trimmed%'");
status_becomes('forsaken', "losses = 1 AND last_loss LIKE '%longer than it keeps%'");
status_becomes('older', "losses = 0 AND phase = 'LIVE' AND restarts > 0");

# ---- a backlog that is about to be trimmed -----------------------------------------------------

my $from = -s $node->logfile;
$shards->describe('aging',
	{ id => 'aging', records => [ map { [ "$_", 'c', $_, time() - 20 * 3600 ] } 1 .. 300 ] });
create_relay('aging');
ok($node->wait_for_log(qr/relay "aging" may soon lose changes: .* 20 hours old.* 24 hours/, $from),
	'a backlog that is nearly too old is warned of');
status_becomes('aging', "records_produced = 300 AND reason IS NULL AND caught_up_at IS NOT NULL");

$node->stop;
done_testing();
