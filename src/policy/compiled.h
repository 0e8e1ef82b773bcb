/*-------------------------------------------------------------------------
 * compiled.h
 *	  A compiled policy, as declare*.c build it and entry.c applies it.
 *
 * Up to its first [*] every path is a place in the tree of store/value_tree.h, so that an item
 * is walked once, however many paths there are.
 *-------------------------------------------------------------------------
 */
#ifndef YS_POLICY_COMPILED_H
#define YS_POLICY_COMPILED_H

#include "policy/normalize/location.h"
#include "policy/normalize/type.h"
#include "policy/path.h"

/* Values looked at on one path of one item; what lies past them is rejected. */
#define YS_POLICY_MAX_VALUES	10000

/* Paths in all of a policy, and formats or normalizers of a field. */
#define YS_POLICY_MAX_PATHS		4096
#define YS_POLICY_MAX_RULES		32

/* Values of an enumeration. */
#define YS_POLICY_MAX_ALLOWED	1000

/* One source path. */
typedef struct YsSource
{
	const char *text;			/* as declared */
	int			place;			/* where its steps up to the first [*] lead */
	YsPath		rest;			/* its steps from there on; none without [*] */
} YsSource;

typedef struct YsSourceList
{
	int			count;
	YsSource   *items;
	int		   *places;			/* theirs, close together: most are empty in most items */
} YsSourceList;

typedef enum YsCombine
{
	YS_COMBINE_FIRST,
	YS_COMBINE_MIN,
	YS_COMBINE_MAX				/* and latest */
} YsCombine;

typedef struct YsField
{
	YsFieldInfo info;
	const YsTypeInfo *type;
	YsCombine	combine;
	YsSourceList sources;
	YsRules		rules;
	bool		required;
	const YsValue *default_value;	/* for items without a value; NULL: none */
} YsField;

typedef enum YsAreaKind
{
	YS_AREA_NOT_DECLARED,
	YS_AREA_FROM_LOCATION,
	YS_AREA_FROM_VALUE,			/* and where that decides nothing from the location, if declared */
	YS_AREA_FROM_GEOHASH
} YsAreaKind;

typedef struct YsAreaRules
{
	YsAreaKind	kind;
	const char *level;			/* NULL of a geohash */
	int			geohash_length; /* in characters, of the areas */
	YsLocationRules location;
	YsSourceList values;
	YsSourceList lats;			/* as many as lons */
	YsSourceList lons;
	YsSourceList locations;		/* whole ones */
	YsIndexMethod index;		/* of the location column: none or gist */
} YsAreaRules;

/* Patterns of a list of them, and what is kept of a row's attributes, in bytes of JSON. */
#define YS_POLICY_MAX_PATTERNS	64
#define YS_ATTRIBUTES_SIZE		65536
#define YS_ATTRIBUTES_SIZE_MIN	64
#define YS_ATTRIBUTES_SIZE_MAX	(1024 * 1024)

typedef struct YsPatternList
{
	int			count;
	YsPath	   *items;			/* with YS_PATH_PREFIX and YS_PATH_ANY */
} YsPatternList;

typedef struct YsAttributeRules
{
	bool		wanted;
	YsPatternList includes;		/* none: all */
	YsPatternList excludes;
	uint32_t	size;
} YsAttributeRules;

struct YsPolicy
{
	int			nfields;
	YsField    *fields;
	YsAreaRules area;
	YsAttributeRules all;		/* of all attributes there are */
	YsAttributeFilter attributes;	/* that paths begin with */
	YsPathTree	places;			/* that they lead to; the item itself, where all is wanted */
};

#endif							/* YS_POLICY_COMPILED_H */
