/*-------------------------------------------------------------------------
 * values.c
 *	  Values of one field: dates and numbers as documents have them.
 *
 * Each measure goes around many different values, so that no branch is
 * foreseen that documents would not let be foreseen.
 *-------------------------------------------------------------------------
 */
#include "bench.h"

#include "policy/compiled.h"
#include "zones.h"

#define NVALUES		20000
#define MAX_TEXT	48

/* Writes value number i into text; its length. */
typedef int (*WriteFn) (uint64_t *dice, char *text);

typedef struct ValueBench
{
	const char *name;
	const char *declaration;	/* of the field, less name and paths */
	YsType		type;
	WriteFn		writers[8];		/* taken at random */
	YsArena		arena;
	YsPolicy   *policy;
	YsValue	   *values;
} ValueBench;

/* ---- dates ---- */

typedef struct Moment
{
	int			year, month, day, hour, minute, second;
} Moment;

static Moment
moment(uint64_t *dice)
{
	return (Moment) {
		(int) bench_random(dice, 40) + 1990, (int) bench_random(dice, 12) + 1, (int) bench_random(dice, 28) + 1,
			(int) bench_random(dice, 24), (int) bench_random(dice, 60), (int) bench_random(dice, 60)
	};
}

static const char *const months[] = {
	"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"
};

static int
iso_day(uint64_t *dice, char *text)
{
	Moment		m = moment(dice);

	return sprintf(text, "%04d-%02d-%02d", m.year, m.month, m.day);
}

static int
iso_moment(uint64_t *dice, char *text)
{
	Moment		m = moment(dice);

	return sprintf(text, "%04d-%02d-%02dT%02d:%02d:%02d%s", m.year, m.month, m.day, m.hour, m.minute, m.second,
				   bench_random(dice, 2) == 0 ? "Z" : "+01:00");
}

static int
iso_fraction(uint64_t *dice, char *text)
{
	Moment		m = moment(dice);

	return sprintf(text, "%04d-%02d-%02d %02d:%02d:%02d.%03u", m.year, m.month, m.day, m.hour, m.minute, m.second,
				   bench_random(dice, 1000));
}

static int
day_first(uint64_t *dice, char *text)
{
	Moment		m = moment(dice);

	return sprintf(text, "%02d/%02d/%04d", m.day, m.month, m.year);
}

static int
month_first_short(uint64_t *dice, char *text)
{
	Moment		m = moment(dice);

	return sprintf(text, "%02d-%02d-%02d", m.month, m.day, m.year % 100);
}

static int
named_month(uint64_t *dice, char *text)
{
	Moment		m = moment(dice);

	return sprintf(text, "%d %s %04d", m.day, months[m.month - 1], m.year);
}

/* In the languages there are, without accents for the sake of short code. */
static int
word_month(uint64_t *dice, char *text)
{
	static const char *const words[] = {"March", "marzo", "mars", "Oktober", "settembre", "diciembre", "avril", "June"};
	Moment		m = moment(dice);

	return sprintf(text, "%d %s %04d", m.day, words[bench_random(dice, 8)], m.year);
}

static int
mail_date(uint64_t *dice, char *text)
{
	Moment		m = moment(dice);

	return sprintf(text, "%d %s %04d %02d:%02d:%02d +0%u00", m.day, months[m.month - 1], m.year, m.hour, m.minute,
				   m.second, bench_random(dice, 3));
}

static int
local_moment(uint64_t *dice, char *text)
{
	Moment		m = moment(dice);

	/* at no hour that Rome's clocks skip or show twice */
	return sprintf(text, "%04d-%02d-%02d %02d:%02d:%02d", m.year, m.month, m.day, m.hour % 20 + 4, m.minute, m.second);
}

static int
clear_day_first(uint64_t *dice, char *text)
{
	Moment		m = moment(dice);

	return sprintf(text, "%02d/%02d/%04d", m.day % 16 + 13, m.month, m.year);
}

static int
epoch_s(uint64_t *dice, char *text)
{
	return sprintf(text, "%u", 1000000000 + bench_random(dice, 800000000));
}

static int
epoch_ms(uint64_t *dice, char *text)
{
	return sprintf(text, "%u%03u", 1000000000 + bench_random(dice, 800000000), bench_random(dice, 1000));
}

/* ---- numbers ---- */

static int
whole(uint64_t *dice, char *text)
{
	return sprintf(text, "%u", bench_random(dice, 1000000));
}

static int
decimal(uint64_t *dice, char *text)
{
	return sprintf(text, "%u.%u", bench_random(dice, 400000), bench_random(dice, 9) + 1);
}

static int
trailing_zeros(uint64_t *dice, char *text)
{
	return sprintf(text, "%u.%02u", bench_random(dice, 4000), bench_random(dice, 10) * 10);
}

static int
grouped(uint64_t *dice, char *text)
{
	return sprintf(text, "%u,%03u.%u", bench_random(dice, 400) + 1, bench_random(dice, 1000), bench_random(dice, 10));
}

static int
spaced_km(uint64_t *dice, char *text)
{
	return sprintf(text, "%u %03u km", bench_random(dice, 400) + 1, bench_random(dice, 1000));
}

static int
miles(uint64_t *dice, char *text)
{
	return sprintf(text, "%u,%03u.%u mi", bench_random(dice, 400) + 1, bench_random(dice, 1000), bench_random(dice, 10));
}

static int
commas(uint64_t *dice, char *text)
{
	return sprintf(text, "%u.%03u,%u", bench_random(dice, 400) + 1, bench_random(dice, 1000), bench_random(dice, 100));
}

static int
short_commas(uint64_t *dice, char *text)
{
	return sprintf(text, "%u,%u", bench_random(dice, 1000), bench_random(dice, 9) + 1);
}

static int
euros(uint64_t *dice, char *text)
{
	return sprintf(text, "%u.%03u,%02u \xE2\x82\xAC", bench_random(dice, 400) + 1, bench_random(dice, 1000),
				   bench_random(dice, 100));
}

static int
hours(uint64_t *dice, char *text)
{
	return sprintf(text, "%u h %u min", bench_random(dice, 100), bench_random(dice, 60));
}

static int
gallons(uint64_t *dice, char *text)
{
	return sprintf(text, "%u.%u mpg", bench_random(dice, 50) + 5, bench_random(dice, 10));
}

/* ---- the measures ---- */

#define FLEET_FORMATS	"[\"ISO\", \"DD/MM/YYYY\", \"MM-DD-YY\", \"DD Mon YYYY\", \"epoch_s\", \"epoch_ms\"]"

static ValueBench benches[] = {
	{"dates_iso", "\"type\": \"date\"", YS_TYPE_STRING, {iso_day}},
	{"dates_iso_moments", "\"type\": \"timestamp\"", YS_TYPE_STRING, {iso_moment, iso_fraction}},
	{"dates_third_of_three", "\"type\": \"date\", \"formats\": [\"ISO\", \"DD Mon YYYY\", \"DD/MM/YYYY\"]",
		YS_TYPE_STRING, {day_first}},
	{"dates_named_months", "\"type\": \"date\", \"formats\": [\"DD Mon YYYY\"]", YS_TYPE_STRING, {named_month}},
	{"dates_epochs", "\"type\": \"timestamp\", \"formats\": [\"epoch_s\", \"epoch_ms\"]", YS_TYPE_NUMBER,
		{epoch_s, epoch_ms}},
	{"dates_words_of_months", "\"type\": \"date\", \"formats\": [\"ISO\", \"DD Month YYYY\"]", YS_TYPE_STRING,
		{word_month}},
	{"dates_rfc2822", "\"type\": \"timestamp\", \"formats\": [\"RFC2822\"]", YS_TYPE_STRING, {mail_date}},
	{"dates_sql", "\"type\": \"timestamp\", \"formats\": [\"SQL\"]", YS_TYPE_STRING, {iso_fraction}},
	{"dates_in_a_zone", "\"type\": \"timestamp\", \"timezone\": \"Europe/Rome\"", YS_TYPE_STRING, {local_moment}},
	{"dates_auto", "\"type\": \"timestamp\", \"formats\": [\"auto\"]", YS_TYPE_STRING,
		{iso_day, iso_moment, clear_day_first, word_month, mail_date, epoch_s}},
	{"dates_fleet", "\"type\": \"date\", \"formats\": " FLEET_FORMATS, YS_TYPE_STRING,
		{iso_day, day_first, month_first_short, named_month, epoch_s, epoch_ms}},
	{"numbers_plain", "\"type\": \"numeric\"", YS_TYPE_NUMBER, {whole, decimal}},
	{"numbers_zeros", "\"type\": \"numeric\"", YS_TYPE_NUMBER, {trailing_zeros}},
	{"numbers_grouped", "\"type\": \"numeric\"", YS_TYPE_STRING, {grouped}},
	{"numbers_units", "\"type\": \"numeric\", \"unit\": \"km\"", YS_TYPE_STRING, {spaced_km, miles}},
	{"numbers_fleet", "\"type\": \"numeric\", \"unit\": \"km\"", YS_TYPE_STRING,
		{whole, decimal, spaced_km, miles, grouped}},
	{"numbers_commas", "\"type\": \"numeric\", \"locale\": \"de\"", YS_TYPE_STRING, {commas, short_commas, whole}},
	{"numbers_prices", "\"type\": \"numeric\", \"unit\": \"EUR\"", YS_TYPE_STRING, {euros}},
	{"numbers_parts", "\"type\": \"numeric\", \"unit\": \"h\"", YS_TYPE_STRING, {hours}},
	{"numbers_reciprocals", "\"type\": \"numeric\", \"unit\": \"l/100km\"", YS_TYPE_STRING, {gallons}},
};

/* Normalize them all; a value that is none would be a measure of something else. */
static long
normalize_values(void *arg)
{
	static const YsBindings bindings = {.find_zone = zones_find};
	ValueBench *bench = arg;
	const YsField *field = &bench->policy->fields[0];

	for (int i = 0; i < NVALUES; i++)
	{
		YsNormalizing normalizing = {&field->rules, &bindings, &bench->arena, NULL};
		YsCell		cell = {.format = -1};

		if (field->type->normalize(&normalizing, &bench->values[i], &cell) != YS_USE_TAKEN)
		{
			fprintf(stderr, "%s: %s\n", bench->values[i].bytes, normalizing.reason);
			exit(1);
		}
		if (i % BENCH_BATCH == 0)
			ys_arena_reset(&bench->arena);
	}
	return NVALUES;
}

int
bench_add_values(Bench *added)
{
	static YsArena policies;
	int			count = (int) (sizeof(benches) / sizeof(benches[0]));

	ys_arena_init(&policies, ys_arena_malloc, 0);
	for (int i = 0; i < count; i++)
	{
		ValueBench *bench = &benches[i];
		uint64_t	dice = (uint64_t) i + 1;
		uint32_t	nwriters = 0;
		char		json[512];

		while (bench->writers[nwriters] != NULL)
			nwriters++;
		snprintf(json, sizeof(json), "{\"fields\": [{\"name\": \"value\", \"paths\": [\"value\"], %s}]}",
				 bench->declaration);
		bench->policy = bench_compile(json, strlen(json), &policies);
		ys_arena_init(&bench->arena, ys_arena_malloc, 0);
		bench->values = bench_alloc(sizeof(YsValue) * NVALUES);
		for (int v = 0; v < NVALUES; v++)
		{
			char	   *text = bench_alloc(MAX_TEXT);
			int			len = bench->writers[bench_random(&dice, nwriters)] (&dice, text);

			bench->values[v] = bench->type == YS_TYPE_NUMBER ? ys_value_number(text, (size_t) len) :
				ys_value_string(text, (size_t) len);
		}
		added[i] = (Bench) {bench->name, normalize_values, bench};
	}
	return count;
}
