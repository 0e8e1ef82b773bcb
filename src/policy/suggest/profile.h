/*-------------------------------------------------------------------------
 * profile.h
 *	  What the files that make a suggestion share.
 *-------------------------------------------------------------------------
 */
#ifndef YS_POLICY_SUGGEST_PROFILE_H
#define YS_POLICY_SUGGEST_PROFILE_H

#include <string.h>

#include "policy/suggest/cardinality.h"
#include "policy/suggest/infer.h"
#include "policy/suggest/suggest.h"

/* Items whose attributes are known one by one: who shares items with whom is told by the first. */
#define YS_PROFILE_TRACKED		4096

/* Different strings that are kept of a path, and how much of each. */
#define YS_PROFILE_WORDS		24
#define YS_PROFILE_WORD_BYTES	64

typedef struct YsNode YsNode;

/* Of the values at a path. */
typedef struct YsLeaf
{
	YsPathProfile shown;
	int64_t		last_item;		/* that was counted */
	YsCardinality distinct;
	uint64_t	present[YS_PROFILE_TRACKED / 64];	/* in which items, a bit each */
	YsTally		tally;			/* what the values can be read as */
	YsGuess		guess;			/* once finished */
	int			nwords;
	YsSlice		words[YS_PROFILE_WORDS];	/* the different strings; of more only the first */
	uint64_t	example_hashes[YS_PROFILE_MAX_EXAMPLES];
	bool		more_words;
	bool		spaced;			/* some string has outer space, or runs of it */
	bool		zero_led;		/* some string of digits begins with 0 */
	YsSlice		least_number;	/* canonical; len 0: none */
	YsSlice		most_number;
	YsSlice		least_string;
	YsSlice		most_string;
	bool		has_string;
	bool		taken;			/* by a location */
} YsLeaf;

/* Of the maps, lists and strings at a path that could be locations. */
typedef struct YsPlaces
{
	int64_t		values;
	int64_t		whole;			/* are one: GeoJSON, a map of a latitude and a longitude, "lat,lon" */
	int64_t		pairs;			/* lists of two numbers */
	int64_t		lat_first;		/* that can only be a latitude and a longitude */
	int64_t		lon_first;		/* the other way round */
	bool		taken;			/* as a whole location */
} YsPlaces;

/* A step of some path: names and [*] below their parent. */
struct YsNode
{
	YsNode	   *parent;			/* NULL: the item */
	const char *name;			/* NULL: every element of a list */
	uint32_t	name_len;
	uint32_t	depth;
	uint64_t	hash;			/* of parent and name */
	YsNode	   *next;			/* made after this one */
	YsLeaf	   *leaf;			/* NULL: no values end here */
	YsPlaces   *places;			/* NULL: none was looked for */
};

struct YsProfile
{
	YsArena    *arena;
	YsArena		scratch;		/* of one value */
	YsCandidates *candidates;
	int64_t		items;
	YsNode		root;
	YsNode	   *last;			/* made */
	uint32_t	nnodes;
	uint32_t	nslots;			/* a power of two */
	YsNode	  **slots;			/* by hash */
	bool		partial;
	bool		failed;			/* the arena is exhausted */
	int			nleaves;
	YsNode	  **leaves;			/* when finished: by path */
};

/* By bytes. */
static inline int
ys_slice_compare(YsSlice a, YsSlice b)
{
	uint32_t	common = a.len < b.len ? a.len : b.len;
	int			order = common > 0 ? memcmp(a.bytes, b.bytes, common) : 0;

	return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

/* The path to a node, in arena; NULL when that is exhausted. */
extern const char *ys_node_path(const YsNode *node, YsArena *arena);

#endif							/* YS_POLICY_SUGGEST_PROFILE_H */
