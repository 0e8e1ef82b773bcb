# What is asked of the store about tables, and descriptions no store would give.
use strict;
use warnings;

use JSON::PP;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use YottaAnswers;
use YottaTest;

my $node = new_node('tables');
my $store = YottaAnswers->new;
create_servers($node, store => $store->url);

my @attributes = (
	{ AttributeName => 'at', AttributeType => 'N' },
	{ AttributeName => "n\"\x{e4}me", AttributeType => 'S' });
my @schema = (
	{ AttributeName => 'at', KeyType => 'RANGE' },
	{ AttributeName => "n\"\x{e4}me", KeyType => 'HASH' });

sub described
{
	my (%but) = @_;
	return {
		json => {
			Table => {
				TableStatus => 'ACTIVE',
				AttributeDefinitions => \@attributes,
				KeySchema => \@schema,
				ItemCount => 0,
				CreationDateTime => 1.7e9,
				%but
			}
		}
	};
}

# Creates a table; returns the error, in psql's verbose words.
sub create
{
	my ($stream, @descriptions) = @_;
	$store->says('CreateTable', { json => {} });
	$store->says('DescribeTable', @descriptions);
	my ($code, $output, $error) = $node->psql('postgres', <<"END");
\\set VERBOSITY verbose
SELECT yottastore.create_store_table('fleet', 'told', E'n"\\u00e4me', 'at numeric', $stream)
END
	return $error;
}

# ---- requests --------------------------------------------------------------------------------

my $wanted = {
	TableName => 'told',
	AttributeDefinitions => [ reverse @attributes ],
	KeySchema => [ reverse @schema ],
	BillingMode => 'PAY_PER_REQUEST',
};
is(create('false', described(TableStatus => 'CREATING'), described()), '', 'a table is created');
is_deeply([ $store->heard('CreateTable') ], [$wanted], 'the request says so');
is_deeply([ $store->heard('DescribeTable') ], [ ({ TableName => 'told' }) x 2 ],
	'and its end is waited for');

is(create('true', described(StreamSpecification => undef, ItemCount => undef)), '',
	'what is null is not there');
$wanted->{StreamSpecification} = { StreamEnabled => JSON::PP::true, StreamViewType => 'NEW_AND_OLD_IMAGES' };
is_deeply([ $store->heard('CreateTable') ], [$wanted], 'one with a stream is asked for');

# ---- replies ---------------------------------------------------------------------------------

my $missing = qr/^DETAIL:  A member is missing, or is not of its type\.$/m;
my $broken = qr/^DETAIL:  It is wrong in this: .*, at byte \d+\.$/m;
my @garbage = (
	[ 'nothing', { text => '' }, $broken ],
	[ 'no JSON', { text => '<html>It works!</html>' }, $broken ],
	[ 'broken JSON', { text => '{"Table": {"KeySchema": [' }, $broken ],
	[ 'bytes that are no text', { text => "{\"Table\": \"\xff\xfe\"}" }, $broken ],
	[ 'a NUL in a name', { text => '{"Table": {"TableStatus": "ACTIVE\u0000"}}' }, $broken ],
	[ 'a very deep list', { text => '[' x 5000 . ']' x 5000 }, $broken ],
	[ 'a list', { text => '[1, 2]' }, $missing ],
	[ 'another object', { json => {} }, $missing ],
	[ 'a table that is none', { json => { Table => 'told' } }, $missing ],
	[ 'no keys', described(KeySchema => []), $missing ],
	[ 'three keys', described(KeySchema => [ @schema, $schema[0] ]), $missing ],
	[ 'two sort keys', described(KeySchema => [ $schema[0], $schema[0] ]), $missing ],
	[ 'keys that are none', described(KeySchema => [ 1, 2 ]), $missing ],
	[ 'keys of no type', described(AttributeDefinitions => []), $missing ],
	[ 'types that are none', described(AttributeDefinitions => { at => 'N' }), $missing ],
	[ 'a key of an unknown type', described(AttributeDefinitions => [ $attributes[0],
				{ %{ $attributes[1] }, AttributeType => 'M' } ]), $missing ]);
foreach my $try (@garbage)
{
	my ($what, $answer, $detail) = @$try;
	my $error = create('false', $answer);
	like($error, qr/ERROR:  22000: the store's reply.* cannot be understood$/m, "$what: SQLSTATE, message");
	like($error, $detail, "$what: DETAIL");
	like($error, qr/^HINT:  Check that the server's option "nodes" names nodes of a store\.$/m, "$what: HINT");
}
like(create('false', { text => '{', size => 5_000_000 }),
	qr/ERROR:  54000: the store's reply is over \d+ bytes$/m, 'an endless description');

$node->stop;
done_testing();
