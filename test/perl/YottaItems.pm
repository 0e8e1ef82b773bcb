# ----------------------------------------------------------------------------------------------
# YottaItems.pm
#     Random items in the store's typed form: names that collide in length or beginning, odd
#     characters, numbers of up to 38 digits, nested maps and lists.
#
# The caller seeds rand, and prints the seed.
# ----------------------------------------------------------------------------------------------
package YottaItems;

use strict;
use warnings;

use Exporter 'import';
use JSON::PP;
use MIME::Base64;

our @EXPORT = qw(chance pick random_text random_number random_map random_value all_types
  sorted sorted_item);

# Strings, numbers, booleans, nulls, maps, lists and string sets; with all_types(1) also binary,
# number and binary sets, and empty maps, lists and strings more often.
my $all_types = 0;
sub all_types { $all_types = $_[0]; return; }

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

sub _map
{
	my ($depth, $most) = @_;
	return { map { random_name() => _value($depth + 1) } 1 .. int rand($most + 1) };
}

sub _set
{
	my ($make) = @_;
	my %set;
	$set{ $make->() } = 1 for 0 .. int rand(chance(0.1) ? 40 : 5);
	return [ keys %set ];
}

sub _value
{
	my ($depth) = @_;
	my $kind = int rand($depth < 5 ? 12 : 8);
	return _odd_value() if $all_types && chance(0.3);
	return { S => random_text(chance(0.05) ? 2000 : 12) } if $kind < 3;
	return { N => random_number() } if $kind < 6;
	return { BOOL => chance(0.5) ? JSON::PP::true : JSON::PP::false } if $kind == 6;
	return { NULL => JSON::PP::true } if $kind == 7;
	return { M => _map($depth, chance(0.1) ? 100 : 8) } if $kind < 10;
	return { L => [ map { _value($depth + 1) } 1 .. int rand(chance(0.1) ? 100 : 6) ] }
	  if $kind == 10;
	return { SS => _set(sub { 's' . random_text(6) }) };
}

# What plain JSON has no word for.
sub _odd_value
{
	my $kind = int rand 6;
	return { B => encode_base64(_bytes(), '') } if $kind == 0;
	# of different size, so that no two are equal
	return { NS => [ map { pick('', '-') . random_digits($_) . pick('', '.25') } 1 .. 1 + int rand 30 ] } if $kind == 1;
	return { BS => [ map { encode_base64($_, '') } @{ _set(\&_bytes) } ] } if $kind == 2;
	return { SS => _set(sub { random_text(5) }) } if $kind == 3;
	return pick({ M => {} }, { L => [] }, { S => '' }, { B => '' }) if $kind == 4;
	return { N => random_digits(38) . 'E' . pick(88, -130 + 37, 0, -20) };
}

sub _bytes { return join('', map { chr pick(0, 0, 1, 97, 127, 128, 255) } 1 .. int rand 9); }

# The attributes of an item, at most so many; and one value of any type.
sub random_map { return _map(0, $_[0]); }
sub random_value { return _value(1); }

# A value, and an item, whose sets are in order: as they are of the store, their order means nothing.
sub sorted
{
	my ($value) = @_;
	my ($tag, $content) = %$value;
	return { $tag => [ sort @$content ] } if $tag =~ /^.S$/;
	return { L => [ map { sorted($_) } @$content ] } if $tag eq 'L';
	return { M => sorted_item($content) } if $tag eq 'M';
	return $value;
}
sub sorted_item { my ($item) = @_; return { map { $_ => sorted($item->{$_}) } keys %$item }; }

1;
