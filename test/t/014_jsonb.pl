# ----------------------------------------------------------------------------------------------
# 014_jsonb.pl
#     Documents as jsonb are byte for byte what the server makes of the same JSON text.
#
# Random items are put into a real store, fetched as the store then has them, and written as plain
# JSON text here.  YS_TEST_SEED repeats a run.
# ----------------------------------------------------------------------------------------------
use strict;
use warnings;

use JSON::PP;
use Test::More;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use YottaItems;
use YottaTest;

my $seed = $ENV{YS_TEST_SEED} // time() % 1_000_000;
srand($seed);
note("seed $seed");

my $ITEMS = 200;
my $text_of = JSON::PP->new->ascii->allow_nonref;

# ---- what a document is in plain JSON ----------------------------------------------------------

sub utf8_order
{
	my ($left, $right) = ($a, $b);
	utf8::encode($left);
	utf8::encode($right);
	return $left cmp $right;
}

sub plain_text
{
	my ($value) = @_;
	my ($tag, $content) = %$value;
	return $content if $tag eq 'N';
	return 'null' if $tag eq 'NULL';
	return $content ? 'true' : 'false' if $tag eq 'BOOL';
	return '[' . join(',', map { plain_text($_) } @$content) . ']' if $tag eq 'L';
	return '[' . join(',', map { $text_of->encode($_) } sort utf8_order @$content) . ']'
	  if $tag eq 'SS';
	return plain_map($content) if $tag eq 'M';
	return $text_of->encode("$content");
}

sub plain_map
{
	my ($map) = @_;
	return '{'
	  . join(',', map { $text_of->encode($_) . ':' . plain_text($map->{$_}) } keys %$map) . '}';
}

# ---- the comparison ----------------------------------------------------------------------------

my $table = unique_name('jsonb');
my $node = new_node('main');
create_servers($node);
$node->safe_psql('postgres', <<"END");
SELECT yottastore.create_store_table('fleet', '$table', 'id');
CREATE FOREIGN TABLE documents (
  id text OPTIONS (key 'partition') NOT NULL,
  part jsonb OPTIONS (path 'part'),
  item jsonb OPTIONS (document 'true')
) SERVER fleet OPTIONS (table '$table');
CREATE TABLE expected (id text PRIMARY KEY, item json);
CREATE CAST (jsonb AS bytea) WITHOUT FUNCTION;
END

for my $number (1 .. $ITEMS)
{
	my $attributes = random_map((2, 20, 32, 34, 70)[ rand 5 ]);
	store_api('PutItem',
		{ TableName => $table,
			Item => { %$attributes, id => { S => "i$number" }, part => random_value() } });
}

my $start;
do
{
	my $page = store_api('Scan',
		{ TableName => $table, $start ? (ExclusiveStartKey => $start) : () });
	my @rows = map { "('$_->{id}{S}', \$json\$" . plain_map($_) . '$json$)' } @{ $page->{Items} };
	$node->safe_psql('postgres', 'INSERT INTO expected VALUES ' . join(",\n", @rows)) if @rows;
	$start = $page->{LastEvaluatedKey};
} while ($start);

is($node->safe_psql('postgres', 'SELECT count(*) FROM expected'), $ITEMS, 'all items came back');
is( $node->safe_psql('postgres', <<'END'),
SELECT count(*), count(*) FILTER (WHERE d.item::bytea = e.item::jsonb::bytea)
FROM documents d JOIN expected e USING (id)
END
	"$ITEMS|$ITEMS",
	"whole documents are the same bytes (seed $seed)");
is( $node->safe_psql('postgres', <<'END'),
SELECT count(*), count(d.part) > 0,
	count(*) FILTER (WHERE d.part::bytea IS NOT DISTINCT FROM
		CASE WHEN e.item->>'part' IS NOT NULL THEN (e.item->'part')::jsonb::bytea END)
FROM documents d JOIN expected e USING (id)
END
	"$ITEMS|t|$ITEMS",
	"so are values of every kind by themselves (seed $seed)");

done_testing();
