# https: whom the client believes, and who believes it. The store is the real one behind TLS endpoints.
use strict;
use warnings;

use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);
use YottaTest;
use YottaTls;

my ($port) = store_url() =~ /:(\d+)$/;
my $table = unique_name('tls');
my $node = new_node('tls');
my $tls = YottaTls->new;
my $errors = '';

$tls->authority($_) foreach qw(ours theirs);
$tls->certificate('good', ca => 'ours', names => 'IP:127.0.0.1,DNS:localhost');
$tls->certificate('expired', ca => 'ours', names => 'IP:127.0.0.1', days => -1);
$tls->certificate('elsewhere', ca => 'ours', names => 'IP:127.0.0.2,DNS:store.example.com');
$tls->certificate('foreign', ca => 'theirs', names => 'IP:127.0.0.1');
$tls->certificate('client', ca => 'ours', names => 'DNS:client');
$tls->certificate('stranger', ca => 'theirs', names => 'DNS:stranger');

$node->safe_psql('postgres', <<"END");
SET log_statement = 'none';
CREATE SERVER fleet FOREIGN DATA WRAPPER yottastore
  OPTIONS (nodes 'https://127.0.0.1:1', region 'eu-south-1', ca_file '@{[$tls->file('ours.pem')]}', request_timeout '2min');
CREATE USER MAPPING FOR PUBLIC SERVER fleet
  OPTIONS (access_key_id 'test', secret_access_key 'sEcReT', session_token 'sEcReTtoken');
CREATE FOREIGN TABLE t (id text OPTIONS (key 'partition') NOT NULL, n int) SERVER fleet OPTIONS (table '$table');
END

# The server's options from now on.
sub options
{
	my ($options) = @_;
	$node->safe_psql('postgres', "ALTER SERVER fleet OPTIONS ($options)");
	return;
}

sub said
{
	my ($sql) = @_;
	my ($code, $output, $complaints) = $node->psql('postgres', "\\set VERBOSITY verbose\nSET log_statement = 'none';\n$sql");
	$errors .= $complaints;
	return "$output$complaints";
}

# No node is believed, which is said at once and not tried for the time of a request.
sub not_believed
{
	my ($reason, $name, $sql) = @_;
	my $start = time();
	like(said($sql // 'SELECT count(*) FROM t'), qr{08001:\ no\ node\ of\ the\ store\ could\ be\ reached\n
		DETAIL:\s+The\ last\ one\ tried\ was\ https://\S+:\ $reason.*\.\n
		HINT:\s+Check\ the\ server's\ options\ "nodes"\ and,\ for\ https}x, $name);
	cmp_ok(time() - $start, '<', 60, '... at once');
	return;
}

# ---- whom the client believes -----------------------------------------------------------------

my $good = $tls->listen($port, 'good');
options("SET nodes '$good'");
is(said("SELECT yottastore.create_store_table('fleet', '$table', 'id'); INSERT INTO t SELECT 'k' || i, i FROM generate_series(1, 300) i"),
	'', 'writes over TLS');
is(said('SELECT count(*), sum(n) FROM t'), '300|45150', 'reads over TLS');
is(said("SELECT n FROM t WHERE id IN ('k7', 'k8') ORDER BY n"), "7\n8", 'reads of single items');
(my $by_name = $good) =~ s/127\.0\.0\.1/localhost/;
options("SET nodes '$by_name'");
is(said("SELECT n FROM t WHERE id = 'k7'"), '7', 'a node by its name');
options("SET nodes '@{[$tls->listen($port, 'good', version => '1.2')]}'");
is(said("SELECT n FROM t WHERE id = 'k7'"), '7', 'TLS 1.2');
options("SET nodes '@{[$tls->listen($port, 'good', version => '1.3')]}'");
is(said("SELECT n FROM t WHERE id = 'k7'"), '7', 'TLS 1.3');

my $certificate = qr/SSL\ certificate\ problem:\ /;
options("SET nodes '@{[$tls->listen($port, 'foreign')]}'");
not_believed(qr/${certificate}unable\ to\ get/, 'another authority');
not_believed(qr/${certificate}unable\ to\ get/, '... for a write', q{INSERT INTO t VALUES ('new', 1)});
options("SET nodes '@{[$tls->listen($port, 'expired')]}'");
not_believed(qr/${certificate}certificate\ has\ expired/, 'an expired certificate');
options("SET nodes '@{[$tls->listen($port, 'elsewhere')]}'");
not_believed(qr/SSL:\ no\ alternative\ certificate\ subject\ name\ matches/, "another's certificate");
options("SET nodes '$good', DROP ca_file");
not_believed(qr/${certificate}unable\ to\ get/, "an authority that is not among the system's");
options("ADD ca_file '/nonexistent.pem'");
not_believed(qr/error\ setting\ certificate/, 'an authority in no file');
options("SET ca_file '@{[$tls->file('ours.pem')]}'");

# a node that is not believed is one that is down
my $wrong = $tls->listen($port, 'foreign');
options("SET nodes '$wrong,$good'");
is(said(join ';', ("SELECT n FROM t WHERE id = 'k7'") x 8), join("\n", (7) x 8), 'one of two nodes is not believed');
is(said("SELECT n FROM t WHERE id = 'new'"), '', 'nothing was written to whom was not believed');

options("SET nodes '@{[$tls->listen($port, 'good', version => '1.1')]}', SET request_timeout '2s'");
like(said('SELECT count(*) FROM t'), qr/08001: .*\nDETAIL:\s+The last one tried was https:\S+: .*(?:SSL|TLS)/, 'TLS 1.1 is not spoken');
options("SET nodes 'https://127.0.0.1:$port'");
like(said('SELECT count(*) FROM t'), qr/08001: .*\nDETAIL:\s+The last one tried was https:/, 'a node that speaks no TLS at all');

# ---- who believes the client ------------------------------------------------------------------

my $demanding = $tls->listen($port, 'good', clients => 'ours');
my %client = map { $_ => "client_cert_file '" . $tls->file("$_.pem") . "', %s client_key_file '" . $tls->file("$_.key") . "'" } qw(client stranger);
options("SET nodes '$demanding'");
like(said('SELECT count(*) FROM t'), qr/08\d\d\d: .*\nDETAIL:\s+The last one tried was https:\S+: .*certificate required/, 'no certificate is given');
options('ADD ' . sprintf $client{client}, 'ADD');
is(said('SELECT count(*), sum(n) FROM t'), '300|45150', 'a certificate is given');
is(said(q{INSERT INTO t VALUES ('new', 1); SELECT n FROM t WHERE id = 'new'}), '1', '... for writes, too');
options('SET ' . sprintf $client{stranger}, 'SET');
like(said('SELECT count(*) FROM t'), qr/08\d\d\d: .*\nDETAIL:\s+The last one tried was https:\S+: .*(?:alert|unknown ca)/, 'one that the store does not believe');
options("SET request_timeout '2min'");
options("SET client_key_file '@{[$tls->file('client.key')]}'");
not_believed(qr/unable\ to\ set\ private\ key/, "another's key");
options(q{SET client_key_file '/nonexistent.key'});
not_believed(qr/unable\ to\ set\ private\ key/, 'no such key');
options(q{SET client_cert_file '/nonexistent.pem'});
not_believed(qr/could\ not\ load\ PEM\ client\ certificate/, 'no such certificate');
options('SET ' . sprintf $client{client}, 'SET');
is(said('SELECT count(*) FROM t'), '301', 'the right ones again');

# ---- who may name files ------------------------------------------------------------------------

said('CREATE ROLE owner; GRANT USAGE ON FOREIGN DATA WRAPPER yottastore TO owner; CREATE ROLE keeper IN ROLE pg_read_server_files; GRANT USAGE ON FOREIGN DATA WRAPPER yottastore TO keeper');
foreach my $option (qw(ca_file client_cert_file client_key_file))
{
	like(said("SET ROLE owner; CREATE SERVER mine FOREIGN DATA WRAPPER yottastore OPTIONS (nodes 'https://a', $option '/etc/passwd')"),
		qr/42501: permission denied for option "$option"\nDETAIL:\s+It names a file of the server's machine\.\nHINT:\s+\S/, "not everybody names a $option");
}
is(said("SET ROLE keeper; CREATE SERVER mine FOREIGN DATA WRAPPER yottastore OPTIONS (nodes 'https://a', ca_file '/etc/ca.pem')"),
	'', 'who may read the files of the server may');
said('ALTER SERVER mine OWNER TO owner');
like(said(q{SET ROLE owner; ALTER SERVER mine OPTIONS (SET nodes 'https://b')}), qr/42501: /, 'a server that has one is not altered by others');
is(said(q{SET ROLE owner; ALTER SERVER mine OPTIONS (SET nodes 'https://b', DROP ca_file)}), '', '... unless they let go of it');
foreach my $option (qw(client_cert_file client_key_file))
{
	like(said("ALTER SERVER mine OPTIONS (ADD $option '/etc/x')"), qr/options "client_cert_file" and "client_key_file" need each other/, "no $option alone");
}

unlike($errors . slurp_file($node->logfile), qr/sEcReT/, 'no secret was told');
store_api('DeleteTable', { TableName => $table });
$node->stop;
done_testing();
