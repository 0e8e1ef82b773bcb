/*-------------------------------------------------------------------------
 * group.h
 *	  Paths that look like one fact under several names.
 *
 * Two paths are of one fact when they are of one kind, their names say the
 * same (the words of the deepest step that has any, with those below that
 * say which of several), hardly any item has both, and their values are
 * compatible: the units measure one quantity, the numbers are of like size,
 * no date of the one would be read by the other's format as another day, no
 * number by the other's locale as another one.
 *-------------------------------------------------------------------------
 */
#ifndef YS_POLICY_SUGGEST_GROUP_H
#define YS_POLICY_SUGGEST_GROUP_H

#include "policy/suggest/profile.h"
#include "policy/suggest/words.h"

/* What a name says: the meanings of its words, sorted, each once. */
typedef struct YsMeaning
{
	int			count;
	uint64_t	hashes[YS_WORDS_MAX];
} YsMeaning;

/* One path of a group. */
typedef struct YsGrouped
{
	const YsNode *node;
	const YsLeaf *leaf;
	bool		many;			/* it has a [*] */
	YsMeaning	meaning;
	const YsSpelledUnit *name_unit;	/* that its name says; NULL: none */
	struct YsGrouped *next;		/* of the same group; the one most items have comes first */
} YsGrouped;

typedef struct YsGroup
{
	YsGuessKind kind;
	bool		many;			/* some path has a [*] */
	YsGrouped  *first;
	YsGrouped  *last;
	uint64_t	present[YS_PROFILE_TRACKED / 64];
	int64_t		items;			/* about: those of its paths together */
	uint64_t	formats;
	bool		dated;			/* some path's moments have no time of day */
	const char *locale;			/* that some numbers need */
	bool		locale_sure;
	unsigned	leans;			/* the locales that read some numbers alone, a bit each */
	const YsSpelledUnit *unit;	/* NULL: there is none */
	bool		unit_fixed;		/* by numbers without one, whose name says it */
	bool		has_range;
	double		least;			/* in that unit */
	double		most;
} YsGroup;

typedef struct YsGroups
{
	int			count;
	YsGroup   **items;			/* those that most items have first */
	int			nambiguous;
	YsGrouped **ambiguous;		/* whose dates could be either of two days */
	YsMeaning	table;			/* what its name means */
} YsGroups;

/*
 * Group the leaves that no location has taken and no key is, in the profile's arena.  What the
 * words of table mean says nothing.  False when the arena is exhausted.
 */
extern bool ys_group_paths(YsProfile *profile, const char *table, int nkeys, const char *const *keys,
						   YsGroups *groups);

/* The deepest step of a path that says which fact it is, or else the deepest with a name. */
extern const YsNode *ys_group_telling_step(const YsNode *node, const YsMeaning *table);

/* Does the word say which fact it is, or which of several, in a table whose name means that? */
extern bool ys_group_tells(const YsMeaning *table, const YsWord *word);

#endif							/* YS_POLICY_SUGGEST_GROUP_H */
