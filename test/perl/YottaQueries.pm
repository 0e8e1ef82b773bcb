# ----------------------------------------------------------------------------------------------
# YottaQueries.pm
#     Random queries over four foreign tables of random items, for differential tests.
#
# The tables, by the type of their sort key: numbers (numeric), words (text), bytes (bytea), plain
# (none). Beside the keys all have the same attributes, of any type in any item. A query is
#   { query => text, ordered => does it say in which order?, types => 'text, int', arguments => '...' }
# with :of behind each name of a table, to be replaced; types and arguments are those of $1, $2, ...
# The caller seeds rand, and prints the seed.
# ----------------------------------------------------------------------------------------------
package YottaQueries;

use strict;
use warnings;

use Exporter 'import';
use JSON::PP;
use MIME::Base64;
use YottaItems;

our @EXPORT = qw(query_tables query_item query_columns random_query);

my @numbers = (
	qw(0 1 -1 5 5.5 -3.25 100 1E2 32768 -2147483649 9223372036854775807 9223372036854775808 1E-130 0.1),
	qw(12345678901234567890123456789012345678 -9.9999999999999999999999999999999999999E+125));
my @strings = (
	'', ' ', 'a', 'ab', 'abc', 'A', 'b', 'Z', 'a%', 'a_', '%', "it's", "\x{e4}", "z\x{10ffff}", "\x{ffee}", "\x{1f600}",
	"e\x{301}", "a\nb", 'true', '5', 'x' x 200);
my @binaries = ('', "\0", "\0\0", 'a', "a\0", "a\0b", "\x7f", "\x80", "\xff", "\xff\xff");
my @days = qw(2024-02-28 2024-02-29 2024-03-01 2023-12-31 0001-01-01 9999-12-31);

my %sort_key = (numbers => 'numeric', words => 'text', bytes => 'bytea');

sub query_tables { return qw(numbers words bytes plain); }

# ---- items -----------------------------------------------------------------------------------

sub _binary { return { B => encode_base64($_[0], '') }; }

# The item of that number of a table, as the store takes it.
sub query_item
{
	my ($table, $serial) = @_;
	my %usual = (
		n => sub { return { N => pick(@numbers) } },
		s => sub { return { S => pick(@strings) } },
		b => sub { return _binary(pick(@binaries)) },
		f => sub { return { BOOL => chance(0.5) ? JSON::PP::true : JSON::PP::false } },
		d => sub { return { S => pick(@days) . pick('', '', 'T12:00:00Z') } });
	my @all = values %usual;
	push @all, sub { return { NULL => JSON::PP::true } }, sub { return { L => [ $usual{n}->(), $usual{s}->() ] } },
	  sub { return { M => { x => $usual{ pick(qw(n s b f)) }->() } } }, sub { return { SS => [ 'a', 'b' ] } };
	my %item = map { ($_ => chance(0.7) ? $usual{$_}->() : pick(@all)->()) } grep { chance(0.9) } keys %usual;
	$item{m} = { M => { x => pick(@all)->() } } if chance(0.7);

	$item{id} = { S => $table eq 'plain' ? "p$serial" : 'p' . $serial % 5 };
	my $nth = int($serial / 5);
	$item{at} = { N => $nth < @numbers ? $numbers[$nth] + 0 == 100 && $numbers[$nth] ne '100' ? -100 : $numbers[$nth] : $nth * 3 }
	  if $table eq 'numbers';
	$item{at} = { S => ($strings[ 1 + $nth % 20 ]) . ($nth > 19 ? $nth : '') } if $table eq 'words';
	$item{at} = _binary(chr($serial * 7 % 256) . pick(@binaries)) if $table eq 'bytes';
	return \%item;
}

# The columns of its foreign table.
sub query_columns
{
	my ($table, $on_mismatch) = @_;
	my $also = defined $on_mismatch ? ", on_mismatch '$on_mismatch'" : '';
	my $sort = $sort_key{$table};
	my $at = !defined $sort ? '' : "at $sort OPTIONS (key 'sort') " . ($sort eq 'text' ? 'COLLATE "C" ' : '') . 'NOT NULL,';
	return <<"END";
	id text OPTIONS (key 'partition') NOT NULL, $at
	num numeric OPTIONS (path 'n'$also), whole int OPTIONS (path 'n'), big int8 OPTIONS (path 'n'), real float8 OPTIONS (path 'n'),
	str text OPTIONS (path 's'$also) COLLATE "C", word text OPTIONS (path 's'), short varchar(3) OPTIONS (path 's') COLLATE "C",
	bin bytea OPTIONS (path 'b'$also), flag bool OPTIONS (path 'f'$also), day date OPTIONS (path 'd'), moment timestamptz OPTIONS (path 'd'),
	deep_num numeric OPTIONS (path 'm.x'), deep_str text OPTIONS (path 'm.x') COLLATE "C", any_value jsonb OPTIONS (path 'm')
END
}

# ---- conditions ------------------------------------------------------------------------------

my %columns_of = (
	numeric => [qw(num num whole big real deep_num)],
	text => [qw(str str word short deep_str)],
	bytea => [qw(bin)],
	boolean => [qw(flag)],
	date => [qw(day day moment)]);

# The parameters of the query being made, when it is one to prepare.
my ($prepared, @types, @arguments);

sub _quoted { my ($text) = @_; $text =~ s/'/''/g; return "'$text'"; }

sub _parameter
{
	my ($type, $argument) = @_;
	push @types, $type;
	push @arguments, chance(0.05) ? 'NULL' : $argument;
	return '$' . @types;
}

sub _value
{
	my ($type) = @_;
	return $type eq 'numeric' ? (chance(0.1) ? pick("'NaN'::numeric", '1e200', '0.12345678901234567890123456789012345678901234') : pick(@numbers, int(rand 200) - 20))
	  : $type eq 'text' ? _quoted(chance(0.02) ? 'y' x 3000 : pick(@strings, 'p1'))
	  : $type eq 'bytea' ? "'\\x" . unpack('H*', pick(@binaries, chr(int rand 256))) . "'::bytea"
	  : $type eq 'date' ? "'" . pick(@days) . "'::date"
	  : pick('true', 'false');
}

sub _operand
{
	my ($type) = @_;
	my $value = _value($type);
	return $value unless $prepared && @types < 6 && chance(0.8);
	return _parameter($type eq 'numeric' && $value =~ /^-?\d{1,9}$/ && chance(0.5) ? 'int' : $type, $value);
}

sub _list
{
	my ($type) = @_;
	my $list = join ', ', map { chance(0.05) ? 'NULL' : _value($type) } 0 .. rand 4;
	return $prepared && chance(0.6) ? '= ANY (' . _parameter("$type\[]", "ARRAY[$list]::$type\[]") . ')' : "IN ($list)";
}

sub _prefix
{
	my ($column) = @_;
	my $text = pick(@strings, 'a', 'ab');
	return "starts_with($column, " . (chance(0.5) ? _operand('text') : _quoted($text)) . ')' if chance(0.4);
	$text =~ s/([\\%_])/\\$1/g if chance(0.7);
	return "$column " . pick('LIKE', 'LIKE', 'NOT LIKE') . ' ' . _quoted($text . pick('%', '%', '%', '', '_', '%b'));
}

sub _comparison
{
	my ($column, $type) = @_;
	return "$column " . _list($type) if chance(0.15);
	return "$column BETWEEN " . _operand($type) . ' AND ' . _operand($type) if $type ne 'boolean' && chance(0.15);
	return _prefix($column) if $type eq 'text' && chance(0.3);
	my $operator = pick('=', '=', '<>', '<', '<=', '>', '>=');
	return chance(0.85) ? "$column $operator " . _operand($type) : _operand($type) . " $operator $column";
}

sub _leaf
{
	my ($of) = @_;
	my $type = pick(qw(numeric numeric text text bytea boolean date));
	my $column = $of . pick(@{ $columns_of{$type} });
	return "$column IS " . pick('', 'NOT ') . 'NULL' if chance(0.15);
	return pick($column, "NOT $column", "$column IS " . pick('', 'NOT ') . pick('TRUE', 'FALSE', 'UNKNOWN')) if $type eq 'boolean' && chance(0.7);
	return _comparison($column, $type);
}

sub _tree
{
	my ($of, $depth) = @_;
	return _leaf($of) if $depth > 1 || chance(0.6);
	return 'NOT (' . _tree($of, $depth + 1) . ')' if chance(0.2);
	return '(' . join(pick(' AND ', ' OR '), map { _tree($of, $depth + 1) } 0 .. 1 + rand 2) . ')';
}

sub _partition { my ($table) = @_; return 'p' . int rand($table eq 'plain' ? 90 : 6); }

# Conditions on the key, as many of its columns as the queries of applications have, and others.
sub _conditions
{
	my ($table, $of) = @_;
	my @conditions;
	my $ids = join ', ', map { _quoted(_partition($table)) } 0 .. rand 4;
	push @conditions, chance(0.75) ? "${of}id = " . ($prepared && chance(0.7) ? _parameter('text', _quoted(_partition($table))) : _quoted(_partition($table)))
	  : $prepared && chance(0.6) ? "${of}id = ANY (" . _parameter('text[]', "ARRAY[$ids, NULL]") . ')' : "${of}id IN ($ids)"
	  if chance(0.7);
	if (defined $sort_key{$table})
	{
		push @conditions, _comparison("${of}at", $sort_key{$table}) foreach 1 .. pick(0, 0, 1, 1, 2);
	}
	push @conditions, _tree($of, 0) if chance(0.5);
	return join(' AND ', @conditions);
}

sub _where
{
	my $conditions = _conditions(@_);
	return $conditions eq '' ? '' : " WHERE $conditions";
}

# ---- queries ---------------------------------------------------------------------------------

sub _columns
{
	my ($table) = @_;
	my @all = ('id', (defined $sort_key{$table} ? 'at' : ()), map { @$_ } values %columns_of);
	return chance(0.1) ? '*' : join ', ', map { pick(sort @all) } 0 .. rand 4;
}

sub _limit { return ' LIMIT ' . int(rand 12) . (chance(0.3) ? ' OFFSET ' . int rand 6 : ''); }

my %kinds = (
	rows => sub { my ($table) = @_; return 'SELECT ' . _columns($table) . " FROM $table:of" . _where($table, ''); },
	count => sub { my ($table) = @_; return "SELECT count(*) FROM $table:of" . _where($table, ''); },
	# which ones they are is nobody's to say, but how many
	some => sub { my ($table) = @_; return "SELECT count(*) FROM (SELECT num FROM $table:of" . _where($table, '') . _limit() . ') s'; },
	sums => sub { my ($table) = @_; return "SELECT flag, count(*), count(num), min(str), sum(whole) FROM $table:of" . _where($table, '') . ' GROUP BY flag'; },
	join => sub {
		my ($table) = @_;
		my $type = $sort_key{$table};
		my $conditions = chance(0.5) ? ' AND ' . _tree('s.', 0) : '';
		my $on = 's.id = d.id' . (defined $type && chance(0.6) ? " AND s.at = d.a_$type" : '');
		return "SELECT d.n, s.num, s.str FROM driver d " . pick('', 'LEFT ') . "JOIN $table:of s ON $on$conditions" if chance(0.6);
		return "SELECT d.n FROM driver d WHERE " . pick('', 'NOT ') . "EXISTS (SELECT FROM $table:of s WHERE $on$conditions)" if chance(0.4);
		return "SELECT d.n, (SELECT count(*) FROM $table:of s WHERE s.id = d.id$conditions) FROM driver d";
	},
	# the sort key's order within a partition; by all of the key otherwise
	order => sub {
		my ($table) = @_;
		my $sort = defined $sort_key{$table};
		my $way = pick('', ' DESC');
		my $conditions = _conditions($table, '');
		my $one = $sort && $conditions =~ /^id = (?!ANY)/;    # of one partition
		return 'SELECT ' . _columns($table) . " FROM $table:of" . ($conditions eq '' ? '' : " WHERE $conditions") . ' ORDER BY '
		  . ($one && chance(0.8) ? "at$way" : 'id COLLATE "C"' . ($sort ? ", at$way" : $way)) . (chance(0.7) ? _limit() : '');
	});

sub random_query
{
	$prepared = chance(0.35);
	@types = @arguments = ();
	my $kind = pick(qw(rows rows rows count some sums join order order));
	my $query = $kinds{$kind}->(pick(query_tables()));
	return { query => $query, ordered => $kind eq 'order', types => join(', ', @types), arguments => join(', ', @arguments) };
}

1;
