# No secret reaches a message: not the client's, not the server's log with all it can say, no view, no plan,
# whatever fails.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use YottaAnswers;
use YottaTest;
use YottaTls;

my $node;
{
	local @ENV{qw(FLEET_ACCESS_KEY_ID FLEET_SECRET_ACCESS_KEY FLEET_SESSION_TOKEN)} = qw(AKIAFLEET sEcReT/environment sEcReTtOkEn/environment);
	local @ENV{qw(BAD_ACCESS_KEY_ID BAD_SECRET_ACCESS_KEY)} = ('AKIABAD', "sEcReT bad");
	# what errs is logged without the statement: those of this test have the secrets themselves
	$node = new_node('secrets', conf => "log_min_error_statement = panic\nlog_statement = none\nlog_error_verbosity = verbose\n");
}
# not from the start, where the server logs its environment
$node->safe_psql('postgres', 'ALTER SYSTEM SET log_min_messages = debug5');
$node->reload;
my $store = YottaAnswers->new;
my $url = $store->url;
my $tls = YottaTls->new;
my $told = '';    # all that clients were told

sub said
{
	my ($sql) = @_;
	my ($code, $output, $errors) = $node->psql('postgres', "\\set VERBOSITY verbose\nSET client_min_messages = debug5;\n$sql");
	$told .= "$output\n$errors\n";
	return "$output$errors";
}

# It fails with this SQLSTATE, so that what is looked at for secrets is the failure that was meant.
sub fails { my ($sql, $state, $name) = @_; like(said($sql), qr/ERROR:  $state: /, $name); return; }

said(<<"END");
CREATE SERVER told FOREIGN DATA WRAPPER yottastore OPTIONS (nodes '$url', request_timeout '2s', connect_timeout '1s');
CREATE USER MAPPING FOR CURRENT_USER SERVER told
  OPTIONS (access_key_id 'AKIAGIVEN', secret_access_key 'sEcReT/given', session_token 'sEcReTtOkEn/given');
CREATE FOREIGN TABLE t (id text OPTIONS (key 'partition') NOT NULL, n int) SERVER told OPTIONS (table 'told');
END
my $get = "SELECT n FROM t WHERE id = 'a'";
my $put = "INSERT INTO t VALUES ('a', 1)";
my $found = { json => { Item => { id => { S => 'a' }, n => { N => '7' } } } };

# ---- what the store answers, repeating what it was sent ----------------------------------------

my $canonical = "The Canonical String for this request should have been\n'POST\n/\n\nhost:x\nx-amz-security-token:sEcReTtOkEn/given\n'";
foreach my $type (qw(InvalidSignatureException SignatureDoesNotMatch IncompleteSignatureException UnrecognizedClientException
	ExpiredTokenException InvalidClientTokenId MissingAuthenticationTokenException RequestExpired))
{
	$store->says('GetItem', refusal($type, $canonical));
	fails($get, '28000', $type);
}
foreach my $try (
	[ 'AccessDeniedException', 400, '28000' ], [ 'ResourceNotFoundException', 400, 'HV00R' ],
	[ 'ValidationException', 400, 'HV000' ], [ 'ThrottlingException', 400, '53400' ],
	[ 'InternalServerError', 500, 'HV000' ], [ 'Unheard', 418, 'HV000' ])
{
	my ($type, $status, $state) = @$try;
	$store->says('GetItem', refusal($type, $canonical, $status));
	fails($get, $state, "$type that repeats the token");
	like($told, qr/The store's own words repeat the session token\.\n/, '... is not quoted');
	$store->says('GetItem', refusal($type, 'y' x (500 - length $type) . $canonical, $status));
	fails($get, $state, "$type that repeats it where it is cut off");
}
$store->says('PutItem', refusal('InternalServerError', $canonical, 500));
$store->says('GetItem', refusal('InternalServerError', $canonical, 500));
fails($put, '40003', 'a write whose outcome is unknown');
foreach my $answer ({ text => $canonical }, { status => 400, text => $canonical }, { status => 301, text => $canonical },
	{ json => { Item => $canonical } }, { json => { Item => { id => { S => 'a' }, n => { N => $canonical } } } })
{
	$store->says('GetItem', $answer);
	fails($get, '\w{5}', 'an answer that is none');
}

# ---- connections -------------------------------------------------------------------------------

$store->says('GetItem', { json => {}, cut => 1 });
fails($get, '08001', 'a connection that breaks');
$store->says('GetItem', { hang => 1 });
fails($get, '08006', 'silence');
fails("SET statement_timeout = '300ms'; $get", '57014', 'a query that is cancelled');
my $dead = PostgreSQL::Test::Cluster::get_free_port();
said("ALTER SERVER told OPTIONS (SET nodes 'http://127.0.0.1:$dead')");
fails($get, '08001', 'no store');
fails($put, '08001', 'no store to write to');
said(q{ALTER SERVER told OPTIONS (SET nodes 'http://host.invalid')});
fails($get, '08001', 'no such host');
$tls->authority($_) foreach qw(ours theirs);
$tls->certificate('node', ca => 'theirs', names => 'IP:127.0.0.1');
my ($port) = $url =~ /:(\d+)$/;
said("ALTER SERVER told OPTIONS (SET nodes '" . $tls->listen($port, 'node') . "', ADD ca_file '" . $tls->file('ours.pem') . "')");
fails($get, '08001', 'a node that is not believed');
said("ALTER SERVER told OPTIONS (SET ca_file '" . $tls->file('theirs.pem') . "', SET nodes '" . $tls->listen($port, 'node', clients => 'ours') . "')");
fails($get, '08\d\d\d', 'a node that wants a certificate');
said("ALTER SERVER told OPTIONS (SET nodes '$url', DROP ca_file, ADD discovery 'localnodes')");
$store->says('GetItem', $found);
like(said($get), qr/^7/m, 'a node that is asked for others');
said(q{ALTER SERVER told OPTIONS (DROP discovery)});
said('CREATE ROLE owner; GRANT USAGE ON FOREIGN DATA WRAPPER yottastore TO owner; ALTER SERVER told OWNER TO owner');
fails($get, '42501', 'a server that may not connect');
fails("SET yottastore.allowed_endpoints = '10.0.0.0/8'; $get", '42501', 'an address that is not allowed');
said('ALTER SERVER told OWNER TO CURRENT_USER');

# ---- options -----------------------------------------------------------------------------------

my $mapping = 'USER MAPPING FOR CURRENT_USER SERVER told OPTIONS';
fails("ALTER $mapping ($_)", '\w{5}', "options: $_") foreach
  q{SET secret_access_key 'sEcReT with blanks'}, q{SET secret_access_key ''}, q{SET session_token E'sEcReT\n'},
  q{SET access_key_id 'sEcReT key'}, q{ADD secret 'sEcReT'}, q{ADD password 'sEcReT'}, q{DROP access_key_id},
  q{ADD profile 'fleet'}, q{ADD environment 'FLEET'};
foreach my $long (q{secret_access_key 'sEcReT}, q{session_token 'sEcReT}, q{access_key_id 'sEcReT})
{
	said('ALTER ' . $mapping . " (SET $long" . 'x' x 9000 . q{')});
	fails($get, '22023', 'far too long a value');
	(my $short = $long) =~ s/'.*/'AKIAGIVEN'/;
	said("ALTER $mapping (SET $short)");
}
said("ALTER $mapping (SET access_key_id 'sEcReT/key')");
fails($get, '22023', 'a slash in a key');
fails(q{CREATE SERVER bad FOREIGN DATA WRAPPER yottastore OPTIONS (nodes 'http://me:sEcReT@127.0.0.1:1')}, '22023', 'a password in an address');
fails(q{CREATE USER MAPPING FOR PUBLIC SERVER told OPTIONS (secret_access_key 'sEcReT')}, '\w{5}', 'no key to a secret');

# ---- credentials by name -----------------------------------------------------------------------

my $file = $node->basedir . '/credentials';
sub put_file
{
	my ($text, $mode) = @_;
	unlink $file;
	open(my $handle, '>', $file) or die "$file: $!";
	print {$handle} $text;
	close $handle;
	chmod $mode, $file;
	return;
}
said("DROP USER MAPPING FOR CURRENT_USER SERVER told; CREATE $mapping (profile 'fleet')");
fails($get, '28000', 'no file');
my $use = "SET yottastore.credentials_file = '$file'; $get";
foreach my $text ("[fleet]\nsEcReT\n", "[fleet]\naws_secret_access_key = sEcReT sEcReT\n", "[sEcReT\n",
	"[fleet]\naws_secret_access_key = sEcReT\n", "[fleet]\naws_secret_access_key = sEcReT\naws_secret_access_key = sEcReT\n")
{
	put_file($text, 0600);
	fails($use, '28000', 'a file that cannot be used');
}
put_file("[fleet]\naws_access_key_id = AKIAFILE\naws_secret_access_key = sEcReT/file\naws_session_token = sEcReTtOkEn/file\n", 0644);
fails($use, '28000', 'a file that others can read');
chmod 0600, $file;
$store->says('GetItem', refusal('ExpiredTokenException', $canonical));
fails($use, '28000', 'a file with what has expired');
said("ALTER $mapping (DROP profile, ADD environment 'BAD')");
fails($get, '28000', 'an environment that cannot be used');
said("ALTER $mapping (SET environment 'FLEET')");
$store->says('GetItem', refusal('ExpiredTokenException', $canonical));
fails($get, '28000', 'an environment with what has expired');
$store->says('GetItem', $found);
like(said($get), qr/^7/m, 'and one that works');

# ---- what can be looked at ---------------------------------------------------------------------

said("DROP USER MAPPING FOR CURRENT_USER SERVER told; CREATE $mapping (access_key_id 'AKIAGIVEN', secret_access_key 'sEcReT/given', session_token 'sEcReTtOkEn/given')");
like(said("EXPLAIN (ANALYZE, VERBOSE) $get"), qr/GetItem/, 'a plan');
like(said('SELECT * FROM yottastore.node_status'), qr/\Q$url\E/, 'the state of nodes');
said('SELECT * FROM pg_stat_activity; SELECT * FROM pg_settings; SELECT * FROM pg_foreign_server');
like(said('CREATE ROLE guest; SET ROLE guest; SELECT umoptions IS NULL FROM pg_user_mappings'), qr/^t/m, "another's user mapping");

# ---- nothing of it -----------------------------------------------------------------------------

my $log = slurp_file($node->logfile);
like($log, qr/DEBUG: /, "the server's log has all it can say");
like($log, qr/the store refused the credentials/, '... and the errors');
unlike($log, qr/sEcReT/, '... and no secret');
cmp_ok(length $told, '>', 20_000, 'clients were told much');
my ($leak) = $told =~ /^(.*sEcReT.*)$/m;
is($leak, undef, '... and no secret');

$node->stop;
done_testing();
