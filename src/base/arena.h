/*-------------------------------------------------------------------------
 * arena.h
 *	  Bump allocation for the pure layers.
 *
 * Everything the pure layers allocate (values, compiled policies, entries)
 * comes from an arena and is freed with it.  Where the blocks come from is
 * the owner's choice: the server hands out memory-context memory, so that an
 * ERROR frees the arena with its context; unit tests and fuzzers use malloc.
 * An arena has a limit; past it, or when the source is out of memory,
 * allocation returns NULL and the caller reports YS_ERR_OUT_OF_MEMORY.
 *-------------------------------------------------------------------------
 */
#ifndef YS_BASE_ARENA_H
#define YS_BASE_ARENA_H

#include <stddef.h>
#include <stdint.h>

typedef struct YsArenaBlock YsArenaBlock;

typedef struct YsArenaSource
{
	void	   *(*allocate) (void *owner, size_t size); /* NULL when there is none */
	void		(*release) (void *owner, void *block);
	void	   *owner;
} YsArenaSource;

typedef struct YsArena
{
	YsArenaSource source;
	YsArenaBlock *blocks;		/* newest first */
	char	   *next;			/* free part of the newest block */
	char	   *end;
	YsArenaBlock *spare;		/* blocks that a reset has kept, the largest first */
	size_t		used;			/* bytes taken from the source, spare ones too */
	size_t		limit;			/* never take more than this */
	size_t		keep;			/* of which a reset keeps so many */
} YsArena;

/* blocks from malloc: for unit tests, fuzzers and benches */
extern const YsArenaSource ys_arena_malloc;

/* limit 0 means no limit but size_t's. */
extern void ys_arena_init(YsArena *arena, YsArenaSource source, size_t limit);

/* Aligned for any object, not zeroed.  NULL past the limit. */
extern void *ys_arena_alloc(YsArena *arena, size_t size);
extern void *ys_arena_alloc_zero(YsArena *arena, size_t size);

/* A copy with a terminating NUL behind its len bytes. */
extern char *ys_arena_copy(YsArena *arena, const char *bytes, size_t len);

/* Forget everything allocated; some blocks are kept for reuse. */
extern void ys_arena_reset(YsArena *arena);

/* How many bytes of blocks a reset keeps at most, 1 MB unless said otherwise. */
extern void ys_arena_keep(YsArena *arena, size_t keep);

/* Give every block back to the source. */
extern void ys_arena_free(YsArena *arena);

#endif							/* YS_BASE_ARENA_H */
