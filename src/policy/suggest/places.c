/*-------------------------------------------------------------------------
 * places.c
 *	  Where the locations are among the paths of a profile.
 *
 * A path leads to whole locations when three quarters of what is there are one:
 * GeoJSON points, maps of a latitude and a longitude, "lat,lon".  Otherwise
 * numbers side by side called latitude and longitude are one, and lists of two
 * numbers, if what some of them hold tells which of the two is which.
 *-------------------------------------------------------------------------
 */
#include "policy/suggest/print.h"

#include <stdio.h>
#include <string.h>

#define IS_MOST(count, values)	((count) > 0 && (count) * 4 >= (values) * 3)

/* How far one order of two numbers must lead the other. */
#define LEAD			5

/* A path that so few items lead to is no location to go by. */
#define SHARE_ONE_OF	100

static bool
is_below(const YsNode *node, const YsNode *above)
{
	for (; node != NULL; node = node->parent)
	{
		if (node == above)
			return true;
	}
	return false;
}

static void
take_below(YsProfile *profile, const YsNode *above)
{
	for (int i = 0; i < profile->nleaves; i++)
	{
		if (is_below(profile->leaves[i], above))
			profile->leaves[i]->leaf->taken = true;
	}
}

/* Is it in a list, where there are several, or in what was taken already? */
static bool
is_inside(const YsNode *node)
{
	for (; node->parent != NULL; node = node->parent)
	{
		if (node->name == NULL || (node->places != NULL && node->places->taken))
			return true;
	}
	return false;
}

/* Are the locations there those of something in it?  Then that is more to the point. */
static bool
holds_whole(const YsNode *node)
{
	for (const YsNode *below = node->next; below != NULL; below = below->next)
	{
		if (below->places != NULL && IS_MOST(below->places->whole, below->places->values) &&
			IS_MOST(below->places->whole, node->places->whole) && is_below(below, node))
			return true;
	}
	return false;
}

static bool
add_whole(YsProfile *profile, YsPlacesFound *found, YsNode *node)
{
	found->whole[found->nwhole] = ys_node_path(node, profile->arena);
	if (found->whole[found->nwhole] == NULL)
		return false;
	found->nwhole++;
	node->places->taken = true;
	take_below(profile, node);
	return true;
}

/* ---- lists of two numbers ---- */

static bool
add_element(YsProfile *profile, const YsNode *list, int number, const char **path)
{
	YsText		text;
	const char *start = ys_node_path(list, profile->arena);

	if (start == NULL)
		return false;
	ys_text_init(&text, profile->arena);
	ys_text_add_cstring(&text, start);
	ys_text_add_cstring(&text, number == 0 ? "[0]" : "[1]");
	*path = text.bytes;
	return !text.failed;
}

static bool
is_named_place(const YsNode *node)
{
	YsWord		words[YS_WORDS_MAX];
	int			n = node->name != NULL ? ys_words_of((YsSlice) {node->name, node->name_len}, words) : 0;

	for (int i = 0; i < n; i++)
	{
		if (strcmp(words[i].means, "location") == 0)
			return true;
	}
	return false;
}

static bool
add_list(YsProfile *profile, YsPlacesFound *found, const YsNode *node)
{
	const YsPlaces *places = node->places;
	bool		lat_first = places->lat_first > LEAD * places->lon_first;
	bool		lon_first = places->lon_first > LEAD * places->lat_first;

	if (!is_named_place(node))
		return true;
	if (!lat_first && !lon_first)
	{
		found->undecided[found->nundecided] = ys_node_path(node, profile->arena);
		return found->undecided[found->nundecided++] != NULL;
	}
	if (!add_element(profile, node, lat_first ? 0 : 1, &found->lats[found->npairs]) ||
		!add_element(profile, node, lat_first ? 1 : 0, &found->lons[found->npairs]))
		return false;
	found->npairs++;
	take_below(profile, node);
	return true;
}

/* ---- numbers side by side ---- */

/* Is it a latitude (or a longitude) by its name, and numbers by its values? */
static bool
is_coordinate(const YsNode *node, const char *meaning)
{
	YsWord		words[YS_WORDS_MAX];
	int			n;

	if (node->leaf == NULL || node->leaf->taken || node->name == NULL ||
		node->leaf->guess.kind != YS_GUESS_NUMBER)
		return false;
	n = ys_words_of((YsSlice) {node->name, node->name_len}, words);
	for (int i = 0; i < n; i++)
	{
		if (strcmp(words[i].means, meaning) == 0)
			return true;
	}
	return false;
}

/* Are they the same but for the words that tell latitude from longitude? */
static bool
is_other_half(const YsNode *lat, const YsNode *lon)
{
	YsWord		lat_words[YS_WORDS_MAX];
	YsWord		lon_words[YS_WORDS_MAX];
	int			n = ys_words_of((YsSlice) {lat->name, lat->name_len}, lat_words);

	if (lat->parent != lon->parent || n != ys_words_of((YsSlice) {lon->name, lon->name_len}, lon_words))
		return false;
	for (int i = 0; i < n; i++)
	{
		if (strcmp(lat_words[i].means, lon_words[i].means) != 0 &&
			strcmp(lat_words[i].means, "latitude") != 0)
			return false;
	}
	return true;
}

static bool
add_pairs(YsProfile *profile, YsPlacesFound *found)
{
	for (int i = 0; i < profile->nleaves; i++)
	{
		YsNode	   *lat = profile->leaves[i];

		if (!is_coordinate(lat, "latitude"))
			continue;
		for (int j = 0; j < profile->nleaves; j++)
		{
			YsNode	   *lon = profile->leaves[j];

			if (!is_coordinate(lon, "longitude") || !is_other_half(lat, lon))
				continue;
			found->lats[found->npairs] = lat->leaf->shown.path;
			found->lons[found->npairs++] = lon->leaf->shown.path;
			lat->leaf->taken = lon->leaf->taken = true;
			break;
		}
	}
	return true;
}

bool
ys_places_find(YsProfile *profile, YsPlacesFound *found)
{
	size_t		most = profile->nnodes + (size_t) profile->nleaves + 1;

	memset(found, 0, sizeof(*found));
	found->whole = ys_arena_alloc(profile->arena, sizeof(char *) * most);
	found->lats = ys_arena_alloc(profile->arena, sizeof(char *) * most);
	found->lons = ys_arena_alloc(profile->arena, sizeof(char *) * most);
	found->undecided = ys_arena_alloc(profile->arena, sizeof(char *) * most);
	if (found->whole == NULL || found->lats == NULL || found->lons == NULL || found->undecided == NULL)
		return false;
	/* what holds others was made before them */
	for (YsNode *node = profile->root.next; node != NULL; node = node->next)
	{
		const YsPlaces *places = node->places;

		if (places == NULL || places->values * SHARE_ONE_OF < profile->items || is_inside(node))
			continue;
		if (IS_MOST(places->whole, places->values) && !holds_whole(node) && !add_whole(profile, found, node))
			return false;
		if (IS_MOST(places->pairs, places->values) && !add_list(profile, found, node))
			return false;
	}
	return add_pairs(profile, found);
}
