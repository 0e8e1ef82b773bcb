/*-------------------------------------------------------------------------
 * reading.h
 *	  What values can be read as: by reading them, as fields of every type,
 *	  format and unit would.
 *-------------------------------------------------------------------------
 */
#ifndef YS_POLICY_SUGGEST_READING_H
#define YS_POLICY_SUGGEST_READING_H

#include "policy/compiled.h"

/*
 * Bits of a mask: boolean; number, in whatever locale, and in each of those where a comma or a
 * point may mean something else; and from YS_READING_DATES on a moment of each format.
 */
#define YS_READING_BOOLEAN		0
#define YS_READING_NUMBER		1
#define YS_READING_LOCALES		2
#define YS_LOCALES				2
#define YS_READING_DATES		(YS_READING_LOCALES + YS_LOCALES)
#define YS_READING_MAX			64

extern const char *const ys_reading_locales[YS_LOCALES];

/* Different masks, and different units, that are told apart on one path. */
#define YS_TALLY_MASKS		24
#define YS_TALLY_UNITS		8

typedef struct YsCandidates YsCandidates;

/* A unit as documents spell it; the same pointer for the same spelling. */
typedef struct YsSpelledUnit YsSpelledUnit;

/* Numbers of one unit, or of none, read in one locale. */
typedef struct YsNumbers
{
	const YsSpelledUnit *unit;	/* NULL: none */
	int			locale;			/* -1: in any */
	int64_t		count;
	double		least;
	double		most;
} YsNumbers;

typedef struct YsTally
{
	int64_t		values;			/* scalars that say something: neither null nor blank */
	int64_t		numbers;		/* of type number */
	int64_t		booleans;		/* of type boolean */
	int64_t		timed;			/* moments that are not midnight, under some format */
	int			nmasks;
	struct
	{
		uint64_t	mask;
		int64_t		count;
	}			masks[YS_TALLY_MASKS];	/* of the values; of more masks the first */
	int			nunits;
	YsNumbers	units[YS_TALLY_UNITS];
} YsTally;

/* NULL when the arena is exhausted. */
extern YsCandidates *ys_candidates_create(YsArena *arena);

/* Read one scalar; scratch is reset.  *number is its canonical text in scratch, len 0 if it is none. */
extern void ys_candidates_read(YsTally *tally, YsCandidates *candidates, const YsValue *value,
							YsArena *scratch, YsSlice *number);

/* The formats a date can be of: from YS_READING_DATES to below this. */
extern int	ys_candidates_count(const YsCandidates *candidates);
extern const char *ys_candidates_format(const YsCandidates *candidates, int candidate);

/* The format that reads many of a format's dates, and as another day; -1: none does. */
extern int	ys_candidates_rival(const YsCandidates *candidates, int candidate);

extern const char *ys_spelled_unit_name(const YsSpelledUnit *unit);

/* The unit of that spelling, NULL when there is none. */
extern const YsSpelledUnit *ys_candidates_unit(YsCandidates *candidates, YsSlice spelling,
											   YsArena *scratch);

/* A number of one unit in another, by what that makes of it; false: they measure different things. */
extern bool ys_candidates_convert(const YsSpelledUnit *from, const YsSpelledUnit *to, double number,
							  YsArena *scratch, double *converted);

/* A canonical decimal, about. */
extern double ys_candidates_double(YsSlice number);

#endif							/* YS_POLICY_SUGGEST_READING_H */
