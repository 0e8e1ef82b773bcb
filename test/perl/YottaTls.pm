# ----------------------------------------------------------------------------------------------
# YottaTls.pm
#     Certificates made for a test, and TLS endpoints before a store.
#
#     my $tls = YottaTls->new;
#     $tls->authority('ca');                                  makes ca.pem
#     $tls->certificate('node', ca => 'ca', names => 'IP:127.0.0.1', days => 2);    node.pem, node.key
#     $tls->file('node.pem')                                  where that is
#     my $url = $tls->listen($port, 'node', clients => 'ca', version => '1.1');
#         https URL on 127.0.0.1; option clients: only those with a certificate of that authority
#
# Files and endpoints end with the object.
# ----------------------------------------------------------------------------------------------
package YottaTls;

use strict;
use warnings;

use Carp;
use Cwd qw(abs_path);
use File::Basename;
use File::Temp;
use IO::Handle;
use IPC::Open2;
use IPC::Run;

my $forwarder = abs_path(dirname(__FILE__)) . '/tls_forward.py';

sub new
{
	my ($class) = @_;
	return bless { folder => File::Temp->newdir('yottatls.XXXXXX', TMPDIR => 1), endpoints => [], owner => $$ }, $class;
}

sub file { my ($self, $name) = @_; return "$self->{folder}/$name"; }

sub _openssl
{
	my ($self, @arguments) = @_;
	my $said = '';
	IPC::Run::run([ 'openssl', @arguments ], '<', \undef, '>&', \$said) or croak "openssl @arguments: $said";
	return;
}

my @key = qw(-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes);

sub authority
{
	my ($self, $name) = @_;
	return $self->_openssl('req', '-x509', @key, '-days', 2, '-subj', "/CN=$name",
		'-keyout', $self->file("$name.key"), '-out', $self->file("$name.pem"));
}

# days => -1 is expired.
sub certificate
{
	my ($self, $name, %option) = @_;
	my $extensions = $self->file("$name.ext");
	open(my $handle, '>', $extensions) or croak "$extensions: $!";
	print {$handle} "subjectAltName=$option{names}\n";
	close $handle;
	$self->_openssl('req', '-new', @key, '-subj', "/CN=$name", '-keyout', $self->file("$name.key"),
		'-out', $self->file("$name.csr"));
	return $self->_openssl('x509', '-req', '-in', $self->file("$name.csr"), '-days', $option{days} // 2,
		'-CA', $self->file("$option{ca}.pem"), '-CAkey', $self->file("$option{ca}.key"), '-CAcreateserial',
		'-extfile', $extensions, '-out', $self->file("$name.pem"));
}

sub listen    ## no critic (a method, called as one)
{
	my ($self, $target, $name, %option) = @_;
	my @more;
	push @more, '--clients', $self->file("$option{clients}.pem") if defined $option{clients};
	push @more, '--version', $option{version} if defined $option{version};
	my $pid = open2(my $output, my $input, $ENV{PYTHON} // 'python3', $forwarder, '127.0.0.1', $target,
		$self->file("$name.pem"), $self->file("$name.key"), @more);
	my $port = readline($output) // croak "no TLS endpoint for $name";
	chomp $port;
	push @{ $self->{endpoints} }, [ $pid, $input, $output ];
	return "https://127.0.0.1:$port";
}

sub DESTROY
{
	my ($self) = @_;
	return unless $self->{owner} == $$;
	local ($?, $!);
	foreach my $endpoint (@{ $self->{endpoints} })
	{
		close $endpoint->[1];    # which ends it
		waitpid $endpoint->[0], 0;
	}
	return;
}

1;
