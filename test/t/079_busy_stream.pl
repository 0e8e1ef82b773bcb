# A stream that records come to without pause says how far it is nevertheless, through a relay and without: sooner than by
# the minutes that DynamoDB Local's records tell.
use strict;
use warnings;

use PostgreSQL::Test::Utils;
use Test::More;
use YottaFleet;
use YottaTest;

use constant { TRIES => 2, MARKS => 20 };

my $node = new_node('busy_stream');
my $table = unique_name('vehicles');
# one of its own: others would wait for it
my $store = start_service('store');
create_fleet($node, table => $table, store => $store->{url}, topic => unique_name('vehicles'));
create_policy($node, name => 'relayed');
create_policy($node, name => 'followed', direct => 1);
wait_for_index($node, 'the start', undef, $_) foreach qw(relayed followed);

sub sql { return $node->safe_psql('postgres', $_[0]); }

# By the records alone a moment is reached in the minute after the next, or later.
sub reached_within_minute
{
	my ($policy) = @_;
	return sql("SELECT date_trunc('minute', clock_timestamp()) AS minute, yottastore.index_wait('$policy', timeout => '3min') "
		  . '\gset' . "\nSELECT date_trunc('minute', clock_timestamp()) = :'minute'") eq 't';
}

sql(q{ALTER FOREIGN TABLE vehicles OPTIONS (ADD insert_mode 'upsert')});
# About a thousand a second, less than may be read of a shard.
my $writer = $node->background_psql('postgres', on_error_stop => 0);
$writer->query_until(qr/writing/,
	"\\echo writing\nINSERT INTO vehicles SELECT 'v' || n % 500, jsonb_build_object('odo', n) FROM generate_series(1, 100000000) n, LATERAL (SELECT pg_sleep(CASE WHEN n % 25 = 0 THEN 0.02 END)) s;\n");
ok($node->poll_query_until('postgres', "SELECT count(*) = 500 FROM $_"), "$_: there are writes") foreach qw(relayed followed);
foreach my $policy (qw(relayed followed))
{
	my $reached = 0;
	$reached ||= reached_within_minute($policy) foreach 1 .. TRIES;
	ok($reached, "$policy: a moment is reached though writes go on");
}
foreach my $policy (qw(relayed followed))
{
	my $missing = 0;
	foreach my $mark (1 .. MARKS)
	{
		my $seen = sql("INSERT INTO vehicles VALUES ('mark', jsonb_build_object('odo', $mark)); SELECT yottastore.index_wait('$policy', timeout => '3min'); "
			  . "SELECT odometer_km FROM $policy WHERE vehicle_id = 'mark'");
		$missing++ if $seen ne "t\n$mark";
	}
	is($missing, 0, "$policy: and has what was acknowledged before");
	sql("DELETE FROM vehicles WHERE vehicle_id = 'mark'");
}
is(sql(q{SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'INSERT INTO vehicles%'}), 1, 'as they did');
sql(q{SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE query LIKE 'INSERT INTO vehicles%'});
$writer->quit;
foreach my $policy (qw(relayed followed))
{
	# requests of those that were cancelled may be under way to the store
	ok($node->poll_query_until('postgres',
			"SELECT count(*) = 0 FROM vehicles v FULL JOIN $policy i USING (vehicle_id) WHERE (v.item ->> 'odo')::numeric IS DISTINCT FROM i.odometer_km"),
		"$policy is the store");
}

done_testing();
