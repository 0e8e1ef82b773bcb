/*-------------------------------------------------------------------------
 * index_spots.c
 *	  Where rows of an index table were last, by their keys.
 *
 * A table of fixed size that a hash leads into, one entry each; keys are not kept.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "catalog/index_spots.h"

#define NSPOTS			(1 << 17)
#define MOST_AREAS		1024

typedef struct Spot
{
	uint32		hash;
	uint16		area;			/* 1 and up; 0: none */
	ItemPointerData at;
} Spot;

struct YsSpots
{
	MemoryContext context;
	int			nareas;
	char	   *areas[MOST_AREAS];
	int			last;			/* the area noted last */
	Spot		spots[NSPOTS];
};

YsSpots *
ys_spots_create(void)
{
	YsSpots    *spots = palloc0(sizeof(YsSpots));

	spots->context = CurrentMemoryContext;
	return spots;
}

/* The number of an area, from 1 up; 0 when there are too many. */
static int
number_of(YsSpots *spots, const char *area)
{
	if (spots->nareas > 0 && strcmp(spots->areas[spots->last], area) == 0)
		return spots->last + 1;
	for (int i = 0; i < spots->nareas; i++)
	{
		if (strcmp(spots->areas[i], area) == 0)
		{
			spots->last = i;
			return i + 1;
		}
	}
	if (spots->nareas == MOST_AREAS)
		return 0;
	spots->areas[spots->nareas] = MemoryContextStrdup(spots->context, area);
	spots->last = spots->nareas;
	return ++spots->nareas;
}

void
ys_spots_note(YsSpots *spots, uint32 hash, const char *area, ItemPointer at)
{
	Spot	   *spot = &spots->spots[hash % NSPOTS];

	spot->hash = hash;
	spot->area = (uint16) number_of(spots, area);
	spot->at = *at;
}

const char *
ys_spots_find(const YsSpots *spots, uint32 hash, ItemPointer at)
{
	const Spot *spot = &spots->spots[hash % NSPOTS];

	if (spot->area == 0 || spot->hash != hash)
		return NULL;
	*at = spot->at;
	return spots->areas[spot->area - 1];
}
