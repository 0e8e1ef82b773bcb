/*-------------------------------------------------------------------------
 * reading.c
 *	  What values can be read as: by reading them, as fields of every type,
 *	  format and unit would.
 *
 * One policy is compiled of a field for each candidate, and one more for each
 * unit that is met.  Numbers make plausible moments of almost anything, so
 * that those count only within living memory.
 *-------------------------------------------------------------------------
 */
#include "policy/suggest/reading.h"

#include <stdio.h>
#include <string.h>

#include "policy/suggest/cardinality.h"

#define UNITS_MAX		64
#define SPELLING_MAX	24

/* Endings of texts that are no unit: so many are asked about. */
#define STRANGERS_MAX	256

/* Digits alone are a date from so many on: 20240312. */
#define DATE_DIGITS_LEAST	8

/* 1980 to 2100, since 2000-01-01: what a number must fall into to be a moment. */
#define USECS_PER_YEAR		(INT64_C(31557600) * YS_USECS_PER_SEC)
#define PLAUSIBLE_FROM		(-20 * USECS_PER_YEAR)
#define PLAUSIBLE_TO		(100 * USECS_PER_YEAR)

/* Longer texts are no dates and numbers that anybody would suggest a field for. */
#define TEXT_MAX			80

/*
 * In the order in which they are preferred.  The rival of a format has the same form and
 * means another day by it.
 */
static const struct
{
	const char *format;
	const char *rival;
}			dates[] = {
	{"ISO", NULL},
	{"epoch_s", NULL},
	{"epoch_ms", NULL},
	{"epoch_us", NULL},
	{"DD/MM/YYYY", "MM/DD/YYYY"},
	{"MM/DD/YYYY", "DD/MM/YYYY"},
	{"DD/MM/YY", "MM/DD/YY"},
	{"MM/DD/YY", "DD/MM/YY"},
	{"DD.MM.YYYY", NULL},
	{"DD.MM.YY", NULL},
	{"DD-MM-YYYY", "MM-DD-YYYY"},
	{"MM-DD-YYYY", "DD-MM-YYYY"},
	{"DD-MM-YY", "MM-DD-YY"},
	{"MM-DD-YY", "DD-MM-YY"},
	{"DD Mon YYYY", NULL},
	{"Mon DD YYYY", NULL},
	{"Mon DD, YYYY", NULL},
	{"DD-Mon-YYYY", NULL},
	{"YYYY/MM/DD", NULL},
	{"YYYY.MM.DD", NULL},
	{"YYYYMMDD", NULL},
	{"RFC2822", NULL},
	{"DD/MM/YYYY HH24:MI", "MM/DD/YYYY HH24:MI"},
	{"MM/DD/YYYY HH24:MI", "DD/MM/YYYY HH24:MI"},
	{"DD/MM/YYYY HH24:MI:SS", "MM/DD/YYYY HH24:MI:SS"},
	{"MM/DD/YYYY HH24:MI:SS", "DD/MM/YYYY HH24:MI:SS"},
	{"DD.MM.YYYY HH24:MI", NULL},
	{"DD.MM.YYYY HH24:MI:SS", NULL},
	{"YYYY/MM/DD HH24:MI:SS", NULL},
};

/* English: 12,345.6; German, like most of Europe: 12.345,6. */
const char *const ys_reading_locales[YS_LOCALES] = {"en", "de"};

#define NDATES	((int) (sizeof(dates) / sizeof(dates[0])))

struct YsSpelledUnit
{
	char		spelling[SPELLING_MAX];
	const YsField *fields[1 + YS_LOCALES];	/* of that unit, in any locale and in each; NULL: there is none */
};

struct YsCandidates
{
	YsArena    *arena;
	const YsPolicy *policy;		/* its fields are the candidates */
	int			count;
	int			dates[YS_READING_MAX];	/* which of the formats a candidate has */
	int			nunits;
	YsSpelledUnit units[UNITS_MAX];
	int			nstrangers;
	uint64_t	strangers[STRANGERS_MAX];	/* hashes */
};

/* ---- candidates ---- */

/* A field whose declaration has up to two more keys; those of lists end in [. */
static void
add_candidate(YsText *fields, const char *type, const char *const keys[2], const char *const values[2])
{
	char		name[32];

	snprintf(name, sizeof(name), "f%zu", fields->len);
	ys_text_add_cstring(fields, fields->len > 0 ? ",{\"paths\":[\"v\"],\"name\":" : "{\"paths\":[\"v\"],\"name\":");
	ys_text_add_json_string(fields, name, strlen(name));
	ys_text_add_cstring(fields, ",\"type\":");
	ys_text_add_json_string(fields, type, strlen(type));
	for (int i = 0; i < 2; i++)
	{
		if (values[i] == NULL)
			continue;
		ys_text_add_cstring(fields, keys[i]);
		ys_text_add_json_string(fields, values[i], strlen(values[i]));
		if (keys[i][strlen(keys[i]) - 1] == '[')
			ys_text_add(fields, "]", 1);
	}
	ys_text_add(fields, "}", 1);
}

static void
add_number(YsText *fields, const char *unit, const char *locale)
{
	add_candidate(fields, "numeric", (const char *const[]) {",\"unit\":", ",\"locale\":"},
				  (const char *const[]) {unit, locale});
}

/* The fields so declared; NULL when they can't be. */
static const YsPolicy *
compile(YsText *fields, YsArena *arena)
{
	YsText		declaration;
	YsError		err;

	ys_text_init(&declaration, arena);
	ys_text_add_cstring(&declaration, "{\"fields\":[");
	if (fields->len > 0)
		ys_text_add(&declaration, fields->bytes, fields->len);
	ys_text_add_cstring(&declaration, "]}");
	if (declaration.failed || fields->failed)
		return NULL;
	return ys_policy_compile(declaration.bytes, declaration.len, arena, &err);
}

YsCandidates *
ys_candidates_create(YsArena *arena)
{
	YsCandidates   *candidates = ys_arena_alloc_zero(arena, sizeof(YsCandidates));
	static const char *const no_keys[2];
	YsText		fields;

	if (candidates == NULL)
		return NULL;
	candidates->arena = arena;
	ys_text_init(&fields, arena);
	add_candidate(&fields, "boolean", no_keys, no_keys);
	add_number(&fields, NULL, NULL);
	for (int i = 0; i < YS_LOCALES; i++)
		add_number(&fields, NULL, ys_reading_locales[i]);
	candidates->count = YS_READING_DATES;
	for (int i = 0; i < NDATES; i++)
	{
		candidates->dates[candidates->count] = i;
		candidates->count++;
		add_candidate(&fields, "timestamp", (const char *const[]) {",\"formats\":[", NULL},
					  (const char *const[]) {dates[i].format, NULL});
	}
	candidates->policy = compile(&fields, arena);
	return candidates->policy != NULL ? candidates : NULL;
}

int
ys_candidates_count(const YsCandidates *candidates)
{
	return candidates->count;
}

const char *
ys_candidates_format(const YsCandidates *candidates, int candidate)
{
	return dates[candidates->dates[candidate]].format;
}

int
ys_candidates_rival(const YsCandidates *candidates, int candidate)
{
	const char *rival = dates[candidates->dates[candidate]].rival;

	for (int i = YS_READING_DATES; rival != NULL && i < candidates->count; i++)
	{
		if (strcmp(ys_candidates_format(candidates, i), rival) == 0)
			return i;
	}
	return -1;
}

/* ---- reading ---- */

static bool
read_as(const YsField *field, const YsValue *value, YsArena *scratch, YsCell *cell)
{
	static const YsBindings no_bindings;
	YsNormalizing normalizing = {&field->rules, &no_bindings, scratch, NULL};

	memset(cell, 0, sizeof(*cell));
	cell->format = -1;
	return field->type->normalize(&normalizing, value, cell) == YS_USE_TAKEN;
}

double
ys_candidates_double(YsSlice number)
{
	double		value = 0;
	double		scale = 1;
	bool		fraction = false;

	for (uint32_t i = 0; i < number.len; i++)
	{
		char		c = number.bytes[i];

		if (c == '.')
			fraction = true;
		else if (ys_ascii_is_digit(c))
		{
			value = value * 10 + (c - '0');
			if (fraction)
				scale *= 10;
		}
	}
	return (number.len > 0 && number.bytes[0] == '-' ? -value : value) / scale;
}

/* ---- units ---- */

const char *
ys_spelled_unit_name(const YsSpelledUnit *unit)
{
	return unit->spelling;
}

/* Is there such a unit?  It is asked once. */
static bool
is_unit(YsCandidates *candidates, YsSlice spelling, YsArena *scratch)
{
	uint64_t	hash = ys_cardinality_hash(spelling.bytes, spelling.len, 0);
	YsText		field;
	YsError		err;

	if (spelling.len >= SPELLING_MAX || spelling.len == 0 ||
		ys_string_check(spelling.bytes, spelling.len) != NULL)
		return false;
	for (int i = 0; i < candidates->nstrangers; i++)
	{
		if (candidates->strangers[i] == hash)
			return false;
	}
	if (candidates->nstrangers == STRANGERS_MAX)
		return false;
	ys_text_init(&field, scratch);
	ys_text_add_cstring(&field, "{\"name\":\"f\",\"type\":\"numeric\",\"paths\":[\"v\"],\"unit\":");
	ys_text_add_json_string(&field, spelling.bytes, spelling.len);
	ys_text_add(&field, "}", 1);
	if (!field.failed && ys_policy_check_field(field.bytes, field.len, scratch, &err))
		return true;
	candidates->strangers[candidates->nstrangers++] = hash;
	return false;
}

const YsSpelledUnit *
ys_candidates_unit(YsCandidates *candidates, YsSlice spelling, YsArena *scratch)
{
	YsSpelledUnit *unit = &candidates->units[candidates->nunits];
	const YsPolicy *policy;
	YsText		fields;

	for (int i = 0; i < candidates->nunits; i++)
	{
		if (strlen(candidates->units[i].spelling) == spelling.len &&
			memcmp(candidates->units[i].spelling, spelling.bytes, spelling.len) == 0)
			return &candidates->units[i];
	}
	if (candidates->nunits == UNITS_MAX || !is_unit(candidates, spelling, scratch))
		return NULL;
	memcpy(unit->spelling, spelling.bytes, spelling.len);
	unit->spelling[spelling.len] = '\0';
	ys_text_init(&fields, candidates->arena);
	add_number(&fields, unit->spelling, NULL);
	for (int i = 0; i < YS_LOCALES; i++)
		add_number(&fields, unit->spelling, ys_reading_locales[i]);
	policy = compile(&fields, candidates->arena);
	if (policy == NULL)
		return NULL;
	for (int i = 0; i < 1 + YS_LOCALES; i++)
		unit->fields[i] = &policy->fields[i];
	candidates->nunits++;
	return unit;
}

bool
ys_candidates_convert(const YsSpelledUnit *from, const YsSpelledUnit *to, double number, YsArena *scratch,
				  double *converted)
{
	char		text[64];
	YsValue		value;
	YsCell		cell;

	ys_arena_reset(scratch);
	/* a thousand of it, so that what rounding takes of small units doesn't matter */
	snprintf(text, sizeof(text), "1000 %s", from->spelling);
	value = ys_value_string(text, strlen(text));
	if (!read_as(to->fields[0], &value, scratch, &cell))
		return false;
	*converted = number * ys_candidates_double((YsSlice) {cell.bytes, cell.len}) / 1000;
	return true;
}

/* What stands behind the last digit of a text that begins with a number. */
static YsSlice
spelling_of(const YsValue *value)
{
	YsSlice		text = ys_string_trim((YsSlice) {value->bytes, value->len});
	uint32_t	start = value->len;

	if (text.len == 0 || (!ys_ascii_is_digit(text.bytes[0]) && strchr("+-.", text.bytes[0]) == NULL))
		return (YsSlice) {NULL, 0};
	while (start > 0 && !ys_ascii_is_digit(value->bytes[start - 1]))
		start--;
	return ys_string_trim((YsSlice) {value->bytes + start, value->len - start});
}

static void
count_number(YsTally *tally, const YsSpelledUnit *unit, int locale, double number)
{
	YsNumbers  *numbers = tally->units;
	YsNumbers  *end = numbers + tally->nunits;

	while (numbers < end && !(numbers->unit == unit && numbers->locale == locale))
		numbers++;
	if (numbers == end)
	{
		if (tally->nunits == YS_TALLY_UNITS)
			return;
		tally->nunits++;
		*numbers = (YsNumbers) {unit, locale, 0, number, number};
	}
	numbers->count++;
	numbers->least = number < numbers->least ? number : numbers->least;
	numbers->most = number > numbers->most ? number : numbers->most;
}

/* ---- one value ---- */

static bool
is_digits(const YsValue *value)
{
	for (uint32_t i = 0; i < value->len; i++)
	{
		if (!ys_ascii_is_digit(value->bytes[i]))
			return false;
	}
	return true;
}

static bool
has_digit(const YsValue *value)
{
	for (uint32_t i = 0; i < value->len; i++)
	{
		if (ys_ascii_is_digit(value->bytes[i]))
			return true;
	}
	return false;
}

static uint64_t
read_moments(const YsCandidates *candidates, const YsValue *value, YsArena *scratch, bool *timed)
{
	bool		plain = value->type == YS_TYPE_NUMBER || is_digits(value);
	uint64_t	mask = 0;

	if (plain && value->len < DATE_DIGITS_LEAST)
		return 0;
	for (int i = YS_READING_DATES; i < candidates->count; i++)
	{
		YsCell		cell;

		if (!read_as(&candidates->policy->fields[i], value, scratch, &cell) ||
			(plain && (cell.usecs < PLAUSIBLE_FROM || cell.usecs >= PLAUSIBLE_TO)))
			continue;
		mask |= UINT64_C(1) << i;
		*timed |= cell.usecs % YS_USECS_PER_DAY != 0;
	}
	return mask;
}

/* The bits of the ways in which it is a number; *number is it in the first of them. */
static uint64_t
read_number(YsCandidates *candidates, const YsValue *value, YsArena *scratch, YsTally *tally,
			YsSlice *number)
{
	const YsSpelledUnit *unit = value->type == YS_TYPE_STRING ?
		ys_candidates_unit(candidates, spelling_of(value), scratch) : NULL;
	uint64_t	mask = 0;

	/* in any locale, then in each */
	for (int i = 0; i < 1 + YS_LOCALES; i++)
	{
		const YsField *field = unit != NULL ? unit->fields[i] :
			&candidates->policy->fields[YS_READING_NUMBER + i];
		YsCell		cell;

		if (!read_as(field, value, scratch, &cell))
			continue;
		mask |= UINT64_C(1) << (YS_READING_NUMBER + i);
		if (number->len == 0)
			*number = (YsSlice) {cell.bytes, cell.len};
		/* what is a number in any is the same in each that reads it */
		if (i == 0 || (mask & (UINT64_C(1) << YS_READING_NUMBER)) == 0)
			count_number(tally, unit, i - 1, ys_candidates_double((YsSlice) {cell.bytes, cell.len}));
	}
	return mask;
}

static void
count_mask(YsTally *tally, uint64_t mask)
{
	int			i = 0;

	while (i < tally->nmasks && tally->masks[i].mask != mask)
		i++;
	if (i == tally->nmasks)
	{
		if (tally->nmasks == YS_TALLY_MASKS)
			return;
		tally->masks[tally->nmasks++].mask = mask;
	}
	tally->masks[i].count++;
}

void
ys_candidates_read(YsTally *tally, YsCandidates *candidates, const YsValue *value, YsArena *scratch,
				YsSlice *number)
{
	uint64_t	mask = 0;
	bool		timed = false;
	YsCell		cell;

	*number = (YsSlice) {NULL, 0};
	if (value->type != YS_TYPE_BOOL && value->type != YS_TYPE_NUMBER &&
		(value->type != YS_TYPE_STRING ||
		 ys_string_trim((YsSlice) {value->bytes, value->len}).len == 0))
		return;
	tally->values++;
	tally->numbers += value->type == YS_TYPE_NUMBER;
	tally->booleans += value->type == YS_TYPE_BOOL;
	ys_arena_reset(scratch);
	if (value->type == YS_TYPE_BOOL || value->len <= TEXT_MAX)
	{
		if (read_as(&candidates->policy->fields[YS_READING_BOOLEAN], value, scratch, &cell))
			mask |= UINT64_C(1) << YS_READING_BOOLEAN;
		if (value->type != YS_TYPE_BOOL && has_digit(value))
		{
			mask |= read_moments(candidates, value, scratch, &timed);
			mask |= read_number(candidates, value, scratch, tally, number);
		}
	}
	tally->timed += timed;
	count_mask(tally, mask);
}
