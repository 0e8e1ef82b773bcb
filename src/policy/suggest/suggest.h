/*-------------------------------------------------------------------------
 * suggest.h
 *	  From a sample of items to an index policy that could suit them.
 *
 * Items are profiled one by one: what each path of theirs leads to.  Paths
 * that look like one fact under several names are then grouped, and a
 * policy is printed as the SQL that creates it, for people to correct.
 *
 * What is kept is bounded, whatever the documents hold: so many paths, and
 * of each a few examples, counters and sketches.  What a value can be read
 * as is found by reading it: with the very normalizers that would.
 *-------------------------------------------------------------------------
 */
#ifndef YS_POLICY_SUGGEST_H
#define YS_POLICY_SUGGEST_H

#include "policy/policy.h"

#define YS_PROFILE_MAX_PATHS	8192
#define YS_PROFILE_MAX_EXAMPLES	5
#define YS_TYPES				10	/* of values */

typedef struct YsProfile YsProfile;

/* One path that leads to values: scalars, empty lists and maps. */
typedef struct YsPathProfile
{
	const char *path;			/* with [*] for every list */
	int64_t		items;			/* that have a value there */
	int64_t		values;
	int64_t		types[YS_TYPES];	/* of the values, by YsType */
	const char *guess;			/* "date: DD/MM/YYYY", "numeric: mi", "text" */
	int64_t		cardinality;
	bool		estimated;		/* the cardinality is */
	const char *min;			/* of numbers, where most are, else of strings, which are cut; or NULL */
	const char *max;
	int			nexamples;
	const char *examples[YS_PROFILE_MAX_EXAMPLES];	/* plain JSON, different ones */
} YsPathProfile;

/* In arena, which need not be given a limit; NULL when it is exhausted. */
extern YsProfile *ys_profile_create(YsArena *arena);

/* Give back what is not arena's, but comes from where its blocks do. */
extern void ys_profile_free(YsProfile *profile);

/* False when the arena is exhausted. */
extern bool ys_profile_add(YsProfile *profile, const YsValue *item);

/* No item comes any more: the paths, in their order.  False when the arena is exhausted. */
extern bool ys_profile_finish(YsProfile *profile);

extern int64_t ys_profile_items(const YsProfile *profile);
extern int	ys_profile_path_count(const YsProfile *profile);
extern const YsPathProfile *ys_profile_path(const YsProfile *profile, int index);

/* Paths beyond the limit, and values deeper than a path can lead or under names it can't spell. */
extern bool ys_profile_is_partial(const YsProfile *profile);

/* What a profile alone doesn't tell. */
typedef struct YsSuggestion
{
	const char *policy;			/* its name, and the source's, as SQL literals without quotes */
	const char *source;
	const char *table;			/* the source's bare name, whose words say nothing of a field */
	const char *level;			/* of areas */
	int			nkeys;
	const char *const *keys;	/* attributes */
	int			nreserved;
	const char *const *reserved;	/* names that no field can have */
} YsSuggestion;

/* The SQL that creates a policy after a finished profile.  False when its arena is exhausted. */
extern bool ys_suggest_print(YsProfile *profile, const YsSuggestion *suggestion, YsText *sql);

#endif							/* YS_POLICY_SUGGEST_H */
