/*-------------------------------------------------------------------------
 * infer.h
 *	  What the values of one path are, by what they can be read as.
 *
 * A kind needs three quarters of the values that say something.  Of dates
 * the fewest formats are chosen that read them; of two formats that read a
 * date as different days the one that alone reads some of the others, five
 * times as many as its rival does.  Where neither does, the path is
 * ambiguous, and no format is chosen for it: nothing is guessed.
 *-------------------------------------------------------------------------
 */
#ifndef YS_POLICY_SUGGEST_INFER_H
#define YS_POLICY_SUGGEST_INFER_H

#include "policy/suggest/reading.h"

typedef enum YsGuessKind
{
	YS_GUESS_NOTHING,			/* only nulls, blanks, empty lists and maps */
	YS_GUESS_TEXT,
	YS_GUESS_BOOLEAN,
	YS_GUESS_NUMBER,
	YS_GUESS_MOMENT
} YsGuessKind;

typedef struct YsGuess
{
	YsGuessKind kind;
	uint64_t	formats;		/* candidates, a bit each */
	int			ambiguous;		/* the candidate that has an equal rival; -1: none */
	bool		timed;			/* moments have a time of day */
	const char *locale;			/* that some numbers need; NULL: none does */
	bool		locale_sure;	/* some numbers can be read by no other */
	unsigned	leans;			/* the locale that is needed, or else reads some numbers alone: a bit each */
	const YsSpelledUnit *unit;	/* that most numbers with a unit have; NULL: none has */
} YsGuess;

extern void ys_guess(const YsTally *tally, const YsCandidates *candidates, bool zero_led, YsGuess *guess);

/* Are these numbers read as the guess has it? */
extern bool ys_guess_counts(const YsGuess *guess, const YsNumbers *numbers);

/* "date: ISO, DD/MM/YYYY"; NULL when the arena is exhausted. */
extern const char *ys_guess_print(const YsGuess *guess, const YsCandidates *candidates, YsArena *arena);

#endif							/* YS_POLICY_SUGGEST_INFER_H */
