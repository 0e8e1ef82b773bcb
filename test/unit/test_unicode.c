/*-------------------------------------------------------------------------
 * test_unicode.c
 *	  Normal form, case, accents, and what two spellings have in common.
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include "policy/normalize/unicode.h"

#define NORMALIZERS		7
#define ROUNDS			20000

static const char *const names[NORMALIZERS] = {
	"nfc", "lower", "upper", "casefold", "unaccent", "trim", "collapse"
};

static bool
same(YsSlice a, YsSlice b)
{
	return a.len == b.len && memcmp(a.bytes, b.bytes, a.len) == 0;
}

/* A copy in memory of its own size, so that a sanitizer sees each read past it. */
static YsSlice
exact(YsSlice text)
{
	char	   *copy = malloc(text.len > 0 ? text.len : 1);

	assert_non_null(copy);
	memcpy(copy, text.bytes, text.len);
	return (YsSlice) {copy, text.len};
}

static YsSlice
run(YsArena *arena, const char *name, YsSlice text)
{
	YsStringFn	fn = ys_normalizer_find(unit_slice(name));

	assert_non_null(fn);
	assert_true(fn(arena, &text));
	return text;
}

static void
test_cases(void **state)
{
	UnitFixture *fixture = *state;
	static const struct
	{
		const char *normalizer;
		const char *text;
		const char *expected;
	}			cases[] =
	{
		{"nfc", "", ""}, {"nfc", "caffe\xCC\x80", "caff\xC3\xA8"}, {"nfc", "\xE2\x84\xAB", "\xC3\x85"},
		{"nfc", "q\xCC\x87\xCC\xA3", "q\xCC\xA3\xCC\x87"},
		{"nfc", "\xE1\x84\x92\xE1\x85\xA1\xE1\x86\xAB", "\xED\x95\x9C"},
		/* what composition excludes */
		{"nfc", "\xE0\xA5\x98", "\xE0\xA4\x95\xE0\xA4\xBC"},
		{"nfc", "\xC3\xA8\xFF", "\xC3\xA8\xFF"},
		{"lower", "CAFFÈ ŁÓDŹ ΣΊΣΥΦΟΣ Жук", "caffè łódź σίσυφοσ жук"},
		{"lower", "İ", "i"}, {"lower", "ẞ", "ß"}, {"lower", "E\xCC\x80", "è"},
		{"upper", "caffè łódź straße ÿ µ", "CAFFÈ ŁÓDŹ STRAßE Ÿ Μ"},
		{"upper", "ﬁ", "ﬁ"}, {"upper", "ǆ", "Ǆ"},
		{"casefold", "Straße ΣΊΣΥΦΟΣ ﬁn İ", "strasse σίσυφοσ fin i\xCC\x87"},
		{"casefold", "\xCE\xB1\xCD\x85\xCC\x81", "\xCE\xAC\xCE\xB9"},
		{"unaccent", "Crème brûlée, Ångström, Łódź, señor", "Creme brulee, Angstrom, Łodz, senor"},
		{"unaccent", "ΐ Ἀθῆναι Ёлка й", "ι Αθηναι Елка и"}, {"unaccent", "o\xCC\xB8", "o"},
		/* marks without which it is another letter */
		{"unaccent", "が कि ไม่", "が कि ไม่"},
		{"trim", "\xC2\xA0 a  b \n", "a  b"}, {"collapse", "\xE3\x80\x80 a\t\xC2\xA0""b ", "a b"}
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		YsSlice		text = exact(unit_slice(cases[i].text));
		YsSlice		got = run(&fixture->arena, cases[i].normalizer, text);

		if (!same(got, unit_slice(cases[i].expected)))
			fail_msg("%s of \"%s\": got \"%.*s\", wanted \"%s\"", cases[i].normalizer, cases[i].text,
					 (int) got.len, got.bytes, cases[i].expected);
		free((char *) text.bytes);
	}
}

static void
check_fold(const char *text, const char *expected)
{
	char		key[YS_FOLD_MAX];
	YsSlice		copy = exact(unit_slice(text));
	int			len = ys_unicode_fold(copy, key);

	if (len < 0 ? expected != NULL : expected == NULL || !same((YsSlice) {key, (uint32_t) len}, unit_slice(expected)))
		fail_msg("\"%s\": got \"%.*s\", wanted %s", text, len < 0 ? 0 : len, key,
				 expected != NULL ? expected : "nothing");
	free((char *) copy.bytes);
}

static void
test_fold(void **state)
{
	char		longest[YS_FOLD_MAX + 2] = "";
	char		folded[YS_FOLD_MAX + 1] = "";

	(void) state;
	check_fold("", "");
	check_fold(" \xC2\xA0\t", "");
	check_fold("  Sì ", "si");
	check_fold("SI\xCC\x80", "si");
	check_fold("Straße  12", "strasse 12");
	check_fold("a\xC2\xA0 \xE2\x80\x83""b", "a b");
	check_fold("è\n\n e", "e e");
	check_fold("e \xCC\x81", "e");
	check_fold("DIYARBAKIR", "diyarbakir");
	check_fold("Diyarbakır", "diyarbakir");
	check_fold("İzmir", "izmir");
	check_fold("ΣΊΣΥΦΟΣ", "σισυφοσ");
	check_fold("\xCE\xB1\xCD\x85\xCC\x81", "α");
	check_fold("no\xFF", NULL);
	check_fold("\xED\xA0\x80", NULL);
	check_fold("\xE3\x81\x8B\xE3\x82\x99", "\xE3\x81\x8B\xE3\x82\x99");
	check_fold("が", "\xE3\x81\x8B\xE3\x82\x99");

	memset(longest, 'A', YS_FOLD_MAX);
	memset(folded, 'a', YS_FOLD_MAX);
	check_fold(longest, folded);
	longest[YS_FOLD_MAX] = 'A';
	check_fold(longest, NULL);

	/* an accent takes no room: 256 letters, and one more */
	memcpy(longest, "è", 2);
	folded[0] = 'e';
	check_fold(longest, folded);
	memcpy(longest, "ø", 2);
	check_fold(longest, NULL);
}

/* ---- properties ---- */

static size_t
add_code(char *out, uint32_t code)
{
	if (code < 0x80)
	{
		out[0] = (char) code;
		return 1;
	}
	if (code < 0x800)
	{
		out[0] = (char) (0xC0 | code >> 6);
		out[1] = (char) (0x80 | (code & 0x3F));
		return 2;
	}
	if (code < 0x10000)
	{
		out[0] = (char) (0xE0 | code >> 12);
		out[1] = (char) (0x80 | (code >> 6 & 0x3F));
		out[2] = (char) (0x80 | (code & 0x3F));
		return 3;
	}
	out[0] = (char) (0xF0 | code >> 18);
	out[1] = (char) (0x80 | (code >> 12 & 0x3F));
	out[2] = (char) (0x80 | (code >> 6 & 0x3F));
	out[3] = (char) (0x80 | (code & 0x3F));
	return 4;
}

/* Letters, marks and white space more often than what else there is, assigned or not. */
static uint32_t
random_code(uint64_t *seed)
{
	static const uint32_t spaces[] = {' ', '\t', 0xA0, 0x2003, 0x3000};
	uint32_t	code;

	switch (unit_random(seed, 9))
	{
		case 0:
			return (uint32_t) (unit_random(seed, 95) + 0x20);
		case 1:
			return (uint32_t) (unit_random(seed, 0x200) + 0xA0);
		case 2:
		case 3:
			return (uint32_t) (unit_random(seed, 0x70) + 0x300);
		case 4:
			return (uint32_t) (unit_random(seed, 0x2C0) + 0x370);	/* Greek, Cyrillic, Hebrew */
		case 5:
			return (uint32_t) (unit_random(seed, 0x200) + 0x1E00);
		case 6:
			return (uint32_t) (unit_random(seed, 0x100) + 0x1100);	/* jamo */
		case 7:
			return spaces[unit_random(seed, 5)];
	}
	code = (uint32_t) unit_random(seed, 0x10FFFF) + 1;
	return code >= 0xD800 && code < 0xE000 ? 0xFFFD : code;
}

static void
show(const char *what, const char *name, YsSlice text)
{
	print_message("%s %s:", name, what);
	for (uint32_t i = 0; i < text.len; i++)
		print_message(" %02X", (unsigned char) text.bytes[i]);
	print_message("\n");
}

/* What holds of every text and normalizer. */
static void
check_text(YsArena *arena, YsSlice text)
{
	for (int n = 0; n < NORMALIZERS; n++)
	{
		YsSlice		once = run(arena, names[n], text);
		bool		stable = same(run(arena, names[n], once), once);
		bool		normal = n >= 5 || same(run(arena, "nfc", once), once);
		bool		equivalent = n >= 5 || same(run(arena, names[n], run(arena, "nfc", text)), once);

		if (!stable || !normal || !equivalent || ys_string_check(once.bytes, once.len) != NULL)
		{
			show("of", names[n], text);
			show("is", names[n], once);
			fail_msg("%s: %s", names[n], !stable ? "again it is something else" :
					 !normal ? "not in normal form" : !equivalent ? "other forms of it become something else" :
					 "no text");
		}
	}
}

static void
test_properties(void **state)
{
	UnitFixture *fixture = *state;
	uint64_t	seed = unit_seed("unicode");
	char		text[4 * 24];

	for (int i = 0; i < ROUNDS; i++)
	{
		uint64_t	count = unit_random(&seed, 24);
		uint32_t	len = 0;

		while (count-- > 0)
			len += (uint32_t) add_code(text + len, random_code(&seed));
		check_text(&fixture->arena, (YsSlice) {text, len});
		ys_arena_reset(&fixture->arena);
	}
}

static void
test_every_code(void **state)
{
	UnitFixture *fixture = *state;
	char		text[16];

	for (uint32_t code = 1; code <= 0x10FFFF; code++)
	{
		uint32_t	len;

		if (code == 0xD800)
			code = 0xE000;
		len = (uint32_t) add_code(text, code);
		check_text(&fixture->arena, (YsSlice) {text, len});
		ys_arena_reset(&fixture->arena);
	}
}

/* So many marks out of order that sorting them by insertion would not end. */
static void
test_many_marks(void **state)
{
	UnitFixture *fixture = *state;
	uint32_t	count = 200000;
	char	   *text = malloc(count * 2 + 1);
	YsSlice		once;

	assert_non_null(text);
	text[0] = 'a';
	for (uint32_t i = 0; i < count; i++)
		memcpy(text + 1 + i * 2, i % 2 == 0 ? "\xCC\x81" : "\xCC\xA3", 2);
	once = run(&fixture->arena, "nfc", (YsSlice) {text, count * 2 + 1});
	/* the first dot below is composed with the a, which takes as many bytes */
	assert_int_equal(once.len, count * 2 + 1);
	assert_false(same(once, (YsSlice) {text, count * 2 + 1}));
	assert_true(same(run(&fixture->arena, "nfc", once), once));
	assert_true(same(run(&fixture->arena, "unaccent", once), unit_slice("a")));
	free(text);
}

/* Every allocation may fail. */
static void
test_no_memory(void **state)
{
	(void) state;
	for (int n = 0; n < NORMALIZERS; n++)
	{
		bool		done = false;

		for (size_t limit = 1; !done; limit += 64)
		{
			YsSlice		text = unit_slice("\xC2\xA0 E\xCC\x80\xCC\xA3  b");
			YsArena		arena;

			assert_in_range(limit, 1, 100000);
			ys_arena_init(&arena, ys_arena_malloc, limit);
			done = ys_normalizer_find(unit_slice(names[n])) (&arena, &text);
			ys_arena_free(&arena);
		}
	}
}

static int
set_up(void **state)
{
	return unit_set_up(state, sizeof(UnitFixture));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_cases, set_up, unit_tear_down),
		cmocka_unit_test(test_fold),
		cmocka_unit_test_setup_teardown(test_properties, set_up, unit_tear_down),
		cmocka_unit_test_setup_teardown(test_every_code, set_up, unit_tear_down),
		cmocka_unit_test_setup_teardown(test_many_marks, set_up, unit_tear_down),
		cmocka_unit_test(test_no_memory)
	};

	return cmocka_run_group_tests_name("unicode", tests, NULL, NULL);
}
