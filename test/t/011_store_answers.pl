# What the store's answers turn into: those of AWS that no store on loopback gives, told by a
# scripted one, and those of a real store. Each error has its SQLSTATE, one line, a DETAIL and a
# HINT, and tells no secret.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time sleep);
use YottaAnswers;
use YottaTest;

my $node = new_node('answers');
my $store = YottaAnswers->new;
my $second = YottaAnswers->new;
my $url = $store->url;
my $errors = '';    # all that clients were told

# the test server logs statements, which would tell the secrets themselves
$node->safe_psql('postgres', <<"END");
SET log_statement = 'none';
CREATE SERVER told FOREIGN DATA WRAPPER yottastore
	OPTIONS (nodes '$url', region 'eu-south-1', connect_timeout '500ms', request_timeout '20s');
CREATE USER MAPPING FOR CURRENT_USER SERVER told
	OPTIONS (access_key_id 'AKIAREADER', secret_access_key 'sEcReT/key', session_token 'sEcReT/token');
CREATE FOREIGN TABLE t (id text OPTIONS (key 'partition') NOT NULL, n int, item jsonb OPTIONS (document 'true'))
	SERVER told OPTIONS (table 'told');
CREATE FOREIGN TABLE q (id text OPTIONS (key 'partition') NOT NULL, at int OPTIONS (key 'sort') NOT NULL, n int)
	SERVER told OPTIONS (table 'told');
END

sub sql { return $node->safe_psql('postgres', $_[0]); }

# The statement must fail so: SQLSTATE, and what MESSAGE, DETAIL and HINT look like.
sub fails
{
	my ($statement, $name, $sqlstate, @wanted) = @_;
	my ($code, $output, $error) = $node->psql('postgres', "\\set VERBOSITY verbose\n$statement");
	$errors .= $error;
	$error =~ s/.*?(?=ERROR:  )//s;    # warnings
	my ($state, $message) = $error =~ /ERROR:  ([0-9A-Z]{5}): (.*)/;
	my ($detail) = $error =~ /^DETAIL:  (.*(?:\n(?!HINT|LOCATION|CONTEXT|QUERY|STATEMENT).*)*)/m;
	my ($hint) = $error =~ /^HINT:  (.*)/m;
	subtest $name => sub {
		is($state, $sqlstate, 'SQLSTATE');
		like($message // '', $wanted[0], 'MESSAGE');
		like($message // '', qr/^(?![A-Z]).*[^.]$/, '... of one line, in lower case');
		like($detail // '', $wanted[1], 'DETAIL');
		like($hint // '', $wanted[2] // qr/^$/, 'HINT');
		like($hint, qr/\.$/, '... is a sentence') if defined $wanted[2];
	} or diag($error);
	return;
}

sub seconds
{
	my ($code) = @_;
	my $started = time;
	$code->();
	return time - $started;
}

sub with_timeout
{
	my ($timeout, $code) = @_;
	sql("ALTER SERVER told OPTIONS (SET request_timeout '$timeout')");
	$code->();
	sql("ALTER SERVER told OPTIONS (SET request_timeout '20s')");
	return;
}

sub item { my ($id, $n) = @_; return { id => { S => $id }, n => { N => "$n" } }; }

my $get = "SELECT n FROM t WHERE id = 'a'";
my $found = { json => { Item => item('a', 7) } };

# ---- refused ---------------------------------------------------------------------------------

my $credentials = qr/^Check the user mapping's credentials, .*"region".* clock\.$/;
my %refusals = (
	UnrecognizedClientException => 'The security token included in the request is invalid.',
	InvalidSignatureException => "The request signature we calculated does not match the signature you provided.\n\n"
	  . "The Canonical String for this request should have been\n'POST\n/\n\nhost:x\nx-amz-security-token:sEcReT/token\n'",
	IncompleteSignatureException => "Credential must have exactly 5 slash-delimited elements: 'sEcReT/key'",
	MissingAuthenticationTokenException => 'Request is missing Authentication Token',
	ExpiredTokenException => 'The security token included in the request is expired',
);
foreach my $type (sort keys %refusals)
{
	$store->says('GetItem', refusal($type, $refusals{$type}));
	fails($get, $type, '28000', qr/^the store refused the credentials$/, qr/^$type/, $credentials);
	is(scalar $store->heard('GetItem'), 1, '... is not tried again');
}
$store->says('GetItem', refusal('MissingAuthenticationToken', 'Missing Authentication Token', 403));
fails($get, 'the same of a gateway', '28000', qr/refused the credentials/, qr/^MissingAuthenticationToken/, $credentials);
$store->says('GetItem', { status => 403, text => '<html>Forbidden</html>' });
fails($get, 'a bare 403', '28000', qr/refused the credentials/, qr/^The answer was HTTP status 403\.$/, $credentials);

my $denied = 'User: arn:aws:iam::123456789012:user/reader is not authorized to perform: dynamodb:Scan '
  . 'on resource: arn:aws:dynamodb:eu-south-1:123456789012:table/told';
$store->says('Scan', refusal('AccessDeniedException', $denied));
fails('SELECT * FROM t', 'AccessDeniedException', '28000', qr/^permission denied by the store$/,
	qr/^AccessDeniedException: \Q$denied\E/, qr/^Grant it to the credentials of the user mapping\.$/);

# ---- tables and keys that are not as declared ------------------------------------------------

my $create = qr/^Create it with yottastore\.create_store_table, or check option "table" .*"region"/;
$store->says('GetItem', refusal('ResourceNotFoundException', 'Requested resource not found'));
fails($get, 'a missing table', 'HV00R', qr/^store table "told" does not exist$/,
	qr/^ResourceNotFoundException: Requested resource not found/, $create);

my $real = store_url();
my $table = unique_name('keyed');
sql(<<"END");
SET log_statement = 'none';
CREATE SERVER real FOREIGN DATA WRAPPER yottastore OPTIONS (nodes '$real');
CREATE USER MAPPING FOR CURRENT_USER SERVER real OPTIONS (access_key_id 'test', secret_access_key 'sEcReT/test');
SELECT yottastore.create_store_table('real', '$table', 'pk', stream => false);
CREATE FOREIGN TABLE missing (id text OPTIONS (key 'partition')) SERVER real OPTIONS (table '${table}_not');
CREATE FOREIGN TABLE misnamed (id text OPTIONS (key 'partition'), n int) SERVER real OPTIONS (table '$table');
CREATE FOREIGN TABLE mistyped (pk numeric OPTIONS (key 'partition'), n int) SERVER real OPTIONS (table '$table');
CREATE FOREIGN TABLE sized (pk text OPTIONS (key 'partition'), filler text) SERVER real OPTIONS (table '$table');
CREATE FOREIGN TABLE unsorted (pk text OPTIONS (key 'partition'), at int OPTIONS (key 'sort')) SERVER real OPTIONS (table '$table');
END
my $compare = qr/^Compare the foreign table's key columns, .*\bkeys of the store's table\.$/;
fails("SELECT * FROM missing$_", "a table a real store lacks$_", 'HV00R', qr/^store table "${table}_not" does not exist$/,
	qr/^ResourceNotFoundException/, $create)
  foreach ('', " WHERE id = 'a'", " WHERE id IN ('a', 'b')");
fails("SELECT * FROM misnamed WHERE id = 'a'", 'a key of another name', 'HV000', qr/^the store rejected the request$/,
	qr/^ValidationException: ./, $compare);
fails("INSERT INTO misnamed VALUES ('a', 1)", '... when written', 'HV000', qr/^the store rejected the request$/,
	qr/^ValidationException: ./, $compare);
fails('SELECT * FROM mistyped WHERE pk = 1', 'a key of another type', 'HV000', qr/^the store rejected the request$/,
	qr/^ValidationException: ./, $compare);
fails("SELECT * FROM unsorted WHERE pk = 'a' AND at = 1", 'a sort key there is not', 'HV000',
	qr/^the store rejected the request$/, qr/^ValidationException: ./, $compare);
my $too_large = qr/^item is larger than the store allows$/;
my $size = qr/^ValidationException: .*maximum allowed size/;
my $divide = qr/^Divide it, or keep large parts of it elsewhere\.$/;
fails("INSERT INTO sized VALUES ('a', repeat('x', 410000))", 'an item too large', '54000', $too_large, $size, $divide);
sql("INSERT INTO sized VALUES ('a', '')");
fails("UPDATE sized SET filler = repeat('x', 410000) WHERE pk = 'a'", '... by an update', '54000', $too_large, $size,
	$divide);
fails("SELECT yottastore.create_store_table('real', '$table', 'pk')", 'a table that is there', '42P07',
	qr/^store table "$table" exists already/, qr/./, qr/choose another name/);

# ---- busy, for a while and for good ----------------------------------------------------------

my $throttled = refusal('ThrottlingException', 'Rate of requests exceeds the allowed throughput.');
my $exceeded = refusal('ProvisionedThroughputExceededException',
	'The level of configured provisioned throughput for the table was exceeded.');
my $failed = refusal('InternalServerError', 'The request processing has failed.', 500);
foreach my $busy ($throttled, $exceeded, $failed, { status => 503, text => 'Service Unavailable' })
{
	my $what = ref $busy->{json} ? $busy->{json}{__type} =~ s/.*#//r : $busy->{status};
	$store->says('GetItem', $busy, $busy, $found);
	is(sql($get), 7, "GetItem after $what");
	is(scalar $store->heard('GetItem'), 3, '... was tried three times');
	$store->says('Scan', $busy, { json => { Items => [ item('a', 1), item('b', 2) ], Count => 2 } });
	is(sql('SELECT sum(n) FROM t'), 3, "Scan after $what");
}
with_timeout('700ms', sub {
	$store->says('GetItem', $exceeded);
	my $took = seconds(sub {
		fails($get, 'throttled to the end', '53400', qr/^the store is throttling requests$/,
			qr/^ProvisionedThroughputExceededException: The level/, qr/^Raise the capacity of the table/);
	});
	cmp_ok($took, '<', 5, '... within the time given');
	cmp_ok(scalar $store->heard('GetItem'), '>', 2, '... and not at once');
	$store->says('GetItem', $failed);
	fails($get, 'failing to the end', 'HV000', qr/^the store failed$/, qr/^InternalServerError: /, qr/^Try again later/);
	# an attempt with less time than a connection may take tells nothing
	sql("ALTER SERVER told OPTIONS (SET connect_timeout '5s')");
	$store->says('GetItem', $failed, { hang => 1 });
	fails($get, 'failing, and silent at the end', 'HV000', qr/^the store failed$/, qr/^InternalServerError: /, qr/^Try again later/);
	sql("ALTER SERVER told OPTIONS (SET connect_timeout '500ms')");
	$store->says('GetItem', { json => {}, cut => 1 });
	fails($get, 'cut off to the end', '08001', qr/^no node of the store could be reached$/,
		qr/^The last one tried was \Q$url\E: .+\.$/, qr/^Check the server's options "nodes"/);
	$store->says('GetItem', { hang => 1 });
	$took = seconds(sub {
		fails($get, 'silent to the end', '08006', qr/^the store did not answer in time$/,
			qr/^The last one tried was \Q$url\E: no answer in time\.$/, qr/^Check the server's options "nodes"/);
	});
	cmp_ok($took, '<', 5, '... within the time given');
});

# ---- cut off ---------------------------------------------------------------------------------

$store->says('GetItem', { %$found, cut => 10 }, { %$found, cut => 0 }, $found);
is(sql($get), 7, 'a reply that breaks off is asked for again');
is(scalar $store->heard('GetItem'), 3, '... each time');
$store->says('Scan', { json => { Items => [ item('a', 1) ], LastEvaluatedKey => { id => { S => 'a' } } } },
	{ json => { Items => [ item('b', 2) ] }, cut => 20 }, { json => { Items => [ item('b', 2) ] } });
is(sql('SELECT string_agg(id, \',\' ORDER BY id) FROM t'), 'a,b', '... also in the middle of a scan');

# ---- pages, unprocessed keys -----------------------------------------------------------------

my @pages = (
	{ json => { Items => [], Count => 0, ScannedCount => 900, LastEvaluatedKey => { id => { S => 'k1' } } } },
	{ json => { Items => [ item('k2', 2) ], Count => 1, LastEvaluatedKey => { id => { S => 'k2' } } } },
	{ json => { Items => [], Count => 0, LastEvaluatedKey => { id => { S => 'k3' } } } },
	{ json => { Items => [ item('k4', 4) ], Count => 1 } });
$store->says('Scan', @pages);
is(sql("SELECT string_agg(id || n, ',' ORDER BY id) FROM t"), 'k22,k44', 'an empty page is not the last');
is_deeply([ map { $_->{ExclusiveStartKey}{id}{S} } $store->heard('Scan') ], [ undef, 'k1', 'k2', 'k3' ],
	'... each page begins behind the one before');

my @sorted = map { my $n = $_; { id => { S => 'a' }, at => { N => "$n" }, n => { N => "$n" } } } 1 .. 4;
$store->says('Query',
	{ json => { Items => [], LastEvaluatedKey => { id => { S => 'a' }, at => { N => '0' } } } },
	{ json => { Items => [ @sorted[ 0 .. 2 ] ], LastEvaluatedKey => { id => { S => 'a' }, at => { N => '3' } } } },
	{ json => { Items => [ $sorted[3] ] } });
is(sql("SELECT string_agg(n::text, ',' ORDER BY at) FROM q WHERE id = 'a'"), '1,2,3,4', 'the same of a Query');

sub unprocessed { return { told => { Keys => [ map { { id => { S => $_ } } } @_ ] } }; }
my $batch = "SELECT string_agg(id || n, ',' ORDER BY id) FROM t WHERE id IN ('a', 'b', 'c')";
$store->says('BatchGetItem',
	{ json => { Responses => { told => [ item('b', 2) ] }, UnprocessedKeys => unprocessed('a', 'c') } },
	{ json => { Responses => {}, UnprocessedKeys => unprocessed('a', 'c') } },
	{ json => { Responses => { told => [ item('c', 3) ] }, UnprocessedKeys => unprocessed('a') } },
	{ json => { Responses => { told => [ item('a', 1) ] }, UnprocessedKeys => {} } });
is(sql($batch), 'a1,b2,c3', 'what a batch left undone is asked for again');
is_deeply(
	[ map { join ',', sort map { $_->{id}{S} } @{ $_->{RequestItems}{told}{Keys} } } $store->heard('BatchGetItem') ],
	[ 'a,b,c', 'a,c', 'a,c', 'a' ], '... and nothing else');

# ---- answers no store gives ------------------------------------------------------------------

my $nodes = qr/^Check that the server's option "nodes" names nodes of a store\.$/;
$second->says('GetItem', $found);
$store->says('GetItem', { status => 301, headers => { Location => $second->url . '/' } });
fails($get, 'a redirect', 'HV000', qr/^the node redirects requests elsewhere$/, qr/^The answer was HTTP status 301\.$/,
	qr/^Redirects are not followed\. Check that the server's option "nodes"/);
is(scalar $second->heard('GetItem'), 0, '... is not followed, lest credentials go astray');
$store->says('GetItem', { status => 404, text => 'not here' });
fails($get, 'no store at all', 'HV000', qr/^the store rejected the request$/, qr/^The answer was HTTP status 404\.$/, $nodes);

my $garbled = qr/^the store's reply cannot be understood$/;
my %garbage = (
	'no JSON' => '<html>It works!</html>',
	'broken JSON' => '{"Item": {"id": {"S": "a"}',
	'nothing' => '',
	'a list' => '[1, 2]',
	'a value of no type' => '{"Item": {"id": {"Q": "a"}}}',
	'a number that is none' => '{"Item": {"id": {"S": "a"}, "n": {"N": "seven"}}}',
	'bytes that are no text' => "{\"Item\": {\"id\": {\"S\": \"\xff\xfe\"}}}",
	'a very deep item' => '{"Item": {"id": {"S": "a"}, "x": ' . ('{"L":[' x 5000) . (']}' x 5000) . '}}',
);
foreach my $what (sort keys %garbage)
{
	$store->says('GetItem', { text => $garbage{$what} });
	fails("SELECT * FROM t WHERE id = 'a'", $what, '22000', $garbled, qr/^It is wrong in this: ./, $nodes);
}
$store->says('GetItem', { text => '{', size => 70_000_000 });
fails($get, 'an endless reply', '54000', qr/^the store's reply is over \d+ bytes$/, qr/^A store's page/, $nodes);
$store->says('GetItem', $found);
is(sql($get), 7, 'the session goes on after all that');

# ---- writes whose outcome is in doubt --------------------------------------------------------

my $put = "INSERT INTO t (id, n) VALUES ('a', 7)";
my $unknown = qr/^could not learn whether the store applied the write$/;
my $again = qr/^Read the item again before repeating the write\.$/;

# What the puts are told, and the reads that find out.
sub doubt
{
	my ($puts, $gets) = @_;
	$store->says('PutItem', @$puts);
	$store->says('GetItem', @$gets);
	return;
}

doubt([$failed], [$found]);
is(sql("$put RETURNING n"), 7, 'a 500 whose write is there was a success');
is(scalar $store->heard('PutItem'), 1, '... and is not repeated');
ok(($store->heard('GetItem'))[0]{ConsistentRead}, '... which a strong read says');

doubt([$failed], [ { json => { Item => item('a', 8) } } ]);
fails($put, 'a 500, and another item is there', '23505', qr/^duplicate key in store table "told"$/, qr/^An item of key .* exists already\.$/);

doubt([ $failed, { json => {} } ], [ { json => {} } ]);
is(sql("$put RETURNING n"), 7, 'a 500 whose write is not there is repeated');
is(scalar $store->heard('PutItem'), 2, '... once');

doubt([$failed], [ { json => {} } ]);
fails($put, 'a 500 that remains', '40003', $unknown, qr/^InternalServerError: /, $again);
is(scalar $store->heard('PutItem'), 2, '... after one repetition');

doubt([ { json => {}, cut => 0 } ], [ { json => {} } ]);
fails($put, 'a connection that always breaks', '40003', $unknown, qr/^The last one tried was /, $again);

doubt([ $throttled, { json => {} } ], [$failed]);
is(sql("$put RETURNING n"), 7, 'a throttled write was certainly not applied');
is(scalar $store->heard('GetItem'), 0, '... so that nothing needs to be read');

# ---- nodes -----------------------------------------------------------------------------------

my $dead = 'http://127.0.0.1:' . PostgreSQL::Test::Cluster::get_free_port();
my $also_dead = 'http://127.0.0.1:' . PostgreSQL::Test::Cluster::get_free_port();
$store->says('GetItem', $found);
sql("ALTER SERVER told OPTIONS (SET nodes '$dead,$url')");
my $took = seconds(sub { is(sql(join ';', ($get) x 50), join("\n", (7) x 50), 'one of two nodes is dead'); });
cmp_ok($took, '<', 5, '... which costs no time');

$second->says('GetItem', $failed);
sql("ALTER SERVER told OPTIONS (SET nodes '" . $second->url . ",$url')");
is(sql(join ';', ($get) x 20), join("\n", (7) x 20), 'one of two nodes fails');
$second->says('GetItem', { hang => 1 });
with_timeout('2s', sub {
	is(sql(join ';', ($get) x 4), join("\n", (7) x 4), 'one of two nodes is silent');
});

sql("ALTER SERVER told OPTIONS (SET nodes '$dead,$also_dead')");
with_timeout('1s', sub {
	$took = seconds(sub {
		fails($get, 'all nodes are dead', '08001', qr/^no node of the store could be reached$/,
			qr{^The last one tried was (?:$dead|$also_dead): .+\.$}, qr/^Check the server's options "nodes"/);
	});
	cmp_ok($took, '<', 5, '... which is told in time');
});
sql("ALTER SERVER told OPTIONS (SET nodes '$url')");

# ---- cancelling ------------------------------------------------------------------------------

$store->says('GetItem', { hang => 1 });
$took = seconds(sub {
	my ($code, $output, $error) = $node->psql('postgres', "\\set VERBOSITY verbose\nSET statement_timeout = '300ms'; $get");
	like($error, qr/57014/, 'a silent store does not stop a cancellation');
});
cmp_ok($took, '<', 3, '... within a second or so');

my $session = $node->background_psql('postgres', on_error_stop => 0);
my $pid = $session->query('SELECT pg_backend_pid()');
$session->query_until(qr/waiting/, "\\echo waiting\n$get;\n");
ok($node->poll_query_until('postgres', "SELECT state = 'active' FROM pg_stat_activity WHERE pid = $pid"), 'a session waits for the store');
sleep 0.3;
$took = seconds(sub {
	is(sql("SELECT pg_cancel_backend($pid)"), 't', 'it is cancelled');
	ok($node->poll_query_until('postgres', "SELECT state <> 'active' FROM pg_stat_activity WHERE pid = $pid"), '... and stops waiting');
});
cmp_ok($took, '<', 3, '... within a second or so');
$store->says('GetItem', $found);
is($session->query($get), 7, '... and can be used again');
$session->quit;

# ---- secrets ---------------------------------------------------------------------------------

my $log = slurp_file($node->logfile);
like($log, qr/UnrecognizedClientException/, "the server's log has the errors");
unlike($log, qr/sEcReT/, '... and no secret');
cmp_ok(length $errors, '>', 5000, 'clients were told much');
unlike($errors, qr/sEcReT/, '... and no secret');

$node->stop;
done_testing();
