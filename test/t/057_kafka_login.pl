# Brokers that ask who one is: by each mechanism, for worker, relay and sessions; what is said when one isn't believed, and
# that no secret is.
use strict;
use warnings;

use PostgreSQL::Test::Utils;
use Test::More;
use YottaFleet;
use YottaSecure;
use YottaTest;

secure_start('kafka_login');

# ---- by each mechanism ----------------------------------------------------------------------------

my $sasl = "$to{SASL}, ADD security_protocol 'SASL_PLAINTEXT', ADD sasl_mechanism";
my $wrong = 'Check user and password of the user mapping';

speak("$sasl 'PLAIN'", $alice);
is_heard('PLAIN');
said(q{ALTER USER MAPPING FOR CURRENT_USER SERVER fleet_changes OPTIONS (SET password 'wrongSecret')});
is_refused(28000, 'Authentication failed', $wrong, 'a wrong password');
said(q{ALTER USER MAPPING FOR CURRENT_USER SERVER fleet_changes OPTIONS (SET password 'plain Secret')});
is_heard('the right one again, without a restart');
ok($node->poll_query_until('postgres', 'SELECT reason IS NULL FROM yottastore.index_policies'), 'the reason is over');
said('DROP USER MAPPING FOR CURRENT_USER SERVER fleet_changes');
ok($node->poll_query_until('postgres', "SELECT reason ~ 'has no credentials for server \"fleet_changes\"' FROM yottastore.index_policies"), 'no login: the policy says so');
like(said(q{SELECT yottastore.index_wait('vehicle_service')}), qr/42704: user "\S+" has no credentials for server "fleet_changes"\nDETAIL: .*\nHINT: .*user '\.\.\.', password '\.\.\.'/, '... and so does a session');
speak("$sasl 'SCRAM-SHA-256'", $bob);
is_heard('SCRAM-SHA-256');
speak("$sasl 'SCRAM-SHA-512'", $carol);
is_heard('SCRAM-SHA-512');
speak("$sasl 'SCRAM-SHA-512'", $bob);
is_refused(28000, 'Authentication failed', $wrong, 'a user of another mechanism');

# a login that is only named
append_to_file($tls->file('logins'), "[changes]\nuser = alice\npassword = plain Secret\n[other]\nuser = alice\npassword = fileSecret\n");
chmod 0600, $tls->file('logins');
$node->safe_psql('postgres', "ALTER SYSTEM SET yottastore.credentials_file = '@{[$tls->file('logins')]}'");
$node->reload;
speak("$to{SASLTLS}, ADD security_protocol 'sasl_ssl', ADD sasl_mechanism 'PLAIN', $ca{ours}", "profile 'changes'");
is_heard('PLAIN over TLS, by a profile');
said(q{ALTER USER MAPPING FOR CURRENT_USER SERVER fleet_changes OPTIONS (SET profile 'other')});
is_refused(28000, 'Authentication failed', $wrong, 'a profile with a wrong password');
said(q{ALTER USER MAPPING FOR CURRENT_USER SERVER fleet_changes OPTIONS (SET profile 'nowhere')});
is_refused(28000, 'has no section', 'Ask a superuser', 'a profile that is not there');

# ---- tuning --------------------------------------------------------------------------------------

speak("$to{SASLTLS}, ADD security_protocol 'sasl_ssl', ADD sasl_mechanism 'SCRAM-SHA-512', $ca{ours}, ADD compression 'gzip', "
	  . "ADD linger_ms '1', ADD fetch_wait_max_ms '100', ADD queued_max_messages_kbytes '2048', ADD client_rack 'r 1'", $carol);
is_heard('SCRAM over TLS, tuned');

# ---- a relay -------------------------------------------------------------------------------------

like(said(q{SELECT yottastore.create_relay('r', 'vehicles', 'fleet_changes', 1)}), qr/^\d+$/, 'a relay');
put_vehicle($table, 'relayed', { type => { S => 'bus' } });
ok($node->poll_query_until('postgres', "SELECT count(*) = 1 FROM vehicle_service WHERE vehicle_id = 'relayed' AND kind = 'bus'"), 'a relay is let in')
  or diag($node->safe_psql('postgres', 'SELECT phase, reason FROM yottastore.relay_status'));
said(q{ALTER USER MAPPING FOR CURRENT_USER SERVER fleet_changes OPTIONS (SET password 'wrongSecret')});
ok($node->poll_query_until('postgres', q{SELECT reason ~ 'Authentication failed' FROM yottastore.relay_status}), 'a wrong password is its reason, too');
said(q{ALTER USER MAPPING FOR CURRENT_USER SERVER fleet_changes OPTIONS (SET password 'scramSecret512')});
put_vehicle($table, 'relayed', { type => { S => 'tram' } });
ok($node->poll_query_until('postgres', "SELECT count(*) = 1 FROM vehicle_service WHERE vehicle_id = 'relayed' AND kind = 'tram'"), '... and it goes on with the right one');
said(q{SELECT yottastore.drop_relay('r')});

# ---- secrets ---------------------------------------------------------------------------------------

said("CREATE USER MAPPING FOR PUBLIC SERVER fleet_changes OPTIONS ($alice); CREATE ROLE reader; GRANT SELECT ON vehicles, vehicle_service TO reader");
foreach my $view (qw(pg_user_mappings yottastore.index_policies yottastore.relay_status yottastore.quarantine))
{
	unlike(said("SET ROLE reader; SELECT v::text FROM $view v"), $secrets, "$view tells no secret");
}
like(said('SET ROLE reader; SELECT umoptions FROM pg_user_mapping'), qr/42501/, 'the mappings themselves are not read');
unlike(said('SELECT query FROM pg_stat_activity WHERE pid <> pg_backend_pid()'), $secrets, 'nor does what workers are doing');
secure_stop();
done_testing();
