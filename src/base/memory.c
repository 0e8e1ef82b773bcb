/*-------------------------------------------------------------------------
 * memory.c
 *	  Arenas and external handles that live and die with a memory context.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/memory.h"
#include "utils/memutils.h"

struct YsHandle
{
	MemoryContextCallback callback;
	void	   *handle;			/* NULL once released */
	void		(*release) (void *handle);
};

static void *
context_allocate(void *owner, size_t size)
{
	return MemoryContextAllocExtended((MemoryContext) owner, size,
									  MCXT_ALLOC_NO_OOM | MCXT_ALLOC_HUGE);
}

static void
context_release(void *owner, void *block)
{
	(void) owner;
	pfree(block);
}

void
ys_arena_init_context(YsArena *arena, MemoryContext context, size_t limit)
{
	YsArenaSource source = {context_allocate, context_release, context};

	ys_arena_init(arena, source, limit);
}

static void
release_handle(void *arg)
{
	YsHandle   *owned = arg;
	void	   *handle = owned->handle;

	if (handle == NULL)
		return;
	owned->handle = NULL;
	owned->release(handle);
}

YsHandle *
ys_handle_own(MemoryContext context, void *handle, void (*release) (void *handle))
{
	YsHandle   *owned;

	PG_TRY();
	{
		owned = MemoryContextAlloc(context, sizeof(YsHandle));
	}
	PG_CATCH();
	{
		release(handle);
		PG_RE_THROW();
	}
	PG_END_TRY();
	owned->handle = handle;
	owned->release = release;
	owned->callback.func = release_handle;
	owned->callback.arg = owned;
	MemoryContextRegisterResetCallback(context, &owned->callback);
	return owned;
}

void
ys_handle_release(YsHandle *owned)
{
	release_handle(owned);
}
