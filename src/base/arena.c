/*-------------------------------------------------------------------------
 * arena.c
 *	  Bump allocation for the pure layers.
 *-------------------------------------------------------------------------
 */
#include "base/arena.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_BLOCK		((size_t) 8 * 1024)
#define LARGEST_STEP	((size_t) 1024 * 1024)
#define ALIGNMENT		((size_t) 16)
#define ROUND_UP(n)		(((n) + (ALIGNMENT - 1)) & ~(ALIGNMENT - 1))

/* A source may align to less than we promise (memory contexts do): room to make up for it. */
#define HEADER			(ROUND_UP(sizeof(YsArenaBlock)) + ALIGNMENT)

struct YsArenaBlock
{
	YsArenaBlock *older;
	size_t		size;			/* with this header */
};

static void *
malloc_allocate(void *owner, size_t size)
{
	(void) owner;
	return malloc(size);
}

static void
malloc_release(void *owner, void *block)
{
	(void) owner;
	free(block);
}

const YsArenaSource ys_arena_malloc = {malloc_allocate, malloc_release, NULL};

void
ys_arena_init(YsArena *arena, YsArenaSource source, size_t limit)
{
	memset(arena, 0, sizeof(*arena));
	arena->source = source;
	arena->limit = limit > 0 ? limit : SIZE_MAX;
	arena->keep = LARGEST_STEP;
}

static char *
first_byte(YsArenaBlock *block)
{
	return (char *) ROUND_UP((uintptr_t) block + sizeof(YsArenaBlock));
}

static void
release_block(YsArena *arena, YsArenaBlock *block)
{
	arena->used -= block->size;
	arena->source.release(arena->source.owner, block);
}

static void
release_blocks(YsArena *arena, YsArenaBlock **blocks)
{
	while (*blocks != NULL)
	{
		YsArenaBlock *block = *blocks;

		*blocks = block->older;
		release_block(arena, block);
	}
}

/* A new block with room for at least size bytes, doubling up to a step. */
static YsArenaBlock *
new_block(YsArena *arena, size_t size)
{
	size_t		wanted = arena->blocks != NULL ? arena->blocks->size * 2 : FIRST_BLOCK;
	YsArenaBlock *block;

	if (wanted > LARGEST_STEP)
		wanted = LARGEST_STEP;
	if (size > SIZE_MAX - HEADER)
		return NULL;
	if (wanted < size + HEADER)
		wanted = size + HEADER;
	if (wanted > arena->limit - arena->used)
		release_blocks(arena, &arena->spare);
	if (wanted > arena->limit - arena->used)
		return NULL;
	block = arena->source.allocate(arena->source.owner, wanted);
	if (block == NULL)
		return NULL;
	block->size = wanted;
	arena->used += wanted;
	return block;
}

static int
add_block(YsArena *arena, size_t size)
{
	YsArenaBlock *block = arena->spare;

	if (block != NULL && size <= block->size - HEADER)
		arena->spare = block->older;
	else if ((block = new_block(arena, size)) == NULL)
		return 0;
	block->older = arena->blocks;
	arena->blocks = block;
	arena->next = first_byte(block);
	arena->end = (char *) block + block->size;
	return 1;
}

void *
ys_arena_alloc(YsArena *arena, size_t size)
{
	char	   *result;

	if (size > SIZE_MAX - ALIGNMENT)
		return NULL;
	size = ROUND_UP(size > 0 ? size : 1);
	result = (char *) ROUND_UP((uintptr_t) arena->next);
	if (result == NULL || result > arena->end || size > (size_t) (arena->end - result))
	{
		if (!add_block(arena, size))
			return NULL;
		result = arena->next;
	}
	arena->next = result + size;
	return result;
}

void *
ys_arena_alloc_zero(YsArena *arena, size_t size)
{
	void	   *result = ys_arena_alloc(arena, size);

	if (result != NULL)
		memset(result, 0, size);
	return result;
}

char *
ys_arena_copy(YsArena *arena, const char *bytes, size_t len)
{
	char	   *copy = arena->next;

	/* Bytes need no alignment: a document's strings lie close together. */
	if (copy != NULL && len < (size_t) (arena->end - copy))
		arena->next += len + 1;
	else if (len == SIZE_MAX || (copy = ys_arena_alloc(arena, len + 1)) == NULL)
		return NULL;
	if (len > 0)
		memcpy(copy, bytes, len);
	copy[len] = '\0';
	return copy;
}

void
ys_arena_keep(YsArena *arena, size_t keep)
{
	arena->keep = keep;
}

void
ys_arena_reset(YsArena *arena)
{
	YsArenaBlock *lists[] = {arena->blocks, arena->spare};
	YsArenaBlock **end = &arena->spare;
	size_t		kept = 0;

	/* The newest are the largest, and were written to last; giants go. */
	for (int i = 0; i < 2; i++)
	{
		while (lists[i] != NULL)
		{
			YsArenaBlock *block = lists[i];

			lists[i] = block->older;
			if (block->size > LARGEST_STEP || block->size > arena->keep - kept)
			{
				release_block(arena, block);
				continue;
			}
			kept += block->size;
			*end = block;
			end = &block->older;
		}
	}
	*end = NULL;
	arena->blocks = NULL;
	arena->next = arena->end = NULL;
}

void
ys_arena_free(YsArena *arena)
{
	release_blocks(arena, &arena->blocks);
	release_blocks(arena, &arena->spare);
	arena->next = arena->end = NULL;
}
