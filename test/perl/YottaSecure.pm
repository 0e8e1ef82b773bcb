# ----------------------------------------------------------------------------------------------
# YottaSecure.pm
#     A broker that asks who one is and says who it is, and a policy that follows a topic on it while the ways
#     to speak to it change.
#
#     secure_start('name');                              the broker, a server, and policy vehicle_service, LIVE
#     speak("$to{SASL}, ADD security_protocol ...", "\"user\" 'bob', ...");    options of server and mapping from now on
#     is_heard('what');                                  an event reaches the index, and sessions the broker
#     is_refused(sqlstate, reason, hint, 'what');        the policy, and a session, say why not
#     secure_stop();                                     nothing said held a secret
#
# %to has an option for each listener; logins: alice (PLAIN), bob (SCRAM-SHA-256), carol (SCRAM-SHA-512).
# ----------------------------------------------------------------------------------------------
package YottaSecure;

use strict;
use warnings;

use Exporter 'import';
use JSON::PP;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use YottaFleet;
use YottaTest;
use YottaTls;

our @EXPORT = qw(secure_start secure_stop said speak is_heard is_refused $node $tls $table $topic $kafka %port %to %ca
  $alice $bob $carol $secrets);

our ($node, $tls, $table, $topic, $kafka, %port, %to, %ca);
our $alice = q{"user" 'alice', password 'plain Secret'};
our $bob = q{"user" 'bob', password 'scramSecret256'};
our $carol = q{"user" 'carol', password 'scramSecret512'};
our $secrets = qr/plain Secret|scramSecret|wrongSecret|fileSecret/;

my $count = 0;
my $errors = '';

sub _certificates
{
	$tls = YottaTls->new;
	$tls->authority($_) foreach qw(ours theirs);
	$tls->certificate('good', ca => 'ours', names => 'IP:127.0.0.1,DNS:localhost');
	$tls->certificate('expired', ca => 'ours', names => 'IP:127.0.0.1', days => -1);
	$tls->certificate('elsewhere', ca => 'ours', names => 'IP:127.0.0.9,DNS:kafka.example.com');
	return;
}

# A broker with a listener for each way to speak to it.
sub _broker
{
	my @ways = qw(SASL SASLTLS TLS MUTUAL EXPIRED ELSEWHERE);
	%port = map { $_ => PostgreSQL::Test::Cluster::get_free_port() } @ways, 'AWAY';
	my $properties = '';
	$properties .= join ',', 'listener.security.protocol.map=PLAINTEXT:PLAINTEXT', qw(CONTROLLER:PLAINTEXT SASL:SASL_PLAINTEXT
	  SASLTLS:SASL_SSL TLS:SSL MUTUAL:SSL EXPIRED:SSL ELSEWHERE:SSL AWAY:PLAINTEXT);
	$properties .= "\nsasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512\n";
	foreach my $listener (qw(sasl sasltls))
	{
		$properties .= "listener.name.$listener.plain.sasl.jaas.config=org.apache.kafka.common.security.plain."
		  . qq{PlainLoginModule required user_alice="plain Secret";\n};
		$properties .= "listener.name.$listener.scram-sha-$_.sasl.jaas.config="
		  . "org.apache.kafka.common.security.scram.ScramLoginModule required;\n"
		  foreach 256, 512;
	}
	my %certificate = (SASLTLS => 'good', TLS => 'good', MUTUAL => 'good', EXPIRED => 'expired', ELSEWHERE => 'elsewhere');
	foreach my $listener (keys %certificate)
	{
		my $name = $certificate{$listener};
		my $store = $tls->file("$name.store.pem");
		append_to_file($store, slurp_file($tls->file("$name.key")) . slurp_file($tls->file("$name.pem"))) unless -e $store;
		my $prefix = 'listener.name.' . lc($listener) . '.ssl';
		$properties .= "$prefix.keystore.type=PEM\n$prefix.keystore.location=$store\n";
		$properties .= "$prefix.truststore.type=PEM\n$prefix.truststore.location=@{[$tls->file('ours.pem')]}\n";
	}
	$properties .= "listener.name.mutual.ssl.client.auth=required\n";
	append_to_file($tls->file('kafka.properties'), $properties);

	my $listeners = join ',', map { "$_://127.0.0.1:$port{$_}" } @ways;
	$kafka = start_service(
		'kafka',
		kafka => {
			listeners => "$listeners,AWAY://0.0.0.0:$port{AWAY}",
			advertised => "$listeners,AWAY://127.0.0.2:$port{AWAY}",
			properties => $tls->file('kafka.properties'),
			users => 'SCRAM-SHA-256=[name=bob,password=scramSecret256] SCRAM-SHA-512=[name=carol,password=scramSecret512]'
		});
	%to = map { $_ => "SET brokers '127.0.0.1:$port{$_}'" } keys %port;
	%ca = map { $_ => "ADD ca_file '" . $tls->file("$_.pem") . "'" } qw(ours theirs);
	return;
}

sub said
{
	my ($sql) = @_;
	my ($code, $output, $complaints) = $node->psql('postgres', "\\set VERBOSITY verbose\nSET log_statement = 'none'; SET log_min_error_statement = 'panic';\n$sql");
	$errors .= $complaints;
	return "$output$complaints";
}

# The next event, which only who is let in hears of.
sub next_event
{
	my $id = 'e' . ++$count;
	produce(
		$topic,
		qq({"vehicle_id":{"S":"$id"}}),
		encode_json(
			{
				eventID => '1',
				eventName => 'INSERT',
				eventVersion => '1.1',
				dynamodb => {
					ApproximateCreationDateTime => 1700000000,
					Keys => { vehicle_id => { S => $id } },
					NewImage => { vehicle_id => { S => $id }, type => { S => 'car' } },
					SequenceNumber => "$count",
				}
			}),
		brokers => $kafka->{address});
	return $id;
}

# Server and login from now on: what differs is dropped and made anew, while the worker runs.
sub speak
{
	my ($server, $login, $id) = @_;
	my @have = split /\n/, $node->safe_psql('postgres',
		"SELECT option_name FROM pg_options_to_table((SELECT srvoptions FROM pg_foreign_server WHERE srvname = 'fleet_changes'))");
	my $drop = join ', ', map { "DROP $_" } grep { !/^(?:brokers|topic|format)$/ } @have;
	my $sql = "BEGIN; SET LOCAL client_min_messages = warning; DROP USER MAPPING IF EXISTS FOR CURRENT_USER SERVER fleet_changes;\n";
	$sql .= "ALTER SERVER fleet_changes OPTIONS ($drop);\n" if $drop ne '';
	$sql .= "ALTER SERVER fleet_changes OPTIONS ($server);\n";
	$sql .= "CREATE USER MAPPING FOR CURRENT_USER SERVER fleet_changes OPTIONS ($login);\n" if defined $login;
	is(said("$sql COMMIT"), '', 'options of another kind');
	return;
}

sub is_heard
{
	my ($name) = @_;
	my $id = next_event();
	$node->poll_query_until('postgres', "SELECT count(*) = 1 FROM vehicle_service WHERE vehicle_id = '$id'")
	  or diag($node->safe_psql('postgres', 'SELECT phase, reason FROM yottastore.index_policies'));
	is($node->safe_psql('postgres', "SELECT kind FROM vehicle_service WHERE vehicle_id = '$id'"), 'car', $name);
	is(said(q{SELECT yottastore.index_wait('vehicle_service')}), 't', '... and by sessions');
	is(said(q{SELECT key ->> 'vehicle_id' FROM yottastore.peek_stream('fleet_changes', 1) ORDER BY "offset" DESC LIMIT 1}), $id, '... that look at messages');
	return;
}

# The worker's reason and a session's error, of a phase that stays LIVE.
sub is_refused
{
	my ($sqlstate, $reason, $hint, $name) = @_;
	ok($node->poll_query_until('postgres', "SELECT reason ~ \$re\$$reason\$re\$ FROM yottastore.index_policies"), "$name: the policy says why")
	  or diag($node->safe_psql('postgres', 'SELECT phase, reason FROM yottastore.index_policies'));
	like(said(q{SELECT yottastore.index_wait('vehicle_service')}), qr/$sqlstate: .*\nDETAIL: .*(?:$reason).*\nHINT: .*$hint/, '... and so does a session');
	like(said(q{SELECT yottastore.peek_stream('fleet_changes', 1)}), qr/$sqlstate: .*\nDETAIL: .*(?:$reason).*\nHINT: .*$hint/, '... that looks at messages');
	return;
}


sub secure_start
{
	my ($name) = @_;
	_certificates();
	_broker();
	$node = new_node($name);
	$table = unique_name('vehicles');
	$topic = unique_name('vehicles');
	create_fleet($node, table => $table, topic => $topic, brokers => $kafka->{address}, relay => 0);
	next_event();
	create_policy($node);
	wait_for_index($node, 'the start');
	is_heard('plain text');
	return;
}

sub secure_stop
{
	unlike($errors . slurp_file($node->logfile), $secrets, 'no secret was told');
	unlike(slurp_file($node->logfile), qr/%\d\|\d+\.\d+\||rdkafka#/, "nor has librdkafka's own log gone anywhere");
	$node->stop;
	store_api('DeleteTable', { TableName => $table });
	return;
}

1;
