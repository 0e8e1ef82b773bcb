/*-------------------------------------------------------------------------
 * infer.c
 *	  What the values of one path are, by what they can be read as.
 *-------------------------------------------------------------------------
 */
#include "policy/suggest/infer.h"

#include <string.h>

/* What a kind needs of the values, and how far a format must lead its rival. */
#define IS_MOST(count, values)	((count) * 4 >= (values) * 3)
#define LEAD					5

/* A format for less than one of so many values is not worth its place in the list. */
#define FORMAT_ONE_OF			50

#define BIT(candidate)			(UINT64_C(1) << (candidate))

/* Values whose masks have all of has and none of lacks. */
static int64_t
count_with(const YsTally *tally, uint64_t has, uint64_t lacks)
{
	int64_t		count = 0;

	for (int i = 0; i < tally->nmasks; i++)
	{
		uint64_t	mask = tally->masks[i].mask;

		if ((mask & has) == has && (mask & lacks) == 0)
			count += tally->masks[i].count;
	}
	return count;
}

/* Values that are of some format. */
static int64_t
count_moments(const YsTally *tally)
{
	uint64_t	all = ~(BIT(YS_READING_DATES) - 1);
	int64_t		count = 0;

	for (int i = 0; i < tally->nmasks; i++)
		count += (tally->masks[i].mask & all) != 0 ? tally->masks[i].count : 0;
	return count;
}

/* The format, or its rival, that most of the values not yet read by covered have; -1: none has enough. */
static int
next_format(const YsTally *tally, const YsCandidates *candidates, uint64_t covered)
{
	int			best = -1;
	int64_t		most = tally->values / FORMAT_ONE_OF;

	for (int i = YS_READING_DATES; i < ys_candidates_count(candidates); i++)
	{
		int64_t		count = count_with(tally, BIT(i), covered);

		if (count > most)
		{
			most = count;
			best = i;
		}
	}
	return best;
}

static void
choose_formats(const YsTally *tally, const YsCandidates *candidates, YsGuess *guess)
{
	uint64_t	covered = 0;
	int			best;

	while ((best = next_format(tally, candidates, covered)) >= 0)
	{
		int			rival = ys_candidates_rival(candidates, best);
		int64_t		own = rival >= 0 ? count_with(tally, BIT(best), covered | BIT(rival)) : 1;
		int64_t		its = rival >= 0 ? count_with(tally, BIT(rival), covered | BIT(best)) : 0;

		covered |= BIT(best) | (rival >= 0 ? BIT(rival) : 0);
		if (own > its * LEAD)
			guess->formats |= BIT(best);
		else if (its > own * LEAD)
			guess->formats |= BIT(rival);
		else
			guess->ambiguous = best;
	}
}

/* Values that are a number in any locale, or in some. */
static int64_t
count_numbers(const YsTally *tally)
{
	uint64_t	all = BIT(YS_READING_DATES) - BIT(YS_READING_NUMBER);
	int64_t		count = 0;

	for (int i = 0; i < tally->nmasks; i++)
		count += (tally->masks[i].mask & all) != 0 ? tally->masks[i].count : 0;
	return count;
}

/*
 * The locale that alone reads some numbers, far more than the other does; the first where neither
 * reads any that the other does not: groups of three digits look like three decimals.  It is needed
 * where some numbers could mean two.
 */
static void
choose_locale(const YsTally *tally, YsGuess *guess)
{
	uint64_t	first = BIT(YS_READING_LOCALES);
	uint64_t	second = BIT(YS_READING_LOCALES + 1);
	int64_t		own = count_with(tally, first, second);
	int64_t		its = count_with(tally, second, first);
	int			locale = its > own * LEAD;

	guess->locale_sure = own > its * LEAD || its > own * LEAD;
	if (count_with(tally, first, BIT(YS_READING_NUMBER)) > 0 ||
		count_with(tally, second, BIT(YS_READING_NUMBER)) > 0)
		guess->locale = ys_reading_locales[locale];
	if (guess->locale != NULL || guess->locale_sure)
		guess->leans = 1u << locale;
}

bool
ys_guess_counts(const YsGuess *guess, const YsNumbers *numbers)
{
	return numbers->locale < 0 ||
		(guess->locale != NULL && strcmp(guess->locale, ys_reading_locales[numbers->locale]) == 0);
}

static void
choose_unit(const YsTally *tally, YsGuess *guess)
{
	int64_t		most = 0;

	for (int i = 0; i < tally->nunits; i++)
	{
		if (tally->units[i].unit != NULL && tally->units[i].count > most)
		{
			guess->unit = tally->units[i].unit;
			most = tally->units[i].count;
		}
	}
}

void
ys_guess(const YsTally *tally, const YsCandidates *candidates, bool zero_led, YsGuess *guess)
{
	int64_t		values = tally->values;
	int64_t		words = count_with(tally, BIT(YS_READING_BOOLEAN), BIT(YS_READING_NUMBER));

	memset(guess, 0, sizeof(*guess));
	guess->ambiguous = -1;
	if (values == 0)
		guess->kind = YS_GUESS_NOTHING;
	else if (IS_MOST(words, values))
		guess->kind = YS_GUESS_BOOLEAN;
	else if (IS_MOST(count_moments(tally), values))
	{
		guess->kind = YS_GUESS_MOMENT;
		guess->timed = tally->timed * 10 > values;
		choose_formats(tally, candidates, guess);
	}
	else if (IS_MOST(count_numbers(tally), values) && !zero_led)
	{
		guess->kind = YS_GUESS_NUMBER;
		choose_locale(tally, guess);
		choose_unit(tally, guess);
	}
	else
		guess->kind = YS_GUESS_TEXT;
}

static void
print_formats(const YsGuess *guess, const YsCandidates *candidates, YsText *text)
{
	const char *between = ": ";

	for (int i = YS_READING_DATES; i < ys_candidates_count(candidates); i++)
	{
		if ((guess->formats & BIT(i)) == 0)
			continue;
		ys_text_add_cstring(text, between);
		ys_text_add_cstring(text, ys_candidates_format(candidates, i));
		between = ", ";
	}
	if (guess->ambiguous < 0)
		return;
	ys_text_add_cstring(text, between);
	ys_text_add_cstring(text, ys_candidates_format(candidates, guess->ambiguous));
	ys_text_add_cstring(text, " or ");
	ys_text_add_cstring(text, ys_candidates_format(candidates, ys_candidates_rival(candidates, guess->ambiguous)));
}

const char *
ys_guess_print(const YsGuess *guess, const YsCandidates *candidates, YsArena *arena)
{
	YsText		text;

	ys_text_init(&text, arena);
	switch (guess->kind)
	{
		case YS_GUESS_NOTHING:
			ys_text_add_cstring(&text, "nothing");
			break;
		case YS_GUESS_TEXT:
			ys_text_add_cstring(&text, "text");
			break;
		case YS_GUESS_BOOLEAN:
			ys_text_add_cstring(&text, "boolean");
			break;
		case YS_GUESS_NUMBER:
			ys_text_add_cstring(&text, "numeric");
			if (guess->unit != NULL)
			{
				ys_text_add_cstring(&text, ": ");
				ys_text_add_cstring(&text, ys_spelled_unit_name(guess->unit));
			}
			if (guess->locale != NULL)
			{
				ys_text_add_cstring(&text, guess->unit != NULL ? ", locale " : ": locale ");
				ys_text_add_cstring(&text, guess->locale);
			}
			break;
		case YS_GUESS_MOMENT:
			ys_text_add_cstring(&text, guess->timed ? "timestamp" : "date");
			print_formats(guess, candidates, &text);
			break;
	}
	return text.failed ? NULL : text.bytes;
}
