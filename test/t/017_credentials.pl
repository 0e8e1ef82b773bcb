# Credentials that a user mapping names: in a file, in the environment. Which ones a request was signed with
# is seen by a scripted store.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);
use YottaAnswers;
use YottaTest;

my $store = YottaAnswers->new;
my $found = { json => { Item => { id => { S => 'a' }, n => { N => '7' } } } };
my $expired = refusal('ExpiredTokenException', 'The security token included in the request is expired');
my $get = "SELECT n FROM t WHERE id = 'a'";
my $errors = '';    # all that clients were told

# What a process-wide environment has to say; nothing of it may reach a server that doesn't name it.
my $node;
{
	my $dead = 'http://127.0.0.1:' . PostgreSQL::Test::Cluster::get_free_port();
	local @ENV{qw(AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN AWS_PROFILE AWS_REGION)} =
	  qw(AKIAPROCESS sEcReT/process sEcReT/processtoken process us-west-9);
	local @ENV{qw(AWS_ENDPOINT_URL AWS_ENDPOINT_URL_DYNAMODB http_proxy HTTP_PROXY ALL_PROXY)} = ($dead) x 5;
	local @ENV{qw(FLEET_ACCESS_KEY_ID FLEET_SECRET_ACCESS_KEY)} = qw(AKIAFLEET sEcReT/fleet);
	local @ENV{qw(HALF_ACCESS_KEY_ID HALF_SECRET_ACCESS_KEY)} = ('AKIAHALF', '');
	local @ENV{qw(ODD_ACCESS_KEY_ID ODD_SECRET_ACCESS_KEY)} = ('AKIAODD', "sEcReT odd");
	local $ENV{AWS_SHARED_CREDENTIALS_FILE} = '/nonexistent';
	$node = new_node('credentials');
}
my $file = $node->basedir . '/credentials';

$node->safe_psql('postgres', <<"END");
SET log_statement = 'none';
CREATE SERVER told FOREIGN DATA WRAPPER yottastore OPTIONS (nodes '@{[$store->url]}', region 'eu-south-1', request_timeout '20s');
CREATE USER MAPPING FOR CURRENT_USER SERVER told OPTIONS (access_key_id 'AKIAGIVEN', secret_access_key 'sEcReT/given');
CREATE FOREIGN TABLE t (id text OPTIONS (key 'partition') NOT NULL, n int) SERVER told OPTIONS (table 'told');
CREATE ROLE guest LOGIN;
GRANT SELECT ON t TO guest;
GRANT USAGE ON FOREIGN SERVER told TO guest;
END

# A session that stays, and must follow what changes.
my $session = $node->background_psql('postgres', on_error_stop => 0);
$session->query_safe("\\set VERBOSITY verbose\nSET log_statement = 'none'");

sub said
{
	my ($sql) = @_;
	my $output = $session->query("$sql;");
	my $complaints = $session->{stderr};
	$session->{stderr} = '';
	$errors .= $complaints;
	return "$output$complaints";
}

# The one request that the query makes is signed so: key, and token if any.
sub signed_with
{
	my ($key, $token, $name, $sql) = @_;
	$store->says('GetItem', $found);
	is(said($sql // $get), '7', "$name: an answer");
	my @heads = $store->headers('GetItem');
	is(scalar @heads, 1, '... to one request');
	like($heads[0]{authorization}, qr{ Credential=$key/\d+/eu-south-1/dynamodb/}, '... signed with its key');
	is($heads[0]{'x-amz-security-token'}, $token, defined $token ? '... and its token' : '... and no token');
	return;
}

sub fails
{
	my ($sql, $state, $message, $detail, $name) = @_;
	$store->says('GetItem', $found);
	like(said($sql), qr/$state: $message\nDETAIL:\s+$detail\nHINT:\s+\S.*\.$/m, $name);
	is(scalar $store->heard('GetItem'), 0, '... and nothing was sent');
	return;
}

sub cannot_be_used
{
	my ($detail, $name) = @_;
	return fails($get, '28000', 'the credentials that the user mapping names cannot be used', $detail, $name);
}

sub name_them { return said('ALTER USER MAPPING FOR CURRENT_USER SERVER told OPTIONS (' . shift . ')'); }

# ---- nothing is taken from the environment unbidden -------------------------------------------

signed_with('AKIAGIVEN', undef, 'given ones');

# ---- by the environment ------------------------------------------------------------------------

name_them(q{DROP access_key_id, DROP secret_access_key, ADD environment 'FLEET'});
signed_with('AKIAFLEET', undef, 'of the environment');
name_them(q{SET environment 'AWS'});
signed_with('AKIAPROCESS', 'sEcReT/processtoken', "of the environment, under AWS's names");
name_them(q{SET environment 'NOBODY'});
cannot_be_used(q{The server's environment has no variable NOBODY_ACCESS_KEY_ID\.}, 'no such variable');
name_them(q{SET environment 'HALF'});
cannot_be_used(q{The server's environment has no variable HALF_SECRET_ACCESS_KEY\.}, 'an empty variable');
name_them(q{SET environment 'ODD'});
cannot_be_used(q{The value of the server's environment variable ODD_SECRET_ACCESS_KEY has a character .*\.}, 'a value with a blank');

# ---- by a file ---------------------------------------------------------------------------------

sub put_file
{
	my ($text, $mode) = @_;
	open(my $handle, '>', "$file.new") or die "$file: $!";
	print {$handle} $text;
	close $handle;
	chmod $mode // 0600, "$file.new";
	rename "$file.new", $file or die "$file: $!";
	return;
}

# Sets it for every session, and waits until this one has it.
sub use_file
{
	my ($path) = @_;
	$node->safe_psql('postgres', "ALTER SYSTEM SET yottastore.credentials_file = '$path'");
	$node->reload;
	foreach (1 .. 10 * $PostgreSQL::Test::Utils::timeout_default)
	{
		return if said('SHOW yottastore.credentials_file') eq $path;
		usleep(100_000);
	}
	die "credentials_file is not $path";
}

my $section = sub {
	my ($name, $key, $token) = @_;
	return "[$name]\naws_access_key_id = $key\naws_secret_access_key=sEcReT/$key\n"
	  . (defined $token ? "  aws_session_token =  $token \t\r\n" : '');
};

name_them(q{DROP environment, ADD profile 'fleet'});
cannot_be_used(q{The user mapping names profile "fleet", and parameter "yottastore\.credentials_file" is not set\.}, 'no file');
use_file($file);
cannot_be_used(q{The credentials file cannot be opened: No such file or directory\.}, 'a file that is not there');

put_file("# ours\n\n; and theirs\n" . $section->('default', 'AKIADEFAULT') . "region = eu-south-1\r\n\n"
	  . $section->('fleet', 'AKIAONE', 'sEcReT/one') . $section->(' other ', 'AKIAOTHER'));
signed_with('AKIAONE', 'sEcReT/one', 'of a file');
name_them(q{SET profile 'other'});
signed_with('AKIAOTHER', undef, 'of another section');
name_them(q{SET profile 'fleet'});

put_file($section->('fleet', 'AKIATWO', 'sEcReT/two'));
signed_with('AKIATWO', 'sEcReT/two', 'of a file that was replaced');
put_file($section->('fleet', 'AKIATWO'));
signed_with('AKIATWO', undef, 'of a file that has no token any more');
put_file($section->('fleet', 'AKIATWO'), 0400);
signed_with('AKIATWO', undef, 'of a file with another mode');

# ---- credentials that have expired -------------------------------------------------------------

# Others, in a file that looks the same: size, times and number.
sub exchange
{
	my ($text) = @_;
	my @stat = stat $file;
	chmod 0600, $file;
	open(my $handle, '+<', $file) or die "$file: $!";
	print {$handle} $text;
	close $handle;
	chmod $stat[2] & 07777, $file;
	utime $stat[8], $stat[9], $file or die "$file: $!";
	return;
}

sub keys_used { return join ' ', map { $_->{authorization} =~ m{Credential=(\w+)/} } $store->headers($_[0]); }

# a whole number of seconds: utime takes no others
utime 1_700_000_000, 1_700_000_000, $file;
signed_with('AKIATWO', undef, 'of a file with another time');
exchange($section->('fleet', 'AKIANEW'));
$store->says('GetItem', $expired, $found);
is(said($get), '7', 'expired ones that were replaced since: an answer');
is(keys_used('GetItem'), 'AKIATWO AKIANEW', '... to the second request');
$store->says('PutItem', $expired, { json => {} });
exchange($section->('fleet', 'AKIATOO'));
is(said(q{INSERT INTO t VALUES ('b', 1) RETURNING id}), 'b', 'a write is certainly not applied');
is(keys_used('PutItem'), 'AKIANEW AKIATOO', '... and sent again');

$store->says('GetItem', $expired);
like(said($get), qr/28000: the store refused the credentials\nDETAIL:\s+ExpiredTokenException\n/, 'expired ones that were not');
is(keys_used('GetItem'), 'AKIATOO', '... are not tried again');
$store->says('GetItem', refusal('AccessDeniedException', 'not authorized'), $found);
exchange($section->('fleet', 'AKIANOW'));
like(said($get), qr/28000: permission denied by the store/, 'what is denied');
is(keys_used('GetItem'), 'AKIATOO', '... is not a matter of other credentials');

# requests at once, all or some of them with expired ones
exchange($section->('fleet', 'AKIAALL'));
$store->refuses('AKIATOO', $expired);
$store->says('BatchGetItem', { json => { Responses => { told => [] }, UnprocessedKeys => {} } });
is(said(q{SELECT count(*) FROM t WHERE id = ANY (ARRAY(SELECT i::text FROM generate_series(1, 250) i))}), '0', 'several expired at once');
like(join(' ', sort split / /, keys_used('BatchGetItem')), qr/^(?:AKIAALL ){3}AKIATOO\b/, '... are all sent again');
$store->says('GetItem', $expired, $expired, $found);
put_file($section->('fleet', 'AKIANOW'));
like(said($get), qr/28000: the store refused the credentials/, 'refused, though the file was just read');

# ---- files that cannot be used -----------------------------------------------------------------

foreach my $try (
	[ $section->('other', 'AKIAX'), 'The credentials file has no section \[fleet\]\.', 'no such section' ],
	[ "[fleet]\naws_access_key_id = AKIAX\n", 'Section \[fleet\] of the credentials file has no aws_secret_access_key\.', 'no secret' ],
	[ "[fleet]\n[other]\naws_access_key_id = A\n", 'Section \[fleet\] of the credentials file has no aws_access_key_id\.', 'all of it elsewhere' ],
	[ "[fleet]\nsEcReT/key\n", q{Line 2 of the credentials file is neither a section's head, nor a key with its value, nor a comment\.}, 'a bare line' ],
	[ "\n[fleet\n", q{Line 2 of the credentials file is no section's head\.}, 'an open bracket' ],
	[ $section->('fleet', 'AKIAX') . $section->('fleet', 'AKIAY'), 'Line 4 of the credentials file begins a section again\.', 'a section twice' ],
	[ $section->('fleet', 'AKIAX') . "aws_access_key_id = AKIAY\n", 'Line 4 of the credentials file gives a key of the section again\.', 'a key twice' ],
	[ "[fleet]\naws_access_key_id = AKIA/X\n", 'Line 2 of the credentials file has no value, or one that cannot be sent\.', 'a slash in a key' ],
	[ "[fleet]\naws_secret_access_key = sEcReT sEcReT\n", 'Line 2 of the credentials file has no value, or one that cannot be sent\.', 'a blank in a secret' ],
	[ "[fleet]\naws_secret_access_key = sEcReT\0sEcReT\n", 'Line 2 of the credentials file has no value, or one that cannot be sent\.', 'a NUL in a secret' ],
	[ "[fleet]\naws_session_token =\n", 'Line 2 of the credentials file has no value, or one that cannot be sent\.', 'no value' ],
	[ '', 'The credentials file has no section \[fleet\]\.', 'an empty file' ],
	[ '#' x 65536, 'The credentials file is too large\.', 'a huge file' ])
{
	my ($text, $detail, $name) = @$try;
	put_file($text);
	cannot_be_used($detail, $name);
}
foreach my $mode (0640, 0604, 0620, 0610)
{
	put_file($section->('fleet', 'AKIAX'), $mode);
	cannot_be_used('The credentials file may be read by others, or belongs to one: .*\.', sprintf 'mode %o', $mode);
}
use_file($node->data_dir);
cannot_be_used('The credentials file is not a regular file\.', 'a folder');
use_file($file);
put_file($section->('fleet', 'AKIALAST'));
signed_with('AKIALAST', undef, 'a file that is in order again');

# ---- who may ------------------------------------------------------------------------------------

sub as_guest { return said('SET ROLE guest; ' . shift) . said('RESET ROLE'); }

foreach my $option ('profile', 'environment')
{
	like(as_guest("CREATE USER MAPPING FOR guest SERVER told OPTIONS ($option 'fleet')"),
		qr/42501: permission denied for option "$option"/, "only superusers name a $option");
	said("CREATE USER MAPPING FOR guest SERVER told OPTIONS ($option 'FLEET')");
	like(as_guest("ALTER USER MAPPING FOR guest SERVER told OPTIONS (SET $option 'AWS')"),
		qr/42501: /, '... or another');
	like(as_guest("ALTER USER MAPPING FOR guest SERVER told OPTIONS (ADD access_key_id 'x')"),
		qr/HV00D: options "$option" and "access_key_id" exclude each other/, '... and nobody adds to it');
	said('DROP USER MAPPING FOR guest SERVER told');
}
said(q{CREATE USER MAPPING FOR guest SERVER told OPTIONS (environment 'FLEET')});
signed_with('AKIAFLEET', undef, 'who was given one uses it', "SET ROLE guest; $get");
said('RESET ROLE');
signed_with('AKIALAST', undef, 'and others theirs');
like(as_guest('SHOW yottastore.credentials_file'), qr/42501: /, 'the path of the file is not for everybody');
like(as_guest(q{SET yottastore.credentials_file = '/tmp/mine'}), qr/42501: /, '... nor theirs to choose');
like(said(q{SET yottastore.credentials_file = 'credentials'}), qr/22023: .*\nDETAIL:\s+It is the absolute path/, '... and is absolute');
like(name_them(q{ADD environment 'FLEET'}), qr/HV00D: options "profile" and "environment" exclude each other/, 'one kind only');
like(name_them(q{SET profile 'a]b'}), qr/22023: invalid value for option "profile"/, 'a bad name of a section');
like(name_them(q{SET profile ''}), qr/22023: invalid value for option "profile"/, 'an empty name of a section');
like(name_them(q{DROP profile, ADD environment 'A-B'}), qr/22023: invalid value for option "environment"/, 'a bad name of variables');
like(name_them(q{DROP profile}), qr/option "access_key_id" is required/, 'some must be there');

# ---- secrets -------------------------------------------------------------------------------------

$session->quit;
my $log = slurp_file($node->logfile);
like($log, qr/cannot be used/, "the server's log has the errors");
unlike($log, qr/sEcReT/, '... and no secret');
cmp_ok(length $errors, '>', 3000, 'clients were told much');
unlike($errors, qr/sEcReT|\Q$file\E/, '... and no secret, nor where they are kept');

$node->stop;
done_testing();
