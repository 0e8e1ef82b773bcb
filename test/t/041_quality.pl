# What became of values is counted with the rows they are of: once, whatever is delivered twice,
# comes too late or is killed on the way.
use strict;
use warnings;

use JSON::PP;
use PostgreSQL::Test::Utils;
use Test::More;
use YottaFleet;
use YottaTest;

my $node = new_node('quality', conf => 'restart_after_crash = on');
my $table = unique_name('vehicles');
my $topic = unique_name('vehicles');
create_fleet($node, table => $table, topic => $topic, relay => 0);
produce($topic, undef, 'there before the policy: not its business');

put_vehicle($table, 'b1', { odo => { S => '12,345' }, day => { S => '02/01/2024' }, where => { S => '5,5' } });
put_vehicle($table, 'b2', { km => { N => '7' }, day => { S => 'never' }, where => { S => '99,5' } });
put_vehicle($table, 'b3', { odo => { S => 'seven' }, km => { N => '8' }, where => { S => '50,50' } });
$node->safe_psql('postgres', <<'END');
SELECT yottastore.create_index_policy('vehicle_service', 'vehicles', 'fleet_changes', fields => ARRAY[
  yottastore.field('odo', 'numeric', ARRAY['odo', 'km'], locale => 'en'),
  yottastore.field('day', 'date', ARRAY['day'], formats => ARRAY['ISO', 'DD/MM/YYYY']),
  yottastore.field('doors', 'numeric', ARRAY['doors'], default_value => '4'),
  yottastore.field('kind', 'text', ARRAY['kind'], normalizers => ARRAY['trim'])],
  area => yottastore.area_from_location(paths => ARRAY['where']));
END
wait_for_index($node, 'backfill');

sub quality
{
	my ($more) = @_;
	return $node->safe_psql('postgres', <<"END");
SELECT field, type, seen, by_path, by_format, nulls, defaults, coerced, rejected, jsonb_array_length(samples)
FROM yottastore.index_quality WHERE policy = 'vehicle_service'
END
}
is(quality(), <<'END' =~ s/\n\z//r, 'backfilled items are counted');
odo|numeric|3|{"km": 2, "odo": 1}|{}|0|0|1|1|1
day|date|2|{"day": 1}|{"ISO": 0, "DD/MM/YYYY": 1}|2|0|1|1|1
doors|numeric|0|{"doors": 0}|{}|0|3|0|0|0
kind|text|0|{"kind": 0}|{}|3|0|0|0|0
area||3|{"value": 0, "location": 1, "unlocated": 2}|{}|2|0|0|1|1
END
is( $node->safe_psql('postgres',
		"SELECT samples->0->'value', samples->0->>'reason', samples->0->>'seen_at' IS NOT NULL FROM yottastore.index_quality WHERE field = 'odo'"),
	'"seven"|not a number|t', 'with a sample of bad values');

# ---- events ------------------------------------------------------------------------------------

sub send_event
{
	my ($id, $image, $sequence) = @_;
	produce(
		$topic,
		qq({"vehicle_id":{"S":"$id"}}),
		encode_json(
			{
				eventName => 'MODIFY',
				dynamodb => {
					ApproximateCreationDateTime => 1700000000,
					Keys => { vehicle_id => { S => $id } },
					NewImage => { vehicle_id => { S => $id }, %$image },
					SequenceNumber => '1'
				}
			}),
		partition => 0,
		headers => { 'yottastore-position' => "1:3000000000000000$sequence" });
	return;
}
sub kinds
{
	return $node->safe_psql('postgres',
		"SELECT seen, coerced, rejected FROM yottastore.index_quality WHERE field = 'kind'");
}
send_event('e1', { kind => { S => ' car ' } }, '00200');
wait_for_index($node, 'an event');
is(kinds(), '1|1|0', 'an event is counted');
send_event('e1', { kind => { S => ' car ' } }, '00200');
send_event('e1', { kind => { S => ' old ' } }, '00100');
wait_for_index($node, 'again, and an older one');
is(kinds(), '1|1|0', 'once, and not what is stale');
send_event('e2', { kind => { S => 'bus' } }, '00300');
send_event("x$_", { kind => { L => [ { N => "$_" } ] } }, '004' . (10 + $_)) foreach 1 .. 8;
wait_for_index($node, 'bad ones');
is(kinds(), '10|1|8', 'bad ones are counted');
is( $node->safe_psql('postgres', <<'END'), '[8]|[7]|[6]|[5]|[4]',
SELECT string_agg(s->>'value', '|' ORDER BY n)
FROM yottastore.index_quality, jsonb_array_elements(samples) WITH ORDINALITY s (s, n) WHERE field = 'kind'
END
	'the last five distinct ones are shown');

# ---- killed on the way -------------------------------------------------------------------------

$node->safe_psql('postgres', <<'END');
CREATE FUNCTION slowly() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(600); RETURN NULL; END';
CREATE TRIGGER slowly AFTER INSERT ON vehicle_service FOR EACH STATEMENT EXECUTE FUNCTION slowly();
END
send_event('k1', { kind => { S => ' tram ' } }, '00500');
$node->poll_query_until('postgres', "SELECT count(*) = 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'")
  or die('the batch does not come');
my $pid = $node->safe_psql('postgres', "SELECT pid FROM pg_stat_activity WHERE wait_event = 'PgSleep'");
kill 'KILL', $pid;
$node->poll_query_until('postgres', "SELECT count(*) = 0 FROM pg_stat_activity WHERE pid = $pid")
  or die('the server does not come back');
$node->poll_query_until('postgres', "SELECT count(*) = 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'")
  or die('the batch does not come again');
is(kinds(), '10|1|8', 'nothing is counted before it is committed');
$node->safe_psql('postgres', "DROP TRIGGER slowly ON vehicle_service")
  if $node->safe_psql('postgres', "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep'") eq 't';
wait_for_index($node, 'after that');
is(kinds(), '11|2|8', 'and then once');

# A row that the table refuses is in quarantine, and not counted.
$node->safe_psql('postgres', "ALTER TABLE vehicle_service ADD CHECK (kind <> 'tank')");
send_event("c$_", { kind => { S => $_ == 7 ? 'tank' : 'car' } }, '006' . (10 + $_)) foreach 1 .. 9;
wait_for_index($node, 'a culprit among others');
is(kinds(), '19|2|8', 'what a failing row held up is counted once');

# ---- who sees it -------------------------------------------------------------------------------

$node->safe_psql('postgres', 'CREATE ROLE reader; GRANT SELECT ON vehicle_service TO reader');
is($node->safe_psql('postgres', 'SET ROLE reader; SELECT count(*) FROM yottastore.index_quality'),
	0, 'bad values are not for who may read the index alone');
$node->safe_psql('postgres', 'GRANT SELECT ON vehicles TO reader');
is($node->safe_psql('postgres', 'SET ROLE reader; SELECT count(*) FROM yottastore.index_quality'),
	5, 'but for who may read the source');
$node->safe_psql('postgres', "SELECT yottastore.drop_index_policy('vehicle_service')");
is( $node->safe_psql('postgres', <<'END'), 0, 'they go with the policy');
SELECT (SELECT count(*) FROM yottastore_internal.quality) + (SELECT count(*) FROM yottastore_internal.quality_counter)
  + (SELECT count(*) FROM yottastore_internal.quality_sample)
END

store_api('DeleteTable', { TableName => $table });
$node->stop;
done_testing();
