# Where the brokers of a server that no superuser owns may be: looked at when they are connected to, whatever they
# say of themselves.
use strict;
use warnings;

use PostgreSQL::Test::Utils;
use Test::More;
use YottaSecure;
use YottaTest;

secure_start('kafka_endpoints');

# Sets the parameter; workers have it when they say so.
sub allow
{
	my ($list) = @_;
	$node->safe_psql('postgres', "ALTER SYSTEM SET yottastore.allowed_endpoints = $list");
	$node->reload;
	return;
}

speak($to{AWAY});
is_heard('a broker that is elsewhere than it was asked at');
said('CREATE ROLE keeper; GRANT USAGE ON FOREIGN DATA WRAPPER yottastore_stream TO keeper; ALTER SERVER fleet_changes OWNER TO keeper');
is_refused(42501, 'is no superuser, and "yottastore.allowed_endpoints" is empty', 'A superuser may list', 'the server of who is no superuser');
allow(q{'127.0.0.1'});
is_refused(42501, "is at 127.0.0.2:$port{AWAY}, which", 'A superuser may add it', 'the address that the broker tells of itself');
allow("'127.0.0.0/8'");
is_heard('a network that has both');
allow(q{'127.0.0.2'});
is_refused(42501, "is at 127.0.0.1:$port{AWAY}, which", 'A superuser may add it', 'the address it is asked at first');
said("ALTER SERVER fleet_changes OPTIONS (SET brokers 'localhost:$kafka->{port}')");
is_refused(42501, 'is at (?:127.0.0.1|\[::1\]):\d+, which', 'A superuser may add it', 'a name');
allow(q{'127.0.0.1'});
is_heard('a name that leads to an address that may be');
said('ALTER SERVER fleet_changes OWNER TO CURRENT_USER');
allow(q{''});
is_heard('the server of a superuser');
secure_stop();
done_testing();
