# The ground the other tests stand on: the broker keeps what is produced, the store answers and
# streams, a private service dies and comes back.
use strict;
use warnings;

use PostgreSQL::Test::Utils;
use Test::More;
use YottaTest;

# ---- Kafka -----------------------------------------------------------------------------------

my $topic = unique_name('smoke');
produce($topic, 'k1', "two\nlines", headers => { version => '7' }, partition => 0);
produce($topic, 'k1', undef, partition => 0);
produce_many($topic, [ map { [ "k$_", "v$_" ] } 1 .. 1000 ]);

my @messages = consume($topic);
is(scalar @messages, 1002, 'every message is consumed');

my @first = (grep { $_->{partition} == 0 } @messages)[ 0, 1 ];
is($first[0]{key}, 'k1', 'a key');
is($first[0]{payload}, "two\nlines", 'a value of two lines is one message');
is_deeply($first[0]{headers}, [ 'version', '7' ], 'a header');
is($first[1]{payload}, undef, 'a tombstone');

my %partitions = map { $_->{partition} => 1 } @messages;
is(scalar keys %partitions, 4, 'a topic made by itself has four partitions');

# ---- the store -------------------------------------------------------------------------------

my $table = unique_name('smoke');
store_api(
	'CreateTable',
	{
		TableName => $table,
		AttributeDefinitions => [ { AttributeName => 'id', AttributeType => 'S' } ],
		KeySchema => [ { AttributeName => 'id', KeyType => 'HASH' } ],
		BillingMode => 'PAY_PER_REQUEST',
		StreamSpecification => { StreamEnabled => \1, StreamViewType => 'NEW_AND_OLD_IMAGES' },
	});
my $item = { id => { S => 'v1' }, odo => { N => '12.5' }, tags => { SS => [ 'a', 'b' ] } };
store_api('PutItem', { TableName => $table, Item => $item });
is_deeply(
	store_api('GetItem', { TableName => $table, Key => { id => { S => 'v1' } } })->{Item},
	$item, 'an item comes back as it was put');
is( store_api_error(
		'PutItem',
		{
			TableName => $table,
			Item => $item,
			ConditionExpression => 'attribute_not_exists(id)'
		}),
	'ConditionalCheckFailedException',
	'a condition is honoured');
is(store_api_error('GetItem', { TableName => 'absent', Key => { id => { S => 'v1' } } }),
	'ResourceNotFoundException', 'a missing table is an error');

my $stream = store_api('DescribeTable', { TableName => $table })->{Table}{LatestStreamArn};
my $shard = store_api('DescribeStream', { StreamArn => $stream })
  ->{StreamDescription}{Shards}[0]{ShardId};
my $iterator = store_api('GetShardIterator',
	{ StreamArn => $stream, ShardId => $shard, ShardIteratorType => 'TRIM_HORIZON' })
  ->{ShardIterator};
my $record = store_api('GetRecords', { ShardIterator => $iterator })->{Records}[0];
is($record->{eventName}, 'INSERT', 'the stream tells of the insertion');
is_deeply($record->{dynamodb}{NewImage}, $item, 'with the whole item');

# ---- services of a test's own ----------------------------------------------------------------

my $store = start_service('store', durable => 1);
isnt($store->{url}, store_url(), 'a private store has its own port');
my $create = {
	TableName => 'kept',
	AttributeDefinitions => [ { AttributeName => 'id', AttributeType => 'S' } ],
	KeySchema => [ { AttributeName => 'id', KeyType => 'HASH' } ],
	BillingMode => 'PAY_PER_REQUEST',
};
store_api('CreateTable', $create, $store->{url});
stop_service($store);
ok(!eval { store_api('ListTables', {}, $store->{url}); 1 }, 'a stopped store is not reached');
resume_service($store);
is_deeply(store_api('ListTables', {}, $store->{url})->{TableNames},
	['kept'], 'a durable store keeps its tables');

my $kafka = start_service('kafka');
produce('kept', 'k', 'v', brokers => $kafka->{address});
kill_service($kafka);
resume_service($kafka);
is_deeply(
	[ map { $_->{payload} } consume('kept', brokers => $kafka->{address}) ],
	['v'], 'a killed broker keeps its messages');

done_testing();
