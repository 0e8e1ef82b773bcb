# Nodes that say which nodes there are: requests follow, whatever comes and goes. The nodes are
# proxies at several addresses of loopback before one real store; what they say of each other is
# told to them by the test.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);
use YottaNodes;
use YottaTest;

my ($port) = store_url() =~ /:(\d+)$/;
my @address = map { "127.0.0.$_" } 1 .. 5;
my $proxy = YottaNodes->new($port, \@address);
my $table = unique_name('discovery');
my $node = new_node('discovery');

store_api(
	'CreateTable',
	{
		TableName => $table,
		AttributeDefinitions => [ { AttributeName => 'id', AttributeType => 'S' } ],
		KeySchema => [ { AttributeName => 'id', KeyType => 'HASH' } ],
		BillingMode => 'PAY_PER_REQUEST',
	});
foreach my $n (1 .. 40)
{
	store_api('PutItem', { TableName => $table,
		Item => { id => { S => "p$n" }, n => { N => "$n" }, filling => { S => 'x' x 100_000 } } });
}
$node->safe_psql('postgres', <<"END");
CREATE SERVER fleet FOREIGN DATA WRAPPER yottastore
  OPTIONS (nodes '@{[$proxy->url(0)]}', region 'eu-south-1', request_timeout '20s', connect_timeout '5s');
CREATE USER MAPPING FOR PUBLIC SERVER fleet OPTIONS (access_key_id 'test', secret_access_key 'test');
CREATE FOREIGN TABLE t (id text OPTIONS (key 'partition') NOT NULL, n int, filling text) SERVER fleet OPTIONS (table '$table');
END

my $session = $node->background_psql('postgres', on_error_stop => 0);
my $gets = join ";\n", map { "SELECT n FROM t WHERE id = 'p$_'" } 1 .. 40;
my $got = join "\n", 1 .. 40;
my $wrong = 0;

sub said
{
	my ($sql) = @_;
	my $output = $session->query("$sql;");
	my $errors = $session->{stderr};
	$session->{stderr} = '';
	return "$output$errors";
}

# Which nodes got requests while the single gets ran once, which they always do right: "0 2".
sub used
{
	my @before = $proxy->requests;
	my $said = said($gets);
	diag($said) if $said ne $got && !$wrong++;
	my @after = $proxy->requests;
	return join ' ', grep { $after[$_] > $before[$_] } 0 .. $#after;
}

# Requests go to these nodes, soon and then all the time.
sub come_to_use
{
	my ($expected, $name) = @_;
	my $deadline = time() + $PostgreSQL::Test::Utils::timeout_default;
	my $used = '';
	sleep 0.02 while ($used = used()) ne $expected && time() < $deadline;
	is($used, $expected, $name);
	is(used(), $expected, '... and stay so');
	return;
}

# What every node says there are: the addresses of these, or text.
sub answer
{
	my ($path, @nodes) = @_;
	return $proxy->answers($path, 200, '[' . join(',', map { /\D/ ? $_ : "\"$address[$_]\"" } @nodes) . ']');
}

sub options { my ($options) = @_; is(said("ALTER SERVER fleet OPTIONS ($options)"), '', "options: $options"); return; }

# ---- not asked for -----------------------------------------------------------------------------

answer('/localnodes', 1, 2, 3);
come_to_use('0', 'the node that is given');
is(join(' ', $proxy->asked(0)), '', '... and is asked nothing');

# ---- nodes appear and disappear ----------------------------------------------------------------

options(q{ADD discovery 'localnodes', ADD discovery_interval '100ms'});
come_to_use('1 2 3', 'the nodes it knows of');
like(join(' ', $proxy->asked(0)), qr{^/localnodes(?: /localnodes)*$}, '... and is asked for, without credentials');
answer('/localnodes', 0, 3);
come_to_use('0 3', 'some are gone, one is new');
answer('/localnodes', 0 .. 4);
come_to_use('0 1 2 3 4', 'more are there');
answer('/localnodes', 2, 2);
come_to_use('2', 'one is left');

# in the midst of calls: each keeps the node it has
answer('/localnodes', 1, 2);
come_to_use('1 2', 'two nodes');
$proxy->set_all('delay', 60);
my $scan = 'SELECT count(*), sum(n), sum(length(filling)) FROM t';
my $rounds = 0;
foreach my $now ([3], [ 1, 4 ], [0], [ 2, 3 ], [ 0 .. 4 ], [1])
{
	answer('/localnodes', @$now);
	$rounds++ if said($scan) eq '40|820|4000000' && said("SELECT n FROM t WHERE id = 'p7'") eq '7';
}
is($rounds, 6, 'nodes change while pages are under way');
$proxy->set_all('pass');

# ---- datacenter and rack -----------------------------------------------------------------------

$proxy->asked($_) foreach 0 .. 4;
$proxy->answers('/localnodes', 404, '');
answer('/localnodes?dc=north%20one%26a&rack=r%2F1', 3);
answer('/localnodes?dc=north%20one%26a', 3, 4);
options(q{ADD datacenter 'north one&a', ADD rack 'r/1'});
come_to_use('3', 'the nodes of a rack');
answer('/localnodes?dc=north%20one%26a&rack=r%2F1');
come_to_use('3 4', 'it has none: those of its datacenter');
is(join(' ', grep { !m{^/localnodes\?dc=north%20one%26a(?:&rack=r%2F1)?$} } $proxy->asked(0)), '', 'nothing else was asked');
answer('/localnodes?dc=north%20one%26a&rack=r%2F1', 2);
come_to_use('2', 'it has one again');
answer('/localnodes?dc=north%20one%26a&rack=r%2F1');
answer('/localnodes?dc=north%20one%26a');
come_to_use('0', 'neither has one: the node that is given');
options('DROP datacenter');
answer('/localnodes?rack=r%2F1', 4);
come_to_use('4', 'a rack of the datacenter of who is asked');
options('DROP rack');

# ---- nodes that die ----------------------------------------------------------------------------

answer('/localnodes', 1, 2);
come_to_use('1 2', 'two nodes');
$proxy->set(1, 'refuse');
come_to_use('2', 'one dies');
$proxy->set(2, 'refuse');
come_to_use('0', 'the other dies: the node that is given');
$proxy->set($_, 'pass') foreach 1, 2;
come_to_use('1 2', 'they are back');
$proxy->set(0, 'refuse');
is(used(), '1 2', 'the node that is given dies, which is no matter');
answer('/localnodes', 3);
come_to_use('3', '... as others are asked as well');
$proxy->set(3, 'refuse');
$proxy->set(0, 'pass');
come_to_use('0', 'all but the node that is given');
$proxy->set(3, 'pass');
come_to_use('3', 'and back');

# ---- answers that are none ---------------------------------------------------------------------

# They change nothing, and are no reason to wait.
sub changes_nothing
{
	my ($name, @answer) = @_;
	$proxy->answers('/localnodes', @answer);
	$proxy->asked($_) foreach 0 .. 4;
	my $deadline = time() + $PostgreSQL::Test::Utils::timeout_default;
	my $asked = 0;
	my @used;
	while ($asked < 2 && time() < $deadline)
	{
		push @used, used();
		$asked += () = $proxy->asked($_) foreach 0 .. 4;
	}
	cmp_ok($asked, '>=', 2, "$name: asked for");
	is(join(',', grep { $_ ne '3' } @used), '', '... and nothing changes');
	return;
}

sub last_error
{
	return said(q{SELECT string_agg(DISTINCT substring(last_failure from 'GET /localnodes: .*'), ',') FROM yottastore.node_status});
}

changes_nothing('no such thing', 404, 'nothing here');
like(last_error(), qr{GET /localnodes: HTTP status 404}, '... and it is told');
changes_nothing('an error', 500, '["127.0.0.2"]');
changes_nothing('no JSON', 200, '["127.0.0.2"');
like(last_error(), qr{GET /localnodes: the answer is not an array of addresses}, '... and it is told');
changes_nothing('no array', 200, '{"nodes": ["127.0.0.2"]}');
changes_nothing('more than an array', 200, '["127.0.0.2"] []');
changes_nothing('far too much', 200, '[' . ' ' x 1_100_000 . '"127.0.0.2"]');
changes_nothing('things that are no addresses beside one', 200,
	'[null, 5, "localhost", "127.0.0.2:1", "", "127.0.0", "http://127.0.0.2", ["127.0.0.2"], {"a": "127.0.0.2"}, "127.0.0.4\u0000", "127.0.0.4"]');
$proxy->answers('/localnodes', 200, '["localhost", 7]');
come_to_use('0', 'no address at all: the node that is given');
answer('/localnodes', 3);
come_to_use('3', 'and back');

options(q{SET connect_timeout '300ms'});
come_to_use('3', 'the same with less patience');
changes_nothing('silence');
like(last_error(), qr{GET /localnodes: no answer in time}, '... and it is told');
options(q{SET connect_timeout '5s'});
my $start = time();
is(used(), '0', 'silence from the start');
cmp_ok(time() - $start, '<', 5, '... which nobody waits for');
answer('/localnodes', 2);
options(q{SET discovery 'localnodes'});
come_to_use('2', 'and back');

# many more than can be used
$proxy->answers('/localnodes', 200, '["127.0.0.5",' . join(',', map { "\"127.0.1.$_\"" } 1 .. 250) . ']');
options(q{SET connect_timeout '1s'});
$start = time();
my $deadline = time() + $PostgreSQL::Test::Utils::timeout_default;
my $seen = '';
sleep 0.02 while ($seen = used()) !~ /4/ && time() < $deadline;
like($seen, qr/4/, 'hundreds of nodes');
options(q{SET discovery 'none', DROP discovery_interval});
come_to_use('0', 'the node that is given, when no other is asked for');

# ---- addresses that are allowed ----------------------------------------------------------------

said('CREATE ROLE owner; GRANT USAGE ON FOREIGN DATA WRAPPER yottastore TO owner; ALTER SERVER fleet OWNER TO owner');
said(q{SET yottastore.allowed_endpoints = '127.0.0.1/32', '127.0.0.4/31'});
answer('/localnodes', 1, 2, 3, 4);
options(q{SET discovery 'localnodes', ADD discovery_interval '100ms'});
come_to_use('3 4', 'only those that are allowed');
answer('/localnodes', 1, 2);
come_to_use('0', 'none is: the node that is given');
said('ALTER SERVER fleet OWNER TO CURRENT_USER');
come_to_use('1 2', 'all are');

# ---- options -----------------------------------------------------------------------------------

like(said(q{ALTER SERVER fleet OPTIONS (SET discovery 'dns')}), qr/invalid value for option "discovery": "dns".*HINT:\s+Valid values are: none, localnodes\./s, 'another way');
like(said(q{ALTER SERVER fleet OPTIONS (DROP discovery)}), qr/option "discovery_interval" needs option "discovery"/, 'an interval of nothing');
like(said(q{ALTER SERVER fleet OPTIONS (SET discovery 'none')}), qr/option "discovery_interval" needs option "discovery"/, '... nor of none');
like(said(q{ALTER SERVER fleet OPTIONS (DROP discovery, DROP discovery_interval, ADD rack 'r')}), qr/option "rack" needs option "discovery"/, 'a rack for nothing');
like(said(q{ALTER SERVER fleet OPTIONS (ADD datacenter '')}), qr/invalid value for option "datacenter"/, 'no name');
like(said(q{ALTER SERVER fleet OPTIONS (SET discovery_interval '0')}), qr/invalid value for option "discovery_interval"/, 'no time');

is($wrong, 0, 'every query was answered right');
$session->quit;
store_api('DeleteTable', { TableName => $table });
$node->stop;
done_testing();
