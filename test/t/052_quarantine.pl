# What can't be applied is alone in quarantine, is tried again under its own version, discarded, and
# never dropped for want of room.
use strict;
use warnings;

use JSON::PP;
use PostgreSQL::Test::Utils;
use Test::More;
use YottaFleet;
use YottaTest;

my $node = new_node('quarantine');
my $table = unique_name('vehicles');
my $topic = unique_name('vehicles');
create_fleet($node, table => $table, topic => $topic, relay => 0);
produce($topic, undef, 'makes the topic');
put_vehicle($table, $_, { type => { S => 'tank' }, odo => { N => '1' } }) foreach 'item1', 'item2', 'item3';

sub query { return $node->safe_psql('postgres', $_[0]); }
sub key { return qq({"vehicle_id":{"S":"$_[0]"}}) }

sub event
{
	my ($id, $kind) = @_;
	return encode_json({ eventName => 'MODIFY',
		dynamodb => { Keys => { vehicle_id => { S => $id } },
			NewImage => { vehicle_id => { S => $id }, type => { S => $kind } }, SequenceNumber => '1' } });
}

sub send_events
{
	produce_many($topic, [ map { [ key($_->[0]), event(@$_) ] } @_ ], partition => 0);
	return;
}
sub kind_of { return query("SELECT kind FROM vehicle_service WHERE vehicle_id = '$_[0]'"); }
sub kept { return query('SELECT count(*) FROM yottastore.quarantine'); }
sub retry { return query("SELECT yottastore.quarantine_retry('vehicle_service'" . (@_ ? ", $_[0]" : '') . ')'); }
sub discard { return query("SELECT yottastore.quarantine_discard('vehicle_service'" . (@_ ? ", $_[0]" : '') . ')'); }
sub id_of { return query("SELECT quarantine_id FROM yottastore.quarantine WHERE item_key = '" . key($_[0]) . "'"); }

# ---- items that backfill read -------------------------------------------------------------------

create_policy($node, and_then => q{ALTER TABLE vehicle_service ADD CONSTRAINT civil CHECK (kind <> 'tank')});
wait_for_index($node, 'the start');
is(query('SELECT count(*), count("offset"), count(DISTINCT item_key) FROM yottastore.quarantine'), '3|0|3', 'bad items are kept');

foreach (1 .. 2)
{
	send_events([ 'item1', 'tank' ]);
	wait_for_index($node, 'an event of a bad item');
}
is(query("SELECT count(*), count(\"offset\") FROM yottastore.quarantine WHERE item_key = '" . key('item1') . q{'}),
	'2|2', 'they take its place');
is(query('SELECT events_quarantined FROM yottastore.index_policies'), '4', 'and are counted once');

is(retry(), '1', 'of two of one key the newer counts; what fails again stays');
is(query("SELECT count(*) FROM yottastore.quarantine WHERE reason LIKE '%\"civil\"%'"), '3', 'with the reason');
put_vehicle($table, 'item2', { type => { S => 'bus' } });    # no relay tells of it
delete_vehicle($table, 'item3');
query('ALTER TABLE vehicle_service DROP CONSTRAINT civil');
is(retry(), '3', 'all leave once the cause is mended');
is(kept(), '0', 'quarantine is empty');
is(query('SELECT vehicle_id, kind FROM vehicle_service ORDER BY 1'), "item1|tank\nitem2|bus",
	'an event as it was, an item as the store has it now, or not at all');

# ---- which item it is of -------------------------------------------------------------------------

# Known by the record or the message's key, however that is spelled.
sub send_broken { my ($id, $key) = @_; produce($topic, $key, event($id, 'x') =~ s/"S":"x"/"Q":"x"/r, partition => 0); return; }
sub superseded { return query(q{SELECT string_agg(item_key || CASE WHEN superseded THEN ' is past' ELSE '' END, ', ' ORDER BY quarantine_id) FROM yottastore.quarantine}); }

send_broken('k1');
send_broken('k2', '{"vehicle_id": "k2"}');
send_broken('k3', key('k3'));
produce($topic, '{"vehicle_id":"k4"}', 'no JSON', partition => 0);
wait_for_index($node, 'broken events');
is(superseded(), join(', ', map { key($_) } qw(k1 k2 k3 k4)), 'the item of an event is known by its key');
send_events(map { [ $_, 'car' ] } qw(k1 k2 k3 k4));
wait_for_index($node, 'later events');
is(superseded(), join(', ', map { key($_) . ' is past' } qw(k1 k2 k3 k4)), '... and what it became later found by it');
discard();
query(q{SELECT yottastore.pause_index_policy('vehicle_service')});
send_broken('k1');
send_events([ 'k1', 'bus' ], [ 'k2', 'bus' ]);
send_broken('k2');
query(q{SELECT yottastore.resume_index_policy('vehicle_service')});
wait_for_index($node, 'both in a batch');
is(superseded(), key('k1') . ' is past, ' . key('k2'), '... in the same batch, too');
is(kind_of('k1') . kind_of('k2'), 'bus', 'a row that a broken event made stale is gone');
discard();
query(q{DELETE FROM vehicle_service WHERE vehicle_id LIKE 'k%'});

# ---- one among thousands -------------------------------------------------------------------------

query(q{ALTER TABLE vehicle_service ADD CONSTRAINT civil CHECK (kind <> 'tank') NOT VALID});
query(<<'END');
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.kind = 'ghost' THEN RAISE EXCEPTION 'no ghosts here'; END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON vehicle_service FOR EACH ROW EXECUTE FUNCTION refuse();
END
query(q{SELECT yottastore.pause_index_policy('vehicle_service')});
send_events(map { [ "m$_", $_ == 1234 ? 'tank' : $_ == 2345 ? 'ghost' : 'car' ] } 1 .. 3000);
query(q{SELECT yottastore.resume_index_policy('vehicle_service')});
wait_for_index($node, 'two among 3,000');
is(query(q{SELECT count(*) FROM vehicle_service WHERE kind = 'car'}), '2998', 'all others are applied');
is(query(q{SELECT item_key FROM yottastore.quarantine ORDER BY 1}), key('m1234') . "\n" . key('m2345'), 'these two are kept');
like(query(q{SELECT reason FROM yottastore.quarantine WHERE item_key LIKE '%2345%'}), qr/no ghosts here/, 'a trigger says why');

# newer than what is kept
send_events([ 'm1234', 'van' ]);
wait_for_index($node, 'a newer event');
my $ghost = id_of('m2345');
is(retry(id_of('m1234')), '1', 'what is stale now leaves');
is(kind_of('m1234'), 'van', 'and changes nothing');
is(retry($ghost), '0', 'one entry that fails again');
is(retry($ghost + 1000), '0', 'an entry that is not there');
query('DROP TRIGGER refuse ON vehicle_service');
is(retry($ghost), '1', 'one entry');
is(kind_of('m2345'), 'ghost', 'is applied');

# whatever can't be decoded stays, by its own id, unless it is discarded
produce($topic, key('m1'), 'no JSON', partition => 0);
produce($topic, undef, 'neither', partition => 0);
send_events([ 'm2', 'tank' ]);
wait_for_index($node, 'three kinds of trouble');
is(kind_of('m1') . kind_of('m2'), '', 'what they made stale is gone');
my $before = query('SELECT quarantine_id, reason, quarantined_at FROM yottastore.quarantine ORDER BY 1');
is(retry(), '0', 'nothing is mended');
is(query('SELECT quarantine_id, reason, quarantined_at FROM yottastore.quarantine ORDER BY 1'), $before, 'all stay as they are');
query('CREATE ROLE other LOGIN');
foreach (qw(retry discard))
{
	my ($code, $out, $err) = $node->psql('postgres', "SET ROLE other; SELECT yottastore.quarantine_$_('vehicle_service')");
	like($err, qr/must be owner of index policy/, "$_ is the owner's");
}
is(discard(id_of('m1')), '1', 'one discarded');
is(discard(id_of('m2') + 1000), '0', 'one that is not there');
is(discard(), '2', 'and all');
is(kept(), '0', 'none left');
is(query('SELECT phase FROM yottastore.index_policies'), 'LIVE', 'the policy goes on');

# an area that has no partition yet
query(q{ALTER TABLE vehicle_service DROP CONSTRAINT civil, ADD CONSTRAINT civil CHECK (kind <> 'tank') NOT VALID});
produce($topic, key('b1'), encode_json({ eventName => 'MODIFY', dynamodb => { Keys => { vehicle_id => { S => 'b1' } },
	NewImage => { vehicle_id => { S => 'b1' }, type => { S => 'tank' }, pos => { M => { lat => { N => '5' }, lon => { N => '15' } } } } } }),
	partition => 0);
wait_for_index($node, 'a bad event of a new area');
query('ALTER TABLE vehicle_service DROP CONSTRAINT civil');
is(retry(), '1', 'it leaves');
is(query(q{SELECT area FROM vehicle_service WHERE vehicle_id = 'b1'}), 'B', 'for its area');

# ---- room ----------------------------------------------------------------------------------------

sub set_size
{
	my ($kb) = @_;
	query("ALTER SYSTEM SET yottastore.quarantine_size = '$kb kB'");
	$node->reload;
	# until the worker has it: it says so by what it does, and here by when its wait ends
	$node->poll_query_until('postgres', "SELECT current_setting('yottastore.quarantine_size') = '${kb}kB'");
	return;
}

sub paused_full
{
	my ($what) = @_;
	ok($node->poll_query_until('postgres',
			q{SELECT phase = 'PAUSED' AND reason LIKE '%quarantine_size%' FROM yottastore.index_policies}), "$what: paused")
	  or diag(query('SELECT phase, reason FROM yottastore.index_policies'));
	return;
}

sub resume { return query(q{SELECT yottastore.resume_index_policy('vehicle_service')}); }

set_size(4);
query(q{SELECT yottastore.pause_index_policy('vehicle_service')});
foreach my $i (1 .. 10)
{
	send_events([ "good$i", 'car' ]);
	produce($topic, key("bad$i"), 'x' x 1000, partition => 0);
}
produce($topic, key('large'), 'x' x 6000, partition => 0);
send_events([ 'good11', 'car' ]);
resume();
paused_full('no more room');
my $kept = kept();
cmp_ok($kept, '>=', 3, 'up to what there is room for');
is(query(q{SELECT count(*) FROM vehicle_service WHERE vehicle_id LIKE 'good%'}), $kept + 1, 'all before what does not fit is applied');
cmp_ok(query('SELECT sum(octet_length(payload)) FROM yottastore.quarantine'), '<=', 4096, 'and it is as large as it may be');
resume();
paused_full('resumed without room');
is(kept(), $kept, 'nothing more is kept');
set_size(8);
resume();
paused_full('raised, but not enough');
my $more = kept();
cmp_ok($more, '>', $kept, 'there are more');
is(discard(), $more, 'discarded');
resume();
paused_full('what is larger than all room');
my $rest = kept();
is($more + $rest, 10, 'the others are all accounted for');
is(discard(), $rest, 'discarded');
set_size(1);
resume();
wait_for_index($node, 'room again');
is(kept(), '1', 'where there is nothing else, one fits always');
is(query(q{SELECT count(*) FROM vehicle_service WHERE vehicle_id LIKE 'good%'}), '11', 'no good event was lost');
is(query('SELECT events_quarantined FROM yottastore.index_policies'),
	4 + 6 + 2 + 3 + 1 + 11, 'each was counted once');

store_api('DeleteTable', { TableName => $table });
$node->stop;
done_testing();
