# Brokers that say who they are, and ask for a certificate: whom worker and sessions believe, and who believes them.
use strict;
use warnings;

use PostgreSQL::Test::Utils;
use Test::More;
use YottaSecure;
use YottaTest;

secure_start('kafka_tls');
$tls->certificate('client', ca => 'ours', names => 'DNS:client');
$tls->certificate('stranger', ca => 'theirs', names => 'DNS:stranger');
$tls->certificate('late', ca => 'ours', names => 'DNS:late', days => -1);

my $tls_only = "ADD security_protocol 'ssl', $ca{ours}";

speak("$to{TLS}, $tls_only");
is_heard('TLS');
speak("$to{TLS}, ADD security_protocol 'ssl', $ca{theirs}");
is_refused('08001', 'certificate verify failed', 'Option "ca_file" must hold', 'an authority that is not ours');
speak("$to{TLS}, ADD security_protocol 'ssl'");
is_refused('08001', 'certificate verify failed', 'Option "ca_file" must hold', "one that is not among the system's");
speak("$to{EXPIRED}, $tls_only");
is_refused('08001', 'certificate verify failed', 'Option "ca_file" must hold', 'an expired certificate');
speak("$to{ELSEWHERE}, $tls_only");
is_refused('08001', 'certificate verify failed', 'Option "ca_file" must hold', "another's certificate");
speak("$to{TLS}, ADD security_protocol 'ssl', ADD ca_file '/nonexistent.pem'");
is_refused('22023', q{The file that it names can't be read: No such file}, 'must be able to read', 'an authority in no file');

my %mutual = map { $_ => "$to{MUTUAL}, $tls_only, ADD client_cert_file '" . $tls->file("$_.pem") . "', ADD client_key_file '" . $tls->file("$_.key") . "'" } qw(client stranger late);
speak($mutual{client});
is_heard('a certificate of the client');
my $no_certificate = 'SSL|Disconnected|[Cc]onnection closed|alert';
speak("$to{MUTUAL}, $tls_only");
is_refused('0800[16]', $no_certificate, 'client_cert_file', 'none is given');
speak($mutual{stranger});
is_refused('0800[16]', $no_certificate, 'client_cert_file', 'one that the broker does not believe');
speak($mutual{late});
is_refused('0800[16]', $no_certificate, 'client_cert_file', 'one that has expired');
secure_stop();
done_testing();
