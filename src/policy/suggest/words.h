/*-------------------------------------------------------------------------
 * words.h
 *	  The words that names of attributes are made of, and what they mean.
 *
 * A name is split where its case changes and at whatever is neither letter
 * nor digit: lastServiceMs, last_service and "Last-Service" have the same
 * words.  They are compared without case and accents, without a plural s,
 * and by what the table in words.c says they mean: svc, maintenance and entretien
 * are service; odo, mileage and "kilométrage" are odometer.
 *
 * Some say something only of what stands above them (from, min, id), some nothing of which
 * fact it is (date, last, history, value), some say the unit (km), some what the
 * whole item is (vehicle).
 *-------------------------------------------------------------------------
 */
#ifndef YS_POLICY_SUGGEST_WORDS_H
#define YS_POLICY_SUGGEST_WORDS_H

#include "policy/normalize/text.h"

/* Words of one name; those behind are passed over. */
#define YS_WORDS_MAX		12
#define YS_WORD_BYTES		40

typedef enum YsWordRole
{
	YS_WORD_FACT,				/* which fact it is */
	YS_WORD_QUALIFIER,			/* which of several of a fact: from, to, min, id */
	YS_WORD_ADDITION,			/* says little: date, last, history */
	YS_WORD_UNIT,				/* km */
	YS_WORD_ITEM				/* what the item is: vehicle */
} YsWordRole;

typedef struct YsWord
{
	char		text[YS_WORD_BYTES];	/* in full, ASCII lower case letters and digits */
	char		means[YS_WORD_BYTES];	/* the same for all words of that meaning; of a unit its spelling */
	YsWordRole	role;
} YsWord;

/* The words of a name, in their order; returns how many. */
extern int	ys_words_of(YsSlice name, YsWord words[YS_WORDS_MAX]);

#endif							/* YS_POLICY_SUGGEST_WORDS_H */
