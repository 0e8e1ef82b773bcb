# What is changed under the running workers: columns, names, options, credentials, areas.  A policy
# that can't go on says so and harms no other; nothing is lost when it goes on again.
use strict;
use warnings;

use JSON::PP;
use PostgreSQL::Test::Utils;
use Test::More;
use YottaFleet;
use YottaTest;

my $node = new_node('changes');
my $table = unique_name('vehicles');
my $topic = unique_name('vehicles');
create_fleet($node, table => $table, topic => $topic);
put_vehicle($table, "v$_", { type => { S => 'car' } }) foreach 1 .. 40;

sub query { return $node->safe_psql('postgres', $_[0]); }

# Waits for a policy to be in a phase with a reason like the pattern ('' when there is none).
sub reaches
{
	my ($policy, $phase, $reason, $what) = @_;
	ok( $node->poll_query_until('postgres',
			"SELECT phase = '$phase' AND coalesce(reason, '') ~ '$reason' FROM yottastore.index_policies WHERE policy = '$policy'"),
		$what)
	  or diag(query('SELECT row_to_json(p) FROM yottastore.index_policies p'));
	return;
}

sub follows
{
	my ($id, $index, $what) = @_;
	put_vehicle($table, $id, { type => { S => $what } });
	wait_for_index($node, $what);
	is(query("SELECT kind FROM $index WHERE vehicle_id = '$id'"), $what, $what);
	return;
}

my $declaration = <<'END';
source => 'vehicles', stream => 'fleet_changes',
fields => ARRAY[yottastore.field('kind', 'text', ARRAY['type'])],
area => yottastore.area_from_location(paths => ARRAY['where'])
END

# ---- a backfill that can't write, with pages of other segments in flight -----------------------

query(<<"END");
BEGIN;
SELECT yottastore.create_index_policy('vehicle_service', $declaration);
ALTER TABLE vehicle_service RENAME kind TO sort;
COMMIT;
END
reaches('vehicle_service', 'PAUSED', 'kind', 'a backfill pauses when a column is missing');
query('ALTER TABLE vehicle_service RENAME sort TO kind');
query(q{SELECT yottastore.resume_index_policy('vehicle_service')});
wait_for_index($node, 'resumed');
is(query('SELECT count(*) FROM vehicle_service'), '40', 'every item is there');
unlike(slurp_file($node->logfile), qr/terminated by signal/, 'no process crashed');

# ---- names -------------------------------------------------------------------------------------

query('ALTER TABLE vehicle_service RENAME TO service');
follows('v1', 'service', 'renamed index table');
query(<<'END');
CREATE SCHEMA elsewhere;
BEGIN;
ALTER TABLE service SET SCHEMA elsewhere;
CREATE TABLE service (LIKE elsewhere.service INCLUDING ALL);
COMMIT;
END
follows('v2', 'elsewhere.service', 'moved index table');
is(query('SELECT count(*) FROM service'), '0', 'not the table that has its old name');
query(<<'END');
BEGIN;
ALTER FOREIGN TABLE vehicles RENAME vehicle_id TO id;
ALTER FOREIGN TABLE vehicles ALTER id OPTIONS (ADD path 'vehicle_id');
COMMIT;
END
follows('v3', 'elsewhere.service', 'renamed key column');
$node->restart;
follows('v3', 'elsewhere.service', 'renamed key column, after a restart');
query('ALTER TABLE elsewhere.service RENAME vehicle_id TO id');
put_vehicle($table, 'v3', { type => { S => 'van' } });
wait_for_index($node, 'renamed key column of the index table');
is(query(q{SELECT kind FROM elsewhere.service WHERE id = 'v3'}), 'van', 'is written all the same');
query('ALTER TABLE elsewhere.service RENAME id TO vehicle_id');

# ---- one policy's trouble is not another's -----------------------------------------------------

query("SELECT yottastore.create_index_policy('other', $declaration)");
reaches('other', 'LIVE', '^$', 'a second policy');
query(q{UPDATE yottastore.areas SET boundary = '{"type": "Polygon"}' WHERE name = 'A'});
reaches('other', 'PAUSED', 'area "A": invalid boundary: .', 'a bad boundary pauses');
query(q{DELETE FROM yottastore.areas WHERE name = 'A'});
query(q{SELECT yottastore.resume_index_policy('other'), yottastore.resume_index_policy('vehicle_service')});
follows('v4', 'elsewhere.service', 'resumed after a bad boundary');

query(<<"END");
SELECT yottastore.create_store_table('fleet', '${table}2', 'vehicle_id');
CREATE FOREIGN TABLE vehicles2 (vehicle_id text OPTIONS (key 'partition') NOT NULL) SERVER fleet OPTIONS (table '${table}2');
SELECT yottastore.create_index_policy('keyless', 'vehicles2', 'fleet_changes', fields => ARRAY[yottastore.field('kind', 'text')]);
END
reaches('keyless', 'LIVE', '^$', 'a policy on another table');
query(q{ALTER FOREIGN TABLE vehicles2 ALTER vehicle_id OPTIONS (DROP key)});
reaches('keyless', 'PAUSED', 'no partition key', 'pauses when its table has no key any more');
follows('v5', 'elsewhere.service', 'others go on');
query(q{ALTER FOREIGN TABLE vehicles2 ALTER vehicle_id OPTIONS (ADD key 'partition')});
query(q{SELECT yottastore.resume_index_policy('keyless')});
reaches('keyless', 'LIVE', '^$', 'and goes on when it has one again');

# ---- credentials -------------------------------------------------------------------------------

query(q{BEGIN; SELECT yottastore.create_index_policy('refused', 'vehicles2', 'fleet_changes',
fields => ARRAY[yottastore.field('kind', 'text')]); DROP USER MAPPING FOR CURRENT_USER SERVER fleet; COMMIT});
reaches('refused', 'PAUSED', 'credentials', 'a backfill without credentials pauses');
query(q{CREATE USER MAPPING FOR CURRENT_USER SERVER fleet OPTIONS (access_key_id 'a', secret_access_key 'b')});
query(q{SELECT yottastore.resume_index_policy('refused')});
reaches('refused', 'LIVE', '^$', 'and goes on with credentials');
follows('v6', 'elsewhere.service', 'others went on');

# ---- the stream's options ----------------------------------------------------------------------

query(q{ALTER SERVER fleet_changes OPTIONS (SET topic 'nowhere_to_be_found')});
reaches('vehicle_service', 'INCOMPLETE', 'topic', 'positions in one topic mean nothing in another');
put_vehicle($table, 'v7', { type => { S => 'lost to the topic' } });
query("ALTER SERVER fleet_changes OPTIONS (SET topic '$topic')");
reaches('vehicle_service', 'INCOMPLETE', 'topic', 'setting it back does not make up for that');
query('DROP TABLE service');
query('ALTER FOREIGN TABLE vehicles RENAME id TO vehicle_id');
query('SELECT yottastore.drop_index_policy(policy) FROM yottastore.index_policies');
query("SELECT yottastore.create_index_policy('vehicle_service', $declaration)");
wait_for_index($node, 'made anew');
is(query(q{SELECT kind FROM vehicle_service WHERE vehicle_id = 'v7'}), 'lost to the topic', 'made anew');
follows('v8', 'vehicle_service', 'goes on');

# ---- an index table given away -----------------------------------------------------------------

query(<<'END');
CREATE ROLE giver;
CREATE ROLE taker;
GRANT USAGE ON FOREIGN SERVER fleet, fleet_changes TO giver;
GRANT CREATE ON SCHEMA public TO giver, taker;
SET ROLE giver;
CREATE FOREIGN TABLE given (vehicle_id text OPTIONS (key 'partition') NOT NULL) SERVER fleet;
SELECT yottastore.create_index_policy('gift', 'given', 'fleet_changes', fields => ARRAY[yottastore.field('kind', 'text')]);
RESET ROLE;
ALTER TABLE gift OWNER TO taker;
END
my (undef, undef, $stderr) = $node->psql('postgres', "SET ROLE giver; SELECT yottastore.drop_index_policy('gift')");
like($stderr, qr/must be owner of index policy "gift"/, 'who gave an index table away does not drop it');
query('SET ROLE taker; DROP TABLE gift');
is(query(q{SELECT count(*) FROM yottastore_internal.policy WHERE name = 'gift'}), '0', 'its owner does');

# ---- a relay that loses changes ----------------------------------------------------------------

store_api('UpdateTable', { TableName => $table, StreamSpecification => { StreamEnabled => JSON::PP::false } });
ok( $node->poll_query_until('postgres', q{SELECT phase = 'PAUSED' FROM yottastore.relay_status}),
	'the relay has no stream');
put_vehicle($table, 'v9', { type => { S => 'unseen' } });
store_api('UpdateTable', { TableName => $table,
	StreamSpecification => { StreamEnabled => JSON::PP::true, StreamViewType => 'NEW_AND_OLD_IMAGES' } });
reaches('vehicle_service', 'INCOMPLETE', "store table \"$table\" has no stream: changes are missing", 'a policy says that changes are missing');

unlike(slurp_file($node->logfile), qr/terminated by signal|PANIC/, 'still no crash');

store_api('DeleteTable', { TableName => $_ }) foreach $table, "${table}2";
$node->stop;
done_testing();
