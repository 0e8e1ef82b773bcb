# Where a store server may connect to: anywhere when a superuser owns it, else to the addresses of
# yottastore.allowed_endpoints, looked at when the connection is made.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);
use YottaProxy;
use YottaTest;

my $proxy = YottaProxy->new(store_url());
my ($port) = $proxy->url =~ /:(\d+)$/;
my $table = unique_name('allowed');
my $node = new_node('allowed');

store_api(
	'CreateTable',
	{
		TableName => $table,
		AttributeDefinitions => [ { AttributeName => 'id', AttributeType => 'S' } ],
		KeySchema => [ { AttributeName => 'id', KeyType => 'HASH' } ],
		BillingMode => 'PAY_PER_REQUEST',
	});
store_api('PutItem', { TableName => $table, Item => { id => { S => 'a' }, n => { N => '7' } } });

$node->safe_psql('postgres', <<"END");
CREATE ROLE owner LOGIN;
GRANT USAGE ON FOREIGN DATA WRAPPER yottastore TO owner;
GRANT CREATE ON SCHEMA public TO owner;
GRANT EXECUTE ON FUNCTION yottastore.create_store_table TO owner;
SET ROLE owner;
CREATE SERVER mine FOREIGN DATA WRAPPER yottastore OPTIONS (nodes '@{[$proxy->url]}', region 'eu-south-1');
CREATE USER MAPPING FOR PUBLIC SERVER mine OPTIONS (access_key_id 'test', secret_access_key 'test');
CREATE FOREIGN TABLE t (id text OPTIONS (key 'partition') NOT NULL, n int) SERVER mine OPTIONS (table '$table');
GRANT SELECT ON t TO PUBLIC;
END

# One session that stays, so that what it has open must follow what is allowed.
my $session = $node->background_psql('postgres', on_error_stop => 0);
$session->query_safe('\set VERBOSITY verbose');
my $get = "SELECT n FROM t WHERE id = 'a'";
my $alone = qr/42501:\ server\ "mine"\ may\ not\ connect\ to\ a\ store\n
	DETAIL:\s+Its\ owner\ "owner"\ is\ no\ superuser,\ and\ "yottastore.allowed_endpoints"\ is\ empty\.\n
	HINT:\s+A\ superuser\ may\ list\ the\ addresses/x;

sub said
{
	my ($sql) = @_;
	my $output = $session->query("$sql;");
	my $errors = $session->{stderr};
	$session->{stderr} = '';
	return "$output$errors";
}

# Sets the parameter for every session, and waits until this one has it.
sub allow
{
	my ($list) = @_;
	$node->safe_psql('postgres', "ALTER SYSTEM SET yottastore.allowed_endpoints = $list");
	$node->reload;
	(my $shown = $list) =~ s/^'|'$//g;
	$shown =~ s/', '/, /g;
	foreach (1 .. 10 * $PostgreSQL::Test::Utils::timeout_default)
	{
		return if said('SHOW yottastore.allowed_endpoints') eq $shown;
		usleep(100_000);
	}
	die "allowed_endpoints is not $shown";
}

# The statement is refused for this address, and nothing arrives at the store.
sub refused
{
	my ($sql, $address, $name) = @_;
	my $before = requests();
	like(said($sql), qr/42501:\ the\ address\ of\ a\ store's\ node\ is\ not\ allowed\n
		DETAIL:\s+Node\ http:\S+\ is\ at\ \Q$address\E:$port,\ which\ "yottastore.allowed_endpoints"\ does\ not\ list\.\n
		HINT:\s+A\ superuser\ may\ add\ it\ there/x, $name);
	is(requests(), $before, '... and nothing was sent');
	return;
}

sub requests
{
	my $sum = 0;
	$sum += $proxy->requests($_) foreach qw(GetItem Scan PutItem ListTables DescribeTable CreateTable);
	return $sum;
}

# ---- nothing is allowed -----------------------------------------------------------------------

foreach my $sql ($get, 'SELECT count(*) FROM t', q{INSERT INTO t VALUES ('b', 1)}, 'ANALYZE t',
	'IMPORT FOREIGN SCHEMA store FROM SERVER mine INTO public',
	q{SELECT yottastore.create_store_table('mine', 'another', 'id')},
	"SET ROLE owner; $get")
{
	like(said($sql), $alone, "an empty list: $sql");
	said('RESET ROLE');
}
is(requests(), 0, 'nothing was sent');

like(said("SET ROLE owner; SET yottastore.allowed_endpoints = '127.0.0.1'"),
	qr/42501: permission denied to set parameter/, 'the owner cannot change that');
said('RESET ROLE');

# ---- a list ------------------------------------------------------------------------------------

allow(q{'127.0.0.1'});
is(said($get), '7', 'an address on the list, in a session that was refused before');
like(said("SET ROLE owner; $get"), qr/^7$/m, '... and for the owner');
said('RESET ROLE');
allow(qq{'10.0.0.0/8', '127.0.0.1:$port', 'fd00::/8'});
is(said($get), '7', 'an address with its port');
allow(qq{'127.0.0.0/8:$port'});
is(said($get), '7', 'a network with a port');

# the store is open at the time, on a connection made when it was allowed
allow(q{'127.0.0.1:1'});
refused($get, '127.0.0.1', 'another port');
refused(q{INSERT INTO t VALUES ('c', 1)}, '127.0.0.1', 'a write');
allow(q{'127.0.0.2/31', '126.0.0.0/8', '::/0'});
refused($get, '127.0.0.1', 'other networks');

# what counts is where a name leads to
said("ALTER SERVER mine OPTIONS (SET nodes 'http://localhost:$port')");
allow(q{'10.0.0.0/8'});
like(said($get), qr/42501: the address of a store's node is not allowed/, 'a name is looked up');
allow(q{'127.0.0.1'});
is(said($get), '7', '... and found to be allowed');
said("ALTER SERVER mine OPTIONS (SET nodes 'http://[::ffff:127.0.0.1]:$port')");
is(said($get), '7', 'an IPv4 address in an IPv6 one');
allow(q{'0.0.0.0/32', '::ffff:0:0/96'});
refused($get, '127.0.0.1', '... is looked for as such');
said("ALTER SERVER mine OPTIONS (SET nodes 'http://[::1]:$port')");
allow(q{'0.0.0.0/0'});
refused($get, '[::1]', 'an IPv6 address');

# of several nodes one that is not allowed is an error, not a node that is down
said("ALTER SERVER mine OPTIONS (SET nodes 'http://127.0.0.2:$port,http://127.0.0.3:$port')");
allow(q{'127.0.0.1'});
like(said($get), qr/42501: the address of a store's node is not allowed/, 'no node is allowed');
said("ALTER SERVER mine OPTIONS (SET nodes '@{[$proxy->url]}')");

# ---- whose the server is -----------------------------------------------------------------------

allow(q{'10.0.0.0/8'});
refused($get, '127.0.0.1', 'the list has other addresses');
said('ALTER SERVER mine OWNER TO CURRENT_USER');
is(said($get), '7', "a superuser's server goes anywhere");
said('ALTER SERVER mine OWNER TO owner');
refused($get, '127.0.0.1', '... as long as it is one');
said('ALTER ROLE owner SUPERUSER');
is(said($get), '7', 'its owner becomes a superuser');
said('ALTER ROLE owner NOSUPERUSER');
refused($get, '127.0.0.1', '... and ceases to be one');
allow(q{''});
like(said($get), $alone, 'an empty list again');

# ---- what a list can be ------------------------------------------------------------------------

foreach my $bad ('localhost', '10.0.0.1/8', '10.0.0.0/33', '10.0.0', '10.0.0.1:0', '10.0.0.1:70000',
	'[10.0.0.1]:80', '[::1', '::1]:80', '[::1]80', 'fd00::/129', 'fd00::1/8', '10.0.0.1,,10.0.0.2', '10.0.0.1,', '10.0.0.0/')
{
	like(said("SET yottastore.allowed_endpoints = '$bad'"),
		qr/22023: invalid list of addresses\nDETAIL:\s+In .*\.\nHINT:\s+Write addresses and networks like/, "refused: $bad");
}
foreach my $good ('', ' ', '10.0.0.1', '10.0.0.0/8', '0.0.0.0/0', ' 10.0.0.1 , 10.0.0.2:80', '[::1]', '[fd00::/8]:8000', '::/0')
{
	is(said("SET yottastore.allowed_endpoints = '$good'"), '', "accepted: \"$good\"");
}

$session->quit;
store_api('DeleteTable', { TableName => $table });
$node->stop;
done_testing();
