/*-------------------------------------------------------------------------
 * boundary.c
 *	  A GeoJSON geometry read into rings of positions.
 *
 * Members of an object come in any order and can be read once, so that the
 * coordinates are noted in passing and read when the type is known.  Arrays
 * double in the arena while they grow; what they outgrew stays there until
 * the arena goes.
 *-------------------------------------------------------------------------
 */
#include "policy/boundary.h"

#include <string.h>

#include "policy/normalize/number.h"
#include "policy/read_json.h"

#define WANTED_TYPE		"Give it as {\"type\": \"Polygon\", \"coordinates\": [...]}."

void *
ys_boundary_grow(YsArena *arena, void *things, int count, size_t size)
{
	void	   *grown;

	if (count > 0 && (count & (count - 1)) != 0)
		return things;			/* arrays are full at powers of two */
	grown = ys_arena_alloc(arena, size * (count > 0 ? (size_t) count * 2 : 1));
	if (grown != NULL && count > 0)
		memcpy(grown, things, size * (size_t) count);
	return grown;
}

typedef enum GeometryType
{
	NO_TYPE,
	POLYGON,
	MULTI_POLYGON,
	COLLECTION
} GeometryType;

typedef struct Geometry
{
	YsArena    *arena;
	YsError    *err;
	YsBoundary *boundary;

	/* the geometry object */
	GeometryType type;
	YsSlice		coordinates;	/* as they stand there; bytes NULL: none */
	YsSlice		geometries;

	bool		in_collection;

	/* the polygon and position being read */
	YsPolygon	polygon;
	double		position[2];
} Geometry;

static bool
refuse(Geometry *geometry, const char *why, const char *hint)
{
	ys_error_set(geometry->err, YS_ERR_INVALID_GEOJSON, "invalid boundary: %s", why);
	ys_error_detail(geometry->err, "A boundary is a Polygon, a MultiPolygon, or a GeometryCollection of them: closed "
					"rings of four or more positions, each [longitude, latitude] in degrees.");
	ys_error_hint(geometry->err, "%s", hint);
	return false;
}

static bool
out_of_memory(Geometry *geometry)
{
	return ys_error_set(geometry->err, YS_ERR_OUT_OF_MEMORY, "out of memory while reading a boundary");
}

/* An array, where the geometry's type wants one. */
static bool
each_element(Geometry *geometry, YsJsonNode *node, YsJsonElementFn fn)
{
	if (ys_json_kind(node) != YS_JSON_ARRAY)
		return refuse(geometry, "coordinates are not nested as the geometry's type says",
					  "Nest them as [[[lon, lat], ...]] in a Polygon, and once more in a MultiPolygon.");
	return ys_json_each_element(node, fn, geometry, geometry->err);
}

static bool
refuse_number(Geometry *geometry)
{
	return refuse(geometry, "a coordinate is not a number", "Write positions as [7.69, 45.07].");
}

static bool
read_coordinate(void *arg, size_t index, YsJsonNode *node)
{
	Geometry   *geometry = arg;
	double		limit = index == 0 ? 180 : 90;
	const char *text;
	size_t		len;
	double		value;

	if (ys_json_kind(node) != YS_JSON_NUMBER)
		return refuse_number(geometry);
	if (!ys_json_number(node, &text, &len, geometry->err))
		return false;
	if (index >= 2)
		return true;			/* an altitude */
	if (!ys_double_parse((YsSlice) {text, (uint32_t) len}, &value))
		return refuse_number(geometry);
	if (value > limit || value < -limit)
		return refuse(geometry, index == 0 ? "a longitude is out of range" : "a latitude is out of range",
					  "Longitudes, -180 to 180, stand before latitudes, -90 to 90.");
	geometry->position[index] = value;
	return true;
}

static YsRing *
last_ring(Geometry *geometry)
{
	return &geometry->polygon.rings[geometry->polygon.nrings - 1];
}

static bool
read_position(void *arg, size_t index, YsJsonNode *node)
{
	Geometry   *geometry = arg;
	YsRing	   *ring = last_ring(geometry);
	double		absent = 1000;

	(void) index;
	geometry->position[1] = absent;
	if (!each_element(geometry, node, read_coordinate))
		return false;
	if (geometry->position[1] == absent)
		return refuse(geometry, "a position has fewer than two coordinates",
					  "Write positions as [7.69, 45.07].");
	ring->points = ys_boundary_grow(geometry->arena, ring->points, ring->npoints, sizeof(YsPoint));
	if (ring->points == NULL)
		return out_of_memory(geometry);
	ring->points[ring->npoints++] = (YsPoint) {geometry->position[0], geometry->position[1]};
	return true;
}

static bool
read_ring(void *arg, size_t index, YsJsonNode *node)
{
	Geometry   *geometry = arg;
	YsPolygon  *polygon = &geometry->polygon;
	YsRing	   *ring;
	YsPoint    *last;

	(void) index;
	polygon->rings = ys_boundary_grow(geometry->arena, polygon->rings, polygon->nrings, sizeof(YsRing));
	if (polygon->rings == NULL)
		return out_of_memory(geometry);
	ring = &polygon->rings[polygon->nrings++];
	memset(ring, 0, sizeof(*ring));
	if (!each_element(geometry, node, read_position))
		return false;
	if (ring->npoints < 4)
		return refuse(geometry, "a ring has fewer than four positions",
					  "Give it three corners at least, and the first of them again.");
	last = &ring->points[ring->npoints - 1];
	if (last->x != ring->points[0].x || last->y != ring->points[0].y)
		return refuse(geometry, "a ring is not closed", "Repeat its first position as its last.");
	return true;
}

/* Add a polygon to the boundary: one, or two where it crosses the antimeridian. */
static bool
add_polygon(Geometry *geometry)
{
	YsBoundary *boundary = geometry->boundary;
	YsPolygon	parts[2];
	YsRingFault fault;
	int			count = ys_boundary_unwrap(&geometry->polygon, geometry->arena, parts, &fault);

	if (count < 0)
		return out_of_memory(geometry);
	if (count == 0)
		return refuse(geometry, fault.what, fault.hint);
	for (int i = 0; i < count; i++)
	{
		boundary->polygons = ys_boundary_grow(geometry->arena, boundary->polygons, boundary->npolygons,
											  sizeof(YsPolygon));
		if (boundary->polygons == NULL)
			return out_of_memory(geometry);
		boundary->polygons[boundary->npolygons++] = parts[i];
	}
	return true;
}

static bool
read_polygon(void *arg, size_t index, YsJsonNode *node)
{
	Geometry   *geometry = arg;

	(void) index;
	memset(&geometry->polygon, 0, sizeof(YsPolygon));
	if (!each_element(geometry, node, read_ring))
		return false;
	if (geometry->polygon.nrings == 0)
		return refuse(geometry, "a polygon has no ring", "Give it one, or leave it out.");
	return add_polygon(geometry);
}

static bool
read_coordinates(void *arg, YsJsonNode *root)
{
	Geometry   *geometry = arg;

	if (geometry->type == POLYGON)
		return read_polygon(geometry, 0, root);
	return each_element(geometry, root, read_polygon);
}

/* ---- geometries ---- */

static bool
note_type(Geometry *geometry, YsJsonNode *value)
{
	static const struct
	{
		const char *name;
		GeometryType type;
	}			types[] = {{"Polygon", POLYGON}, {"MultiPolygon", MULTI_POLYGON}, {"GeometryCollection", COLLECTION}};
	const char *name;
	size_t		len;

	if (ys_json_kind(value) != YS_JSON_STRING)
		return refuse(geometry, "its type is not a string", WANTED_TYPE);
	if (!ys_json_string(value, &name, &len, geometry->err))
		return false;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
	{
		if (len == strlen(types[i].name) && memcmp(name, types[i].name, len) == 0)
			geometry->type = types[i].type;
	}
	if (geometry->type != NO_TYPE && !(geometry->type == COLLECTION && geometry->in_collection))
		return true;
	refuse(geometry, geometry->in_collection ? "a geometry's type is neither Polygon nor MultiPolygon" :
		   "its type is neither Polygon nor MultiPolygon", WANTED_TYPE);
	if (ys_string_check(name, len) == NULL)
		ys_error_detail(geometry->err, "Its type is \"%.*s\".", (int) ys_string_cut(name, len, 60), name);
	return false;
}

static bool
note_raw(Geometry *geometry, YsJsonNode *value, YsSlice *raw)
{
	size_t		len;

	if (!ys_json_raw(value, &raw->bytes, &len, geometry->err))
		return false;
	raw->len = (uint32_t) len;
	return true;
}

static bool
note_member(void *arg, const char *name, size_t len, YsJsonNode *value)
{
	Geometry   *geometry = arg;

	if (len == strlen("type") && memcmp(name, "type", len) == 0)
		return note_type(geometry, value);
	if (len == strlen("coordinates") && memcmp(name, "coordinates", len) == 0)
		return note_raw(geometry, value, &geometry->coordinates);
	if (len == strlen("geometries") && memcmp(name, "geometries", len) == 0)
		return note_raw(geometry, value, &geometry->geometries);
	return true;
}

static bool
note_geometry(void *arg, YsJsonNode *root)
{
	Geometry   *geometry = arg;

	geometry->type = NO_TYPE;
	geometry->coordinates.bytes = geometry->geometries.bytes = NULL;
	if (ys_json_kind(root) != YS_JSON_OBJECT)
		return refuse(geometry, "it is not a JSON object", WANTED_TYPE);
	if (!ys_json_each_member(root, note_member, geometry, geometry->err))
		return false;
	if (geometry->type == NO_TYPE)
		return refuse(geometry, "it has no type", WANTED_TYPE);
	if (geometry->type == COLLECTION && geometry->geometries.bytes == NULL)
		return refuse(geometry, "it has no geometries", WANTED_TYPE);
	if (geometry->type != COLLECTION && geometry->coordinates.bytes == NULL)
		return refuse(geometry, "it has no coordinates", WANTED_TYPE);
	return true;
}

/* The raw text of each geometry in a collection. */
typedef struct Parts
{
	Geometry   *geometry;
	int			count;
	YsSlice    *texts;
} Parts;

static bool
note_part(void *arg, size_t index, YsJsonNode *node)
{
	Parts	   *parts = arg;
	Geometry   *geometry = parts->geometry;

	(void) index;
	parts->texts = ys_boundary_grow(geometry->arena, parts->texts, parts->count, sizeof(YsSlice));
	if (parts->texts == NULL)
		return out_of_memory(geometry);
	return note_raw(geometry, node, &parts->texts[parts->count++]);
}

static bool
note_parts(void *arg, YsJsonNode *root)
{
	Parts	   *parts = arg;

	if (ys_json_kind(root) != YS_JSON_ARRAY)
		return refuse(parts->geometry, "its geometries are not an array", WANTED_TYPE);
	return ys_json_each_element(root, note_part, parts, parts->geometry->err);
}

static bool
read_polygons(YsJsonReader *reader, Geometry *geometry)
{
	return ys_json_read(reader, geometry->coordinates.bytes, geometry->coordinates.len, read_coordinates,
						geometry, geometry->err);
}

static bool
read_collection(YsJsonReader *reader, Geometry *geometry)
{
	Parts		parts = {.geometry = geometry};

	if (!ys_json_read(reader, geometry->geometries.bytes, geometry->geometries.len, note_parts, &parts,
					  geometry->err))
		return false;
	if (parts.count == 0)
		return refuse(geometry, "a collection has no geometry", "Give it one, or leave it out.");
	geometry->in_collection = true;
	for (int i = 0; i < parts.count; i++)
	{
		if (!ys_json_read(reader, parts.texts[i].bytes, parts.texts[i].len, note_geometry, geometry,
						  geometry->err) ||
			!read_polygons(reader, geometry))
			return false;
	}
	return true;
}

bool
ys_boundary_read(YsJsonReader *reader, const char *json, size_t len,
				 YsArena *arena, YsBoundary *boundary, YsError *err)
{
	Geometry	geometry = {.arena = arena, .err = err, .boundary = boundary};

	memset(boundary, 0, sizeof(*boundary));
	if (ys_json_read(reader, json, len, note_geometry, &geometry, err) &&
		(geometry.type == COLLECTION ? read_collection(reader, &geometry) :
		 read_polygons(reader, &geometry)))
		return true;
	ys_policy_blame_json(err, YS_ERR_INVALID_GEOJSON);
	return false;
}
