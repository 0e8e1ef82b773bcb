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
use YottaTest;

my $seed = $ENV{YS_TEST_SEED} // time() % 1_000_000;
srand($seed);
note("seed $seed");

my $ITEMS = 200;
my $text_of = JSON::PP->new->ascii->allow_nonref;

# ---- random values ---------------------------------------------------------------------------

sub chance { return rand() < $_[0]; }
sub pick { return $_[ int rand @_ ]; }

sub random_text
{
	my ($most) = @_;
	my @characters = ('a' .. 'e', 'a' .. 'e', 'Z', '0', ' ', '"', '\\', "\n", "\x01", "\x{7f}",
		"\x{e9}", "\x{20ac}", "\x{1f69a}");
	return join('', map { pick(@characters) } 1 .. int rand($most + 1));
}

# Names that share length, beginning or both, and now and then a very long one.
sub random_name
{
	return 'n' . random_text(3) if chance(0.3);
	return 'long_' x 60 . int rand 4 if chance(0.02);
	return pick('attribute_', 'Attribute', 'x', 'tyre') . int rand pick(10, 1000);
}

sub random_digits { return join('', int(1 + rand 9), map { int rand 10 } 2 .. $_[0]); }

sub random_number
{
	my $number = random_digits(1 + int rand(chance(0.2) ? 38 : 19));
	$number = '0' if chance(0.1);
	substr($number, int rand(length $number), 0, '.') if length $number > 1 && chance(0.5);
	$number = "0$number" if $number =~ /^\./;
	$number .= 'E' . (int(rand 60) - 30) if chance(0.1);
	return chance(0.3) ? "-$number" : $number;
}

sub random_map
{
	my ($depth, $most) = @_;
	return { map { random_name() => random_value($depth + 1) } 1 .. int rand($most + 1) };
}

sub random_value
{
	my ($depth) = @_;
	my $kind = int rand($depth < 5 ? 12 : 8);
	my %set;
	return { S => random_text(chance(0.05) ? 2000 : 12) } if $kind < 3;
	return { N => random_number() } if $kind < 6;
	return { BOOL => chance(0.5) ? JSON::PP::true : JSON::PP::false } if $kind == 6;
	return { NULL => JSON::PP::true } if $kind == 7;
	return { M => random_map($depth, chance(0.1) ? 100 : 8) } if $kind < 10;
	return { L => [ map { random_value($depth + 1) } 1 .. int rand(chance(0.1) ? 100 : 6) ] }
	  if $kind == 10;
	$set{ 's' . random_text(6) } = 1 for 0 .. int rand 40;
	return { SS => [ keys %set ] };
}

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
	my $attributes = random_map(0, pick(2, 20, 32, 34, 70));
	store_api('PutItem',
		{ TableName => $table,
			Item => { %$attributes, id => { S => "i$number" }, part => random_value(1) } });
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
