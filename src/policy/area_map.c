/*-------------------------------------------------------------------------
 * area_map.c
 *	  The map of one level's areas: by name, and by point.
 *
 * Areas below the level stand for the one they lie in: where none of the level
 * has a name or a point, theirs count.
 *-------------------------------------------------------------------------
 */
#include "policy/area.h"

#include <string.h>

#include "policy/area_grid.h"
#include "policy/normalize/unicode.h"
#include "policy/read_json.h"

/* Whose name: one of a higher rank hides those of lower ones. */
typedef enum Rank
{
	RANK_NAME,
	RANK_ALIAS,
	RANK_BELOW,					/* names and aliases of areas below */
	NRANKS
} Rank;

typedef struct AreaName
{
	struct AreaName *next;
	YsSlice		key;			/* folded */
	const char *area;
	Rank		rank;
	bool		several;		/* areas of that rank have it */
} AreaName;

struct YsAreaMap
{
	YsArena    *arena;
	YsShape    *shapes[2];		/* of the level, and below it: each in the order added */
	YsShape   **last_shape[2];
	AreaName   *names[NRANKS];
	uint32_t	nnames;
	AreaName  **slots;			/* a hash table of them; NULL before finish */
	uint32_t	nslots;			/* a power of two */
	const char *last_area;		/* that was added */
	YsGrid		grid;			/* cells NULL: there is none */
};

YsAreaMap *
ys_area_map_create(YsArena *arena)
{
	YsAreaMap  *map = ys_arena_alloc_zero(arena, sizeof(YsAreaMap));

	if (map == NULL)
		return NULL;
	map->arena = arena;
	map->last_shape[0] = &map->shapes[0];
	map->last_shape[1] = &map->shapes[1];
	return map;
}

static bool
out_of_memory(YsError *err)
{
	return ys_error_set(err, YS_ERR_OUT_OF_MEMORY, "out of memory while building a map of areas");
}

/* ---- names ---- */

/* What can't be a word is nobody's name, and can't be found. */
static bool
add_name(YsAreaMap *map, Rank rank, const char *text, const char *area)
{
	char		key[YS_FOLD_MAX];
	int			len = ys_unicode_fold((YsSlice) {text, (uint32_t) strlen(text)}, key);
	AreaName   *name;

	if (len <= 0)
		return true;
	name = ys_arena_alloc_zero(map->arena, sizeof(AreaName));
	if (name == NULL)
		return false;
	name->key = (YsSlice) {ys_arena_copy(map->arena, key, (size_t) len), (uint32_t) len};
	if (name->key.bytes == NULL)
		return false;
	name->area = area;
	name->rank = rank;
	name->next = map->names[rank];
	map->names[rank] = name;
	map->nnames++;
	return true;
}

/* Where a name is, or would be. */
static AreaName **
find_slot(const YsAreaMap *map, YsSlice key)
{
	uint32_t	slot = ys_string_hash(key.bytes, key.len, false);

	for (;; slot++)
	{
		AreaName  **at = &map->slots[slot & (map->nslots - 1)];

		if (*at == NULL || ((*at)->key.len == key.len && memcmp((*at)->key.bytes, key.bytes, key.len) == 0))
			return at;
	}
}

static void
enter_name(YsAreaMap *map, AreaName *name)
{
	AreaName  **slot = find_slot(map, name->key);

	if (*slot == NULL)
		*slot = name;
	else if ((*slot)->rank == name->rank && strcmp((*slot)->area, name->area) != 0)
		(*slot)->several = true;
}

const char *
ys_area_map_find(const YsAreaMap *map, YsSlice name, const char **reason)
{
	char		key[YS_FOLD_MAX];
	int			len = ys_unicode_fold(name, key);
	const AreaName *found = NULL;

	if (len > 0 && map->slots != NULL)
		found = *find_slot(map, (YsSlice) {key, (uint32_t) len});
	if (found != NULL && !found->several)
		return found->area;
	*reason = found != NULL ? "several areas of that name" : "no area of that name";
	return NULL;
}

/* ---- adding ---- */

static bool
add_boundary(YsAreaMap *map, bool below, const char *area, const char *json, size_t len, YsError *err)
{
	YsArena		scratch;
	YsJsonReader *reader = ys_json_reader_create();
	YsBoundary	boundary;
	char	   *padded;
	bool		ok;

	ys_arena_init(&scratch, map->arena->source, 0);
	padded = ys_policy_pad_json(&scratch, json, len);
	if (reader != NULL && padded != NULL)
		ok = ys_boundary_read(reader, padded, len, map->arena, &boundary, err);
	else
		ok = out_of_memory(err);
	for (int i = 0; ok && i < boundary.npolygons; i++)
	{
		YsShape	   *shape = ys_arena_alloc_zero(map->arena, sizeof(YsShape));

		if (shape == NULL)
		{
			ok = out_of_memory(err);
			break;
		}
		shape->area = area;
		shape->polygon = boundary.polygons[i];
		*map->last_shape[below] = shape;
		map->last_shape[below] = &shape->next;
	}
	ys_arena_free(&scratch);
	if (reader != NULL)
		ys_json_reader_destroy(reader);
	return ok;
}

/* The area's name in the map's memory; of areas that follow each other one copy. */
static const char *
keep_area(YsAreaMap *map, const char *area)
{
	if (map->last_area == NULL || strcmp(map->last_area, area) != 0)
		map->last_area = ys_arena_copy(map->arena, area, strlen(area));
	return map->last_area;
}

static bool
add_area(YsAreaMap *map, const char *area, const char *name, int naliases, const char *const *aliases,
		 const char *boundary, size_t boundary_len, bool below, YsError *err)
{
	const char *kept = keep_area(map, area);

	if (kept == NULL || !add_name(map, below ? RANK_BELOW : RANK_NAME, name, kept))
		return out_of_memory(err);
	for (int i = 0; i < naliases; i++)
	{
		if (!add_name(map, below ? RANK_BELOW : RANK_ALIAS, aliases[i], kept))
			return out_of_memory(err);
	}
	return boundary == NULL || boundary_len == 0 ||
		add_boundary(map, below, kept, boundary, boundary_len, err);
}

bool
ys_area_map_add(YsAreaMap *map, const char *name, int naliases, const char *const *aliases,
				const char *boundary, size_t boundary_len, YsError *err)
{
	return add_area(map, name, name, naliases, aliases, boundary, boundary_len, false, err);
}

bool
ys_area_map_add_below(YsAreaMap *map, const char *area, const char *name,
					  int naliases, const char *const *aliases,
					  const char *boundary, size_t boundary_len, YsError *err)
{
	return add_area(map, area, name, naliases, aliases, boundary, boundary_len, true, err);
}

bool
ys_area_map_finish(YsAreaMap *map, YsError *err)
{
	map->nslots = 16;
	while (map->nslots < map->nnames * 2)
		map->nslots *= 2;
	map->slots = ys_arena_alloc_zero(map->arena, sizeof(AreaName *) * map->nslots);
	if (map->slots == NULL)
		return out_of_memory(err);
	for (int rank = 0; rank < NRANKS; rank++)
	{
		for (AreaName *name = map->names[rank]; name != NULL; name = name->next)
			enter_name(map, name);
	}
	*map->last_shape[0] = map->shapes[1];
	if (map->shapes[0] != NULL && !ys_grid_build(&map->grid, map->shapes[0], map->arena))
		return out_of_memory(err);
	return true;
}

/* ---- locating ---- */

const char *
ys_area_map_locate(const YsAreaMap *map, double lat, double lon)
{
	const char *area;

	if (map->grid.cells == NULL)
		return NULL;
	area = ys_grid_locate(&map->grid, lon, lat);

	/* the antimeridian has two names, and a boundary may end at either */
	if (area == NULL && lon == 180)
		area = ys_grid_locate(&map->grid, -180, lat);
	return area;
}
