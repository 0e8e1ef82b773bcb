/*-------------------------------------------------------------------------
 * print.h
 *	  What printing a suggestion takes: the columns' names, and where the
 *	  locations are.
 *-------------------------------------------------------------------------
 */
#ifndef YS_POLICY_SUGGEST_PRINT_H
#define YS_POLICY_SUGGEST_PRINT_H

#include "policy/suggest/group.h"

/* ---- names ---- */

/* The server's limit, with the NUL. */
#define YS_NAME_BYTES	64

/* Names that are taken. */
typedef struct YsNames
{
	int			count;
	const char **taken;
	YsArena    *arena;
} YsNames;

/* The names that keys and the index table's own columns have are taken. */
extern bool ys_names_init(YsNames *names, const YsSuggestion *suggestion, YsArena *arena);

/* A name for the column, after the one most items have, and not taken; takes it. */
extern void ys_names_choose(YsNames *names, const YsGroup *group, const YsMeaning *table,
							char name[YS_NAME_BYTES]);

/* The same word but for case and white space? */
extern bool ys_names_same_word(YsSlice a, YsSlice b);

/* ---- locations ---- */

typedef struct YsPlacesFound
{
	int			nwhole;
	const char **whole;
	int			npairs;
	const char **lats;
	const char **lons;
	int			nundecided;		/* lists of two numbers that could be either way round */
	const char **undecided;
} YsPlacesFound;

/* Find the locations, and mark the leaves below as taken.  False when the arena is exhausted. */
extern bool ys_places_find(YsProfile *profile, YsPlacesFound *found);

#endif							/* YS_POLICY_SUGGEST_PRINT_H */
