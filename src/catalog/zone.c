/*-------------------------------------------------------------------------
 * zone.c
 *	  The server's time zones, as the policy layer has them.
 *
 * Names come from documents, which nobody vouches for.  So the names there are
 * are read first, and only those are ever given to the server, which would
 * search its folders for any other, or take it for a POSIX rule ("FOO+3").
 * A zone's table of changes is built when it is first asked for, and kept:
 * there are some 600 names, with up to 16 kB each.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <stdatomic.h>

#include "datatype/timestamp.h"
#include "pgtime.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"

#include "catalog/zone.h"

#define SECS_TO_2000	((pg_time_t) (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * SECS_PER_DAY)

/* Days before the year 1, wherever. */
#define BEFORE_ALL		(INT64CONST(-62135596800) - 7 * SECS_PER_DAY)

/* Longer names are none; longest today is America/Argentina/ComodRivadavia. */
#define NAME_SIZE		64

/* More than there will be, whatever is in the server's folder. */
#define MAX_NAMES		4096

typedef struct Entry
{
	char		key[NAME_SIZE]; /* lower case */
	char		name[NAME_SIZE];
	bool		loaded;			/* even if in vain */
	_Atomic(const YsZone *) zone;	/* complete, since other threads may look */
} Entry;

static HTAB *entries = NULL;
static MemoryContext zone_context = NULL;

/* False: it is too long, or no name. */
static bool
fold(const char *name, size_t len, char key[NAME_SIZE])
{
	if (len == 0 || len >= NAME_SIZE)
		return false;
	for (size_t i = 0; i < len; i++)
	{
		if (name[i] == '\0')
			return false;
		key[i] = pg_ascii_tolower((unsigned char) name[i]);
	}
	memset(key + len, 0, NAME_SIZE - len);
	return true;
}

/* Leave out what is no place: the machine's own zone, and copies with or without leap seconds. */
static bool
is_zone(const char *name)
{
	return strncmp(name, "posix", 5) != 0 && strncmp(name, "right/", 6) != 0 &&
		strcmp(name, "localtime") != 0 && strcmp(name, "Factory") != 0;
}

void
ys_zones_prepare(void)
{
	HASHCTL		control = {.keysize = NAME_SIZE, .entrysize = sizeof(Entry)};
	HTAB	   *names;
	pg_tzenum  *walk;
	pg_tz	   *zone;

	if (entries != NULL)
		return;
	if (zone_context == NULL)
		zone_context = AllocSetContextCreate(TopMemoryContext, "yottastore time zones",
											 ALLOCSET_DEFAULT_SIZES);
	MemoryContextReset(zone_context);
	control.hcxt = zone_context;
	names = hash_create("yottastore time zones", 1024, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	walk = pg_tzenumerate_start();
	while ((zone = pg_tzenumerate_next(walk)) != NULL)
	{
		const char *name = pg_get_timezone_name(zone);
		char		key[NAME_SIZE];
		Entry	   *entry;
		bool		found;

		if (!is_zone(name) || !fold(name, strlen(name), key) || !pg_tz_acceptable(zone) ||
			hash_get_num_entries(names) >= MAX_NAMES)
			continue;
		entry = hash_search(names, key, HASH_ENTER, &found);
		strlcpy(entry->name, name, NAME_SIZE);
		entry->loaded = false;
		atomic_init(&entry->zone, NULL);
	}
	pg_tzenumerate_end(walk);
	entries = names;
}

/* How many changes there are; the first of them into changes, where that is not NULL. */
static int
collect_changes(const pg_tz *tz, YsZone *zone, YsZoneChange *changes)
{
	pg_time_t	at = BEFORE_ALL;
	int			count = 0;

	for (;;)
	{
		long		before;
		long		after;
		int			before_is_dst;
		int			after_is_dst;
		pg_time_t	next;
		int			found = pg_next_dst_boundary(&at, &before, &before_is_dst, &next,
												 &after, &after_is_dst, tz);

		if (count == 0)
			zone->first = (int32) before;
		if (found <= 0 || next - SECS_TO_2000 >= YS_ZONE_END)
			return count;
		if (next - SECS_TO_2000 >= YS_ZONE_REPEATS)
			zone->repeats = true;
		if (changes != NULL)
			changes[count] = (YsZoneChange) {next - SECS_TO_2000, (int32) after};
		count++;
		at = next;
	}
}

/* NULL when there is no memory, or the zone's data is gone. */
static const YsZone *
load_zone(const char *name)
{
	pg_tz	   *tz = pg_tzset(name);
	YsZone	   *zone;
	YsZoneChange *changes;
	int			count;

	if (tz == NULL)
		return NULL;
	zone = MemoryContextAllocExtended(zone_context, sizeof(YsZone), MCXT_ALLOC_NO_OOM | MCXT_ALLOC_ZERO);
	if (zone == NULL)
		return NULL;
	count = collect_changes(tz, zone, NULL);
	changes = MemoryContextAllocExtended(zone_context, sizeof(YsZoneChange) * (count + 1), MCXT_ALLOC_NO_OOM);
	if (changes == NULL)
		return NULL;
	zone->nchanges = collect_changes(tz, zone, changes);
	zone->changes = changes;
	return zone;
}

/* NULL when there is no such name.  The names stay as they are, so that threads may look at the same time. */
static Entry *
find_entry(const char *name, uint32_t len)
{
	char		key[NAME_SIZE];

	if (entries == NULL || !fold(name, len, key))
		return NULL;
	return hash_search(entries, key, HASH_FIND, NULL);
}

const YsZone *
ys_zones_find(void *arg, const char *name, uint32_t len)
{
	Entry	   *entry = find_entry(name, len);

	if (entry == NULL)
		return NULL;
	if (!entry->loaded)
	{
		entry->loaded = true;
		atomic_store_explicit(&entry->zone, load_zone(entry->name), memory_order_release);
	}
	return atomic_load_explicit(&entry->zone, memory_order_relaxed);
}

const YsZone *
ys_zones_find_known(void *arg, const char *name, uint32_t len)
{
	Entry	   *entry = find_entry(name, len);
	const YsZone *zone;

	if (entry == NULL)
		return NULL;
	zone = atomic_load_explicit(&entry->zone, memory_order_acquire);
	if (zone == NULL)
		*(bool *) arg = true;
	return zone;
}
