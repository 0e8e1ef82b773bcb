/*-------------------------------------------------------------------------
 * memory.h
 *	  Arenas and external handles that live and die with a memory context.
 *-------------------------------------------------------------------------
 */
#ifndef YS_BASE_MEMORY_H
#define YS_BASE_MEMORY_H

#include "base/arena.h"

/*
 * An arena whose blocks come from a memory context and are freed with it.
 * Allocation never throws: past the limit, or out of memory, it gives NULL.
 */
extern void ys_arena_init_context(YsArena *arena, MemoryContext context, size_t limit);

/*
 * Call release(handle) once, when context is reset or deleted, or earlier by
 * ys_handle_release.  Throws only on out of memory, and then has released the handle.
 */
typedef struct YsHandle YsHandle;
extern YsHandle *ys_handle_own(MemoryContext context, void *handle, void (*release) (void *handle));
extern void ys_handle_release(YsHandle *owned);

#endif							/* YS_BASE_MEMORY_H */
