# The traps of the store's API, and those other clients fell into: what is asked of a scripted store
# is looked at, and a real one must take it and have the right answer.
use strict;
use warnings;

use JSON::PP;
use PostgreSQL::Test::Utils;
use Test::More;
use YottaAnswers;
use YottaTest;

# Whatever the server's environment says of other endpoints: nothing listens there.
my %elsewhere = map { ($_ => 'http://127.0.0.1:9') }
  qw(http_proxy HTTP_PROXY https_proxy ALL_PROXY AWS_ENDPOINT_URL AWS_ENDPOINT_URL_DYNAMODB DYNAMODB_ENDPOINT);
my $node;
{
	local @ENV{ keys %elsewhere } = values %elsewhere;
	local @ENV{qw(AWS_ACCESS_KEY_ID AWS_REGION AWS_DEFAULT_REGION)} = qw(stranger mars-1 mars-1);
	$node = new_node('traps', conf => "log_statement = 'none'\n");
}
my $told = YottaAnswers->new;
create_servers($node);

sub sql { return $node->safe_psql('postgres', $_[0]); }

sql(<<"END");
CREATE SERVER told FOREIGN DATA WRAPPER yottastore OPTIONS (nodes '@{[ $told->url ]}', region 'eu-south-1', request_timeout '20s');
CREATE USER MAPPING FOR CURRENT_USER SERVER told OPTIONS (access_key_id 'mine', secret_access_key 'test');
CREATE FOREIGN TABLE t (id text OPTIONS (key 'partition') NOT NULL, n int, word text COLLATE "C", item jsonb OPTIONS (document 'true'))
	SERVER told OPTIONS (table 'told');
CREATE FOREIGN TABLE s (id text OPTIONS (key 'partition') NOT NULL, at numeric OPTIONS (key 'sort') NOT NULL, n int, size int, "a.b-c" int OPTIONS (path '"a.b-c"'))
	SERVER told OPTIONS (table 'told');
END

my @operations = qw(GetItem BatchGetItem Query Scan PutItem UpdateItem DeleteItem BatchWriteItem);
my @requests;    # all there were

# What SQL answers, and the requests it made: ([operation, request], ...).
sub asked
{
	my ($sql, %answers) = @_;
	$told->says($_, ref $answers{$_} eq 'ARRAY' ? @{ $answers{$_} } : $answers{$_} // { json => { Items => [], Count => 0, ScannedCount => 0 } })
	  foreach @operations;
	my ($code, $output, $error) = $node->psql('postgres', "\\set VERBOSITY verbose\n$sql");
	my @heard = map { my $operation = $_; map { [ $operation, $_ ] } $told->heard($operation) } @operations;
	push @requests, @heard;
	return ($output . $error, @heard);
}

sub page
{
	my ($items, $key) = @_;
	return { json => { Items => $items, Count => scalar @$items, ScannedCount => 9, $key ? (LastEvaluatedKey => $key) : () } };
}

sub item { my ($id, $n, $at) = @_; return { id => { S => $id }, n => { N => "$n" }, defined $at ? (at => { N => "$at" }) : () }; }

# ---- pages -----------------------------------------------------------------------------------

my $key = { id => { S => 'k' } };
my ($said, @heard) = asked('SELECT sum(n) FROM t', Scan => [ page([], $key), page([ item('a', 1) ], $key), page([], $key), page([]) ]);
is($said, 1, 'empty pages are no end, and a key may have nothing after it');
is(scalar @heard, 4, '... each page is asked for');
is_deeply([ map { $_->[1]{ExclusiveStartKey} } @heard ], [ undef, ($key) x 3 ], '... from where the last one ended');
($said, @heard) = asked('SELECT sum(n) FROM t', Scan => [ page([ item('a', 1) ], {}), page([ item('b', 2) ]) ]);
is("$said @{[ scalar @heard ]}", '1 1', 'an empty key is the end');
($said, @heard) = asked("SELECT sum(n) FROM s WHERE id = 'a'",
	Query => [ page([], { %$key, at => { N => '1' } }), page([ item('a', 1, 2) ], { %$key, at => { N => '2' } }), page([]) ]);
is("$said @{[ scalar @heard ]}", '1 3', 'the same of a Query');

# ---- counts ----------------------------------------------------------------------------------

($said, @heard) = asked('SELECT count(*) FROM t', Scan => [ { json => { Count => 5, ScannedCount => 5 } } ]);
is($said, 5, 'the store counts');
is_deeply([ map { "$_->[0] $_->[1]{Select}" } @heard ], ['Scan COUNT'], '... once, and sends no items');
($said, @heard) = asked("EXPLAIN SELECT count(*) FROM t; EXPLAIN SELECT * FROM t WHERE id = 'a'");
is(scalar @heard, 0, 'planning asks for nothing');
($said, @heard) = asked('SELECT n FROM t WHERE n::text = word', Scan => [ page([ item('a', 1) ]) ]);
is(scalar @heard, 1, 'one query, one request');

# ---- limits ----------------------------------------------------------------------------------

my @three = map { item('a', 6 - $_, $_) } 1 .. 5;
foreach my $query ("SELECT n FROM t WHERE n::text = '3' LIMIT 1", 'SELECT n FROM t ORDER BY n LIMIT 1', "SELECT n FROM s WHERE id = 'a' ORDER BY n LIMIT 1",
	"SELECT DISTINCT n FROM s WHERE id = 'a' LIMIT 1", 'SELECT max(n) FROM t LIMIT 1')
{
	($said, @heard) = asked($query, Scan => page(\@three), Query => page(\@three));
	# the size of a page, which stays far above it
	is(scalar(grep { ($_->[1]{Limit} // 100) < 100 } @heard), 0, "no limit below what is done here: $query");
}
($said, @heard) = asked("SELECT at FROM s WHERE id = 'a' ORDER BY at LIMIT 2 OFFSET 2", Query => page(\@three));
is($said, "3\n4", 'OFFSET is applied once');
ok(!defined $heard[0][1]{Limit} || $heard[0][1]{Limit} >= 4, '... to as many items as it needs');

# ---- conditions ------------------------------------------------------------------------------

($said, @heard) = asked("SELECT n FROM s WHERE id = 'a' AND at > 1 AND at <> 3 AND at < 9 AND size = 4 AND \"a.b-c\" = 5", Query => page([]));
my ($request) = $heard[0][1];
my %names = reverse %{ $request->{ExpressionAttributeNames} };
unlike($request->{FilterExpression}, qr/(?:$names{id}|$names{at})\b/, "a Query's filter names no key attribute");
my $conditions = () = $request->{KeyConditionExpression} =~ /$names{at}\b/g;
is($conditions, 1, '... and its key condition has one of the sort key');

foreach my $query ("SELECT n FROM s WHERE id = 'a' AND at BETWEEN 5 AND 4", 'SELECT n FROM t WHERE n BETWEEN 5 AND 4')
{
	($said, @heard) = asked($query, Query => page([]), Scan => page([]));
	is(scalar(grep { encode_json($_->[1]) =~ /BETWEEN :\w+ AND/ } @heard), 0, "no reversed BETWEEN: $query");
}
($said, @heard) = asked("SELECT n FROM s WHERE id = 'a' AND at::text LIKE '1%' AND starts_with(n::text, '1')", Query => page([]));
is(scalar(grep { encode_json($_->[1]) =~ /begins_with/ } @heard), 0, 'no begins_with of numbers');
($said, @heard) = asked('SELECT n FROM t WHERE n <> 5', Scan => page([ { id => { S => 'a' } }, item('b', 6) ]));
is($said, 6, '<> is that of SQL: what is missing is not unequal');

# generic plans: from the 6th execution on nothing changes
foreach my $case (
	[ "n FROM t WHERE id = \$1", "'a'", 'GetItem' ],
	[ "n FROM s WHERE id = \$1 AND at > 3", "'a'", 'Query' ],
	[ "n FROM t WHERE id = ANY (string_to_array(\$1, ','))", "'a,b'", 'BatchGetItem' ],
	[ "n FROM t WHERE word = \$1", "'a'", 'Scan' ])
{
	my ($query, $value, $operation) = @$case;
	($said, @heard) = asked("PREPARE q (text) AS SELECT $query;" . "EXECUTE q($value);" x 8,
		GetItem => { json => { Item => item('a', 1) } }, BatchGetItem => { json => { Responses => { told => [] } } });
	is_deeply([ map { $_->[0] } @heard ], [ ($operation) x 8 ], "eight executions: $query");
	is(scalar(keys %{ { map { JSON::PP->new->canonical->encode($_->[1]) => 1 } @heard } }), 1, '... and the same request each time');
	ok(defined $heard[7][1]{FilterExpression}, '... with its filter') if $operation eq 'Scan';
}

# ---- batches ---------------------------------------------------------------------------------

my $none = { json => { Responses => { told => [] } } };
($said, @heard) = asked("SELECT n FROM t WHERE id = ANY (ARRAY(SELECT 'k' || i % 230 FROM generate_series(1, 500) i))", BatchGetItem => $none);
my @keys = map { [ map { $_->{id}{S} } @{ $_->[1]{RequestItems}{told}{Keys} } ] } @heard;
is_deeply([ sort { $a <=> $b } map { scalar @$_ } @keys ], [ 30, 100, 100 ], 'batches of at most 100 keys');
is(scalar(keys %{ { map { $_ => 1 } map { @$_ } @keys } }), 230, '... none twice');
($said, @heard) = asked("SELECT n FROM s WHERE id = 'a' AND at IN (1, 1.0, 1.00, 100, 1e2, 2)", BatchGetItem => $none);
is(scalar @{ $heard[0][1]{RequestItems}{told}{Keys} }, 3, 'numbers that are equal are one key');
($said, @heard) = asked("SELECT string_agg(id || n, ' ' ORDER BY id) FROM t WHERE id IN ('a', 'b', 'c')",
	BatchGetItem => [ { json => { Responses => { told => [ item('c', 3) ] }, UnprocessedKeys => { told => { Keys => [ { id => { S => 'a' } }, { id => { S => 'b' } } ] } } } },
		{ json => { Responses => { told => [ item('b', 2) ] }, UnprocessedKeys => {} } } ]);
is($said, 'b2 c3', 'unprocessed keys are asked for again; answers have no order, and miss what is missing');
is(scalar @heard, 2, '... them alone');

# ---- what is refused is not repeated ---------------------------------------------------------

foreach my $case ([ 'ValidationException', 'GetItem', "SELECT n FROM t WHERE id = 'a'" ], [ 'ResourceNotFoundException', 'Scan', 'SELECT count(*) FROM t' ],
	[ 'AccessDeniedException', 'UpdateItem', "UPDATE t SET n = 1 WHERE id = 'a'" ], [ 'ItemCollectionSizeLimitExceededException', 'PutItem', "INSERT INTO t (id) VALUES ('a')" ])
{
	my ($type, $operation, $query) = @$case;
	($said, @heard) = asked($query, $operation => refusal($type, 'No.'));
	like($said, qr/ERROR:.*$type/s, "$type is an error");
	is(scalar(grep { $_->[0] eq $operation } @heard), 1, '... at once');
}

# ---- writes ----------------------------------------------------------------------------------

my $done = { json => { Attributes => item('a', 1) } };
($said, @heard) = asked("INSERT INTO t (id, n) VALUES ('a', 1)", PutItem => { json => {} });
like($heard[0][1]{ConditionExpression}, qr/^attribute_not_exists/, 'INSERT never replaces');
($said, @heard) = asked("UPDATE t SET n = 1 WHERE id = 'a' RETURNING n", UpdateItem => $done);
is(join(' ', map { $_->[0] } @heard), 'UpdateItem', 'UPDATE by key reads nothing');
like($heard[0][1]{ConditionExpression}, qr/^attribute_exists/, '... and creates nothing');
($said, @heard) = asked("DELETE FROM t WHERE id = 'a'", DeleteItem => { json => {} });
is(join(' ', map { $_->[0] } @heard), 'DeleteItem', 'nor does DELETE');
my $absent = refusal('ConditionalCheckFailedException', 'The conditional request failed');
($said, @heard) = asked("DELETE FROM t WHERE id = 'a'", DeleteItem => $absent);
is(join(' ', map { $_->[0] } @heard), 'DeleteItem', 'DELETE of what is not there reads nothing either');
($said, @heard) = asked("UPDATE t SET n = 1 WHERE id = 'a' RETURNING n", UpdateItem => $absent);
is(join(' ', map { $_->[0] } @heard), 'UpdateItem', '... nor does UPDATE');
unlike($said, qr/ERROR/, '... and both change no row');
($said, @heard) = asked("UPDATE t SET n = n + 1", Scan => page([ item('a', 1) ]), UpdateItem => $done);
my ($update) = map { $_->[1] } grep { $_->[0] eq 'UpdateItem' } @heard;
like($update->{ConditionExpression}, qr/#n\d+ = :v\d+/, 'what was read is the condition of an UPDATE');

# ---- all requests ----------------------------------------------------------------------------

cmp_ok(scalar @requests, '>', 60, 'many requests were made');
my @fields = qw(KeyConditionExpression FilterExpression ProjectionExpression ConditionExpression UpdateExpression);
my (%capacity, @bare, @unused, @empty);
foreach my $made (@requests)
{
	my ($operation, $request) = @$made;
	$capacity{ $request->{ReturnConsumedCapacity} // 'absent' }++;
	foreach my $part ($request, values %{ $request->{RequestItems} // {} })
	{
		next unless ref $part eq 'HASH';
		my $text = join ' ', map { $part->{$_} // '' } @fields;
		my $bare = $text =~ s/[#:]\w+|\b(?:AND|OR|NOT|IN|BETWEEN|SET|REMOVE|ADD|DELETE|attribute_(?:not_)?exists|attribute_type|begins_with|size|contains|if_not_exists|list_append)\b|\[\d+\]//gr;
		push @bare, "$operation: $text" if $bare =~ /[a-z]/i;
		foreach my $map (grep { exists $part->{$_} } qw(ExpressionAttributeNames ExpressionAttributeValues))
		{
			push @empty, $operation unless %{ $part->{$map} };
			push @unused, map { "$operation: $_ of $text" } grep { $text !~ /\Q$_\E\b/ } keys %{ $part->{$map} };
		}
		push @bare, "$operation: Expected" if grep { exists $part->{$_} } qw(Expected AttributesToGet KeyConditions ScanFilter QueryFilter ConditionalOperator);
	}
}
is_deeply([ grep { !/^(?:TOTAL|absent)$/ } keys %capacity ], [], 'consumed capacity is asked for as TOTAL or not at all');
is_deeply(\@bare, [], 'attributes are named by aliases alone');
is_deeply(\@unused, [], 'no name or value is unused');
is_deeply(\@empty, [], 'no map of them is empty');
my @heads = map { $told->headers($_) } @operations;
is(scalar(grep { ($_->{authorization} // '') !~ m{^AWS4-HMAC-SHA256 Credential=mine/\d+/eu-south-1/dynamodb/} } @heads), 0,
	"all are signed by the mapping's key and the server's region, whatever the environment says");

# ---- values, of a real store -----------------------------------------------------------------

my $real = unique_name('traps');
sql(<<"END");
SELECT yottastore.create_store_table('fleet', '$real', 'id', 'at numeric', stream => false);
CREATE FOREIGN TABLE r (id text OPTIONS (key 'partition') NOT NULL, at numeric OPTIONS (key 'sort') NOT NULL, big bigint, exact numeric, raw bytea,
	list jsonb, words text[], filling text) SERVER fleet OPTIONS (table '$real', insert_mode 'upsert');
INSERT INTO r VALUES ('a', 1.50, 9007199254740993, 12345678901234567890123456789012345678, '\\x610062', '[1, [true, null, "x"], {"a": []}]', '{b,a,NULL}');
END
is(sql("SELECT big, exact, raw, list, words FROM r"),
	'9007199254740993|12345678901234567890123456789012345678|\x610062|[1, [true, null, "x"], {"a": []}]|{b,a,NULL}',
	'no bigint is cut, no number rounded, no binary cut at NUL; lists can be written');
is_deeply(store_api('GetItem', { TableName => $real, Key => { id => { S => 'a' }, at => { N => '1.5' } } })->{Item}{big}, { N => '9007199254740993' },
	'... in the store, too');
store_api('PutItem', { TableName => $real, Item => { id => { S => 'a' }, at => { N => '1.0E+2' }, exact => { N => '0.10E-1' } } });
foreach my $condition ("id = 'a' AND at = 100", "id = 'a' AND at = 1e2", "id = 'a' AND at IN (100.00, 7)", "id = 'a' AND at BETWEEN 99.9 AND 100.0",
	'exact = 0.010', 'exact IN (0.0100)')
{
	is(sql("SELECT at = 100 AND exact = 0.01 FROM r WHERE $condition"), 't', "equal numbers of different text: $condition");
}
is(sql("UPDATE r SET exact = exact + 1 WHERE exact = 0.01 RETURNING exact = 1.01"), 't', '... also to guard an update');

# operands and expressions have a limit each
sql("INSERT INTO r (id, at, filling) VALUES ('f', 3, 'x')");
my $many = join ', ', 1 .. 300;
is(sql("SELECT count(*) FROM r WHERE at IN ($many)"), 2, 'more operands than an expression may have');
is(sql("SELECT count(*) FROM r WHERE " . join(' AND ', map { "filling <> 'v$_'" } 1 .. 300)), 1, '... and more conditions');
is(sql("SELECT count(*) FROM r WHERE id = '' OR id = repeat('x', 3000)"), 0, 'keys no item can have');
is(sql("SELECT count(*) FROM r WHERE id = repeat('x', 3000) AND at = 1"), 0, '... by key');

# 23 MB: more than a batch's answer may have
sql("INSERT INTO r (id, at, filling) SELECT 'big', i, repeat('x', 390000) FROM generate_series(1, 60) i");
is(sql("SELECT count(*), sum(length(filling)) FROM r WHERE id = 'big' AND at = ANY (ARRAY(SELECT generate_series(1, 60)))"), '60|23400000',
	'a batch of more than 16 MB');
like(sql("EXPLAIN (ANALYZE, COSTS OFF) SELECT filling FROM r WHERE id = 'big' AND at = ANY (ARRAY(SELECT generate_series(1, 60)))"),
	qr/BatchGetItem.*Store Requests: [2-9]/s, '... takes several requests');
is(sql("SELECT count(*), count(filling) FROM r WHERE id = 'big'"), '60|60', '... as do pages of 1 MB');

store_api('DeleteTable', { TableName => $real });
done_testing();
