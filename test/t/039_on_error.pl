# What becomes of items with absent and bad values, backfilled and live: default values, whole values
# kept, and items that a field keeps out of the index.
use strict;
use warnings;

use PostgreSQL::Test::Utils;
use Test::More;
use YottaFleet;
use YottaTest;

my $node = new_node('on_error');
my $table = unique_name('vehicles');
create_fleet($node, table => $table, topic => unique_name('vehicles'));

my $long = 'long ' x 1000;
my %items = (
	good => { kind => { S => 'car' }, odo => { N => '7' }, note => { N => '1' } },
	bad_odo => { kind => { S => 'car' }, odo => { S => 'seven' }, where => { S => '5,5' } },
	no_kind => { odo => { N => '7' } },
	blank_kind => { kind => { NULL => \1 }, odo => { N => '7' } },
	bad_both => { odo => { S => 'seven' } },
	bad_note => { kind => { S => 'car' }, note => { S => $long } },
	second_path => { kind => { S => 'car' }, odo => { S => 'seven' }, odometer => { N => '70' } });

put_vehicle($table, "b_$_", $items{$_}) foreach sort keys %items;
# What the relay produces from here on is live; these are the backfill's alone.
$node->poll_query_until('postgres', 'SELECT records_produced = ' . keys(%items) . ' FROM yottastore.relay_status')
  or die('the relay is not through');
$node->safe_psql('postgres', <<'END');
SELECT yottastore.create_index_policy('vehicle_service', 'vehicles', 'fleet_changes', fields => ARRAY[
  yottastore.field('kind', 'text', ARRAY['kind'], required => true, on_error => 'reject'),
  yottastore.field('odo', 'numeric', ARRAY['odo', 'odometer'], on_error => 'reject'),
  yottastore.field('note', 'numeric', ARRAY['note'], on_error => 'keep_raw'),
  yottastore.field('doors', 'numeric', ARRAY['doors'], default_value => '4')],
  area => yottastore.area_from_location(paths => ARRAY['where']));
END
wait_for_index($node, 'backfill');
put_vehicle($table, "l_$_", $items{$_}) foreach sort keys %items;
wait_for_index($node, 'live');

sub rows
{
	my ($where) = @_;
	return $node->safe_psql('postgres',
		"SELECT vehicle_id, kind, odo, note, doors FROM vehicle_service WHERE $where ORDER BY 1");
}
sub quarantined
{
	my ($where) = @_;
	return $node->safe_psql('postgres', <<"END");
SELECT substr(item_key, 21, length(item_key) - 23), reason FROM yottastore.quarantine WHERE $where ORDER BY 1
END
}
my $expected_rows = "%s_bad_note|car|||4\n%s_good|car|7|1|4\n%s_second_path|car|70||4";
my $expected_refused = <<'END' =~ s/\n\z//r;
%s_bad_both|field "kind": a value is required, and there is none
%s_bad_odo|field "odo": not a number
%s_blank_kind|field "kind": a value is required, and there is none
%s_no_kind|field "kind": a value is required, and there is none
END
foreach my $way (qw(b l))
{
	is(rows("vehicle_id LIKE '${way}_%'"), $expected_rows =~ s/%s/$way/gr, "$way: items with usable values have rows");
	is(quarantined("item_key LIKE '%\"${way}_%'"), $expected_refused =~ s/%s/$way/gr,
		"$way: the others are in quarantine, once, with field and reason");
}
is( $node->safe_psql('postgres', <<'END'), "b_bad_note|t\nl_bad_note|t",
SELECT vehicle_id, rejected->'note'->>'value' = repeat('long ', 1000) FROM vehicle_service
WHERE rejected ? 'note' ORDER BY 1
END
	'a field that keeps raw values has all of it');
is( $node->safe_psql('postgres', "SELECT rejected->'odo'->>'reason' FROM vehicle_service WHERE vehicle_id = 'l_second_path'"),
	'not a number', 'a value that another path makes up for is noted');
is( $node->safe_psql('postgres', "SELECT count(*) FROM yottastore.index_partitions"),
	1, 'an item without a row gets no partition');
is( $node->safe_psql('postgres', "SELECT phase, reason IS NULL, events_quarantined FROM yottastore.index_policies"),
	'LIVE|t|8', 'the policy goes on');
is( $node->safe_psql('postgres', "SELECT count(*) FROM yottastore.quarantine WHERE convert_from(payload, 'UTF8') LIKE '%seven%'"),
	4, 'payloads are kept');

# ---- a row that became bad goes; an item that became good comes -------------------------------

put_vehicle($table, 'l_good', { kind => { S => 'car' }, odo => { S => 'eight' } });
put_vehicle($table, 'b_good', { odo => { N => '8' } });
put_vehicle($table, 'b_bad_odo', { kind => { S => 'bus' }, odo => { N => '9' } });
put_vehicle($table, 'l_no_kind', { kind => { S => 'van' } });
delete_vehicle($table, 'b_no_kind');
wait_for_index($node, 'changes');
is(rows("vehicle_id IN ('l_good', 'b_good', 'b_bad_odo', 'l_no_kind', 'b_no_kind')"),
	"b_bad_odo|bus|9||4\nl_no_kind|van|||4", 'rows go and come as items change');
is(quarantined("item_key LIKE '%\"_\\_good%'"),
	"b_good|field \"kind\": a value is required, and there is none\nl_good|field \"odo\": not a number",
	'what made a row go is in quarantine');
is( $node->safe_psql('postgres', <<'END'), 'quarantined|field "odo": not a number',
SELECT outcome, reason FROM yottastore.explain_item('vehicle_service', 'l_good') WHERE field = 'event_version'
END
	'and explained');

store_api('DeleteTable', { TableName => $table });
$node->stop;
done_testing();
