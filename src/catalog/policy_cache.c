/*-------------------------------------------------------------------------
 * policy_cache.c
 *	  Policies as statements compute by them, kept by the session.
 *
 * An entry is no longer current when a relation is invalidated that it was made of: the policies,
 * areas and synonyms, whose triggers see to that, its source, its index table (whose owner is its
 * own).  Statements that began with it keep it until their memory goes.  What a transaction read under a
 * snapshot of its own is not kept longer than that.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/syscache.h"

#include "base/memory.h"
#include "catalog/area.h"
#include "catalog/function.h"
#include "catalog/policy_cache.h"
#include "catalog/synonym.h"
#include "catalog/zone.h"
#include "errors.h"

typedef struct Entry
{
	YsCachedPolicy policy;		/* first: what others know of it */
	MemoryContext context;
	YsArena		arena;
	YsBindings	bindings;
	bool		bound;			/* but for the areas */
	bool		has_areas;
	uint64		areas_fingerprint;
	uint64		synonyms_fingerprint;
	bool		has_functions;	/* their fingerprint: */
	uint64		functions_fingerprint;
	Oid			relids[5];
	bool		current;
	bool		of_transaction;
	int			users;
} Entry;

/* A memory context that uses an entry. */
typedef struct Use
{
	MemoryContextCallback callback;
	Entry	   *entry;
} Use;

static List *entries = NIL;

/* Raised with every invalidation, so that what changes while it is read shows. */
static uint64 invalidations = 0;

/* ---- what ends them ---- */

/* InvalidOid: everything may have changed. */
static void
note_change(Datum arg, Oid relid)
{
	ListCell   *cell;

	invalidations++;
	foreach(cell, entries)
	{
		Entry	   *entry = lfirst(cell);

		for (int i = 0; i < lengthof(entry->relids); i++)
			if (!OidIsValid(relid) || relid == entry->relids[i])
				entry->current = false;
	}
}

/* A function may have been replaced. */
static void
note_function(Datum arg, int cache, uint32 hash)
{
	ListCell   *cell;

	invalidations++;
	foreach(cell, entries)
		((Entry *) lfirst(cell))->has_functions = false;
}

static void
end_transaction(XactEvent event, void *arg)
{
	ListCell   *cell;

	if (event != XACT_EVENT_COMMIT && event != XACT_EVENT_ABORT && event != XACT_EVENT_PREPARE)
		return;
	foreach(cell, entries)
	{
		Entry	   *entry = lfirst(cell);

		entry->current = entry->current && !entry->of_transaction;
	}
}

static void
watch_changes(void)
{
	static bool watching = false;

	if (watching)
		return;
	CacheRegisterRelcacheCallback(note_change, (Datum) 0);
	CacheRegisterSyscacheCallback(PROCOID, note_function, (Datum) 0);
	RegisterXactCallback(end_transaction, NULL);
	watching = true;
}

static void
sweep(void)
{
	ListCell   *cell;

	foreach(cell, entries)
	{
		Entry	   *entry = lfirst(cell);

		if (entry->current || entry->users > 0)
			continue;
		entries = foreach_delete_current(entries, cell);
		MemoryContextDelete(entry->context);
	}
}

static void
end_use(void *arg)
{
	((Use *) arg)->entry->users--;
}

static void
begin_use(Entry *entry)
{
	Use		   *use = palloc0(sizeof(Use));

	use->entry = entry;
	use->callback.func = end_use;
	use->callback.arg = use;
	entry->users++;
	MemoryContextRegisterResetCallback(CurrentMemoryContext, &use->callback);
}

/* ---- making them ---- */

/* In the current context, which is the entry's; NULL: there is no such policy. */
static Entry *
read_entry(const char *name)
{
	Entry	   *entry = palloc0(sizeof(Entry));
	YsPolicyRow *row = ys_policy_find(name);
	YsError		err;

	if (row == NULL)
		return NULL;
	entry->context = CurrentMemoryContext;
	ys_arena_init_context(&entry->arena, CurrentMemoryContext, 0);
	entry->policy.name = row->name;
	entry->policy.owner = row->owner;
	entry->policy.source = row->source;
	entry->policy.policy = ys_policy_compile(row->declaration, strlen(row->declaration), &entry->arena, &err);
	if (entry->policy.policy == NULL)
		ys_error_throw(&err);
	entry->relids[0] = ys_policies_relid();
	entry->relids[1] = ys_areas_relid();
	entry->relids[2] = ys_synonyms_relid();
	entry->relids[3] = row->source;
	entry->relids[4] = row->index_table;
	return entry;
}

static Entry *
make_entry(const char *name)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "yottastore policy",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	uint64		before = invalidations;
	Entry	   *entry = read_entry(name);

	MemoryContextSwitchTo(old);
	if (entry == NULL)
	{
		MemoryContextDelete(context);
		return NULL;
	}
	old = MemoryContextSwitchTo(TopMemoryContext);
	entries = lappend(entries, entry);
	MemoryContextSwitchTo(old);
	MemoryContextSetParent(context, TopMemoryContext);
	entry->current = before == invalidations;
	entry->of_transaction = IsolationUsesXactSnapshot();
	return entry;
}

static Entry *
find_current(const char *name)
{
	ListCell   *cell;

	foreach(cell, entries)
	{
		Entry	   *entry = lfirst(cell);

		if (entry->current && strcmp(entry->policy.name, name) == 0)
			return entry;
	}
	return NULL;
}

const YsCachedPolicy *
ys_policy_cache_find(const char *name)
{
	Entry	   *entry;

	watch_changes();
	sweep();
	entry = find_current(name);
	if (entry == NULL)
		entry = make_entry(name);
	if (entry == NULL)
		return NULL;
	begin_use(entry);
	return &entry->policy;
}

static void
bind(Entry *entry, bool areas)
{
	MemoryContext old = MemoryContextSwitchTo(entry->context);
	uint64		before = invalidations;
	bool		current = entry->current;
	const char *level = ys_policy_area_level(entry->policy.policy);

	/* what a failure leaves is not used any more */
	entry->current = false;

	if (!entry->bound)
	{
		entry->bindings.synonyms = ys_synonyms_load(&entry->arena);
		entry->synonyms_fingerprint = ys_synonyms_fingerprint(entry->policy.policy);
		ys_zones_prepare();
		entry->bindings.find_zone = ys_zones_find;
		entry->bound = true;
	}
	if (areas && level != NULL && !entry->has_areas)
		entry->bindings.areas = ys_areas_load(level, &entry->arena, &entry->areas_fingerprint);
	entry->has_areas = entry->has_areas || areas;
	entry->current = current && before == invalidations;
	entry->of_transaction = entry->of_transaction || IsolationUsesXactSnapshot();
	MemoryContextSwitchTo(old);
}

void
ys_policy_cache_bind(const YsCachedPolicy *policy, bool areas, YsBindings *bindings)
{
	Entry	   *entry = (Entry *) policy;

	if (!entry->bound || (areas && !entry->has_areas))
		bind(entry, areas);
	*bindings = entry->bindings;
	if (!areas)
		bindings->areas = NULL;
}

uint64
ys_policy_cache_areas(const YsCachedPolicy *policy)
{
	Entry	   *entry = (Entry *) policy;

	if (!entry->has_areas)
		bind(entry, true);
	return entry->areas_fingerprint;
}

uint64
ys_policy_cache_synonyms(const YsCachedPolicy *policy)
{
	Entry	   *entry = (Entry *) policy;

	if (!entry->bound)
		bind(entry, false);
	return entry->synonyms_fingerprint;
}

uint64
ys_policy_cache_functions(const YsCachedPolicy *policy)
{
	Entry	   *entry = (Entry *) policy;
	uint64		before = invalidations;

	if (!entry->has_functions)
	{
		entry->functions_fingerprint = ys_functions_fingerprint(entry->policy.policy);
		entry->has_functions = before == invalidations;
	}
	return entry->functions_fingerprint;
}
