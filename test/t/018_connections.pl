# A session's connections to stores end when what they were made for changes or goes away.
use strict;
use warnings;

use IPC::Run;
use PostgreSQL::Test::Utils;
use Test::More;
use YottaTest;

my $table = unique_name('connections');
my $node = new_node('connections');
create_servers($node);
$node->safe_psql('postgres', <<"END");
SELECT yottastore.create_store_table('fleet', '$table', 'id', stream => false);
CREATE FOREIGN TABLE parts (id text OPTIONS (key 'partition') NOT NULL, n int)
  SERVER fleet OPTIONS (table '$table');
INSERT INTO parts SELECT 'p' || i, i FROM generate_series(1, 3) i;
END

my ($to_psql, $output) = ('', '');
my $session = IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr('postgres') ],
	'<', \$to_psql, '>', \$output, IPC::Run::timeout($PostgreSQL::Test::Utils::timeout_default));
my $asked = 0;

sub answer
{
	my ($sql) = @_;
	$asked++;
	$output = '';
	$to_psql .= "$sql;\n\\echo end $asked\n";
	$session->pump until $output =~ /^end $asked\n/m;
	$output =~ s/^end $asked\n//m;
	chomp $output;
	return $output;
}

# How many descriptors of sockets and of epoll the session's process has.
my $pid = answer('SELECT pg_backend_pid()');

sub descriptors
{
	opendir(my $folder, "/proc/$pid/fd") or die "$pid: $!";
	return scalar grep { (readlink("/proc/$pid/fd/$_") // '') =~ /^socket:|eventpoll/ } readdir $folder;
}

my $idle = descriptors();
my $get = "SELECT n FROM parts WHERE id = 'p2'";
is(answer($get), 2, 'a session asks the store');
my $connected = descriptors();
cmp_ok($connected, '>', $idle, 'and keeps its connection');

# ---- a mapping that goes away ----------------------------------------------------------------

$node->safe_psql('postgres', 'DROP USER MAPPING FOR CURRENT_USER SERVER fleet');
answer('SELECT 1');
is(descriptors(), $idle, 'which is closed when its user mapping is dropped');
$node->safe_psql('postgres',
	"CREATE USER MAPPING FOR CURRENT_USER SERVER fleet OPTIONS (access_key_id 'new', secret_access_key 'new')");
is(answer($get), 2, 'a new mapping is used');
is(descriptors(), $connected, 'by a new connection');

# ---- many changes in one transaction -----------------------------------------------------------

answer('BEGIN');
answer("DECLARE c CURSOR FOR SELECT n FROM parts ORDER BY id");
is(answer('FETCH 1 FROM c'), 1, 'a cursor is open');
my $most = descriptors();
foreach my $n (1 .. 30)
{
	answer("ALTER SERVER fleet OPTIONS (@{[$n == 1 ? 'ADD' : 'SET']} connect_timeout '${n}s')");
	is(answer($get), 2, 'asked after a change') if $n % 10 == 0;
	answer($get);
}
cmp_ok(descriptors(), '<=', $most + $connected - $idle, 'changes within a transaction leave no connections behind');
is(answer('FETCH 2 FROM c'), "2\n3", 'and the cursor goes on');
answer('COMMIT');
is(descriptors(), $connected, 'at its end there is one connection');
answer('BEGIN');
answer("ALTER SERVER fleet OPTIONS (SET connect_timeout '40s')");
answer($get);
answer('ROLLBACK');
is(answer($get), 2, 'after a change rolled back');
is(descriptors(), $connected, 'there is one, too');

$to_psql .= "\\q\n";
$session->finish;
$node->stop;
store_api('DeleteTable', { TableName => $table });
done_testing();
