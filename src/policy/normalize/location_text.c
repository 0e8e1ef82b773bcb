/*-------------------------------------------------------------------------
 * location_text.c
 *	  Positions on the globe, written as text.
 *
 * Which grammar a text is of shows at its beginning; it is read by that one
 * only.
 *-------------------------------------------------------------------------
 */
#include "policy/normalize/location.h"

#include <string.h>

#include "policy/normalize/coordinate.h"
#include "policy/normalize/geohash.h"

#define NOT_WGS_84		"not in WGS 84"

const char *
ys_position_check(const YsPosition *position)
{
	if (!(position->lat <= 90 && position->lat >= -90))
		return "latitude out of range";
	if (!(position->lon <= 180 && position->lon >= -180))
		return "longitude out of range";
	if (position->lat == 0 && position->lon == 0)
		return "latitude and longitude are both 0";
	return NULL;
}

/* ---- reading ---- */

static bool
begins_with(YsSlice text, const char *word)
{
	size_t		len = strlen(word);

	return text.len >= len && ys_string_is((YsSlice) {text.bytes, (uint32_t) len}, word);
}

/* Step over a word, in either case, if it is next. */
static bool
take_word(YsSlice *text, const char *word)
{
	if (!begins_with(*text, word))
		return false;
	*text = ys_slice_from(*text, (uint32_t) strlen(word));
	return true;
}

static bool
take_number(YsSlice *text, bool exponent, double *value)
{
	uint32_t	len = ys_coordinate_number(*text, exponent);

	if (len == 0 || !ys_coordinate_double((YsSlice) {text->bytes, len}, value))
		return false;
	*text = ys_slice_from(*text, len);
	return true;
}

/* ---- two coordinates ---- */

/* White space, a comma or a semicolon between two coordinates; false when there is nothing. */
static bool
take_separator(YsSlice *text)
{
	YsSlice		rest = ys_slice_skip_space(*text);
	bool		separated = rest.len < text->len;

	if (rest.len > 0 && (rest.bytes[0] == ',' || rest.bytes[0] == ';'))
	{
		rest = ys_slice_skip_space(ys_slice_from(rest, 1));
		separated = true;
	}
	*text = rest;
	return separated;
}

/* Which of the two is the latitude: letters say so, or the order does. */
static const char *
assign(const YsCoordinate *first, const YsCoordinate *second, YsOrder order, YsPosition *position)
{
	bool		lat_first = order != YS_ORDER_LON_LAT;

	if (first->axis != YS_AXIS_NONE || second->axis != YS_AXIS_NONE)
	{
		if (first->axis == YS_AXIS_NONE || second->axis == YS_AXIS_NONE)
			return "a hemisphere of only one coordinate";
		if (first->axis == second->axis)
			return first->axis == YS_AXIS_LAT ? "two latitudes" : "two longitudes";
		lat_first = first->axis == YS_AXIS_LAT;
	}
	position->lat = lat_first ? first->degrees : second->degrees;
	position->lon = lat_first ? second->degrees : first->degrees;
	return ys_position_check(position);
}

/* Why a text is no location, of which a coordinate could not be read. */
static const char *
blame(const char *reason)
{
	return strcmp(reason, YS_NOT_A_NUMBER) == 0 ? YS_NOT_A_LOCATION : reason;
}

static const char *
read_two(const YsLocationRules *rules, YsSlice text, YsPosition *position)
{
	YsCoordinate first;
	YsCoordinate second;
	YsSlice		rest;
	double		altitude;
	const char *reason = ys_coordinate_parse(text, &first, &rest);
	bool		separated;

	if (reason != NULL)
		return blame(reason);
	separated = take_separator(&rest);
	if (rest.len == 0)
		return YS_NOT_A_LOCATION;
	if (!separated && first.axis == YS_AXIS_NONE && !ys_ascii_is_letter(rest.bytes[0]))
		return YS_NOT_A_LOCATION;
	reason = ys_coordinate_parse(rest, &second, &rest);
	if (reason != NULL)
		return blame(reason);

	/* an altitude behind them, where it is known what stands before it */
	if (rest.len > 0 && (rules->order == YS_ORDER_NONE || !take_separator(&rest) ||
						 !take_number(&rest, true, &altitude) || rest.len > 0))
		return YS_NOT_A_LOCATION;
	return assign(&first, &second, rules->order, position);
}

/* ---- ISO 6709 ---- */

/* ±DD, ±DDMM or ±DDMMSS with width 2, and a digit more with width 3; decimals behind the last. */
static const char *
read_packed(YsSlice *text, uint32_t width, double *degrees)
{
	YsSexagesimal packed = {.nparts = 0};
	uint32_t	len = ys_coordinate_number(*text, false);
	YsSlice		digits;
	uint32_t	whole = 0;

	if (len == 0 || ys_ascii_is_digit(text->bytes[0]))
		return YS_NOT_A_LOCATION;
	packed.negative = text->bytes[0] == '-';
	digits = (YsSlice) {text->bytes + 1, len - 1};
	*text = ys_slice_from(*text, len);
	while (whole < digits.len && digits.bytes[whole] != '.')
		whole++;
	if (whole < width || (whole - width) % 2 != 0 || whole > width + 4)
		return YS_NOT_A_LOCATION;
	for (uint32_t at = 0; at < whole;)
	{
		uint32_t	end = at == 0 ? width : at + 2;

		packed.parts[packed.nparts++] = (YsSlice) {
			digits.bytes + at, (end == whole ? digits.len : end) - at
		};
		at = end;
	}
	return ys_sexagesimal_degrees(&packed, degrees);
}

static const char *
read_iso_6709(YsSlice text, YsPosition *position)
{
	const char *reason = read_packed(&text, 2, &position->lat);
	double		altitude;

	if (reason == NULL)
		reason = read_packed(&text, 3, &position->lon);
	if (reason != NULL)
		return reason;
	if (text.bytes[0] == '+' || text.bytes[0] == '-')
		(void) take_number(&text, false, &altitude);
	if (take_word(&text, "crs") && !take_word(&text, "wgs_84"))
		return NOT_WGS_84;
	if (text.len != 1 || text.bytes[0] != '/')
		return YS_NOT_A_LOCATION;
	return ys_position_check(position);
}

/* ---- geo URIs ---- */

/* A parameter's name or value: letters, digits and hyphens, and in a value a few marks more. */
static YsSlice
take_label(YsSlice *text, const char *marks)
{
	uint32_t	len = 0;

	while (len < text->len && text->bytes[len] != '\0' &&
		   (ys_ascii_is_digit(text->bytes[len]) || ys_ascii_is_letter(text->bytes[len]) ||
			strchr(marks, text->bytes[len]) != NULL))
		len++;
	*text = ys_slice_from(*text, len);
	return (YsSlice) {text->bytes - len, len};
}

static const char *
read_parameters(YsSlice text)
{
	for (int i = 0; text.len > 0; i++)
	{
		YsSlice		name;
		YsSlice		value = {"", 0};
		bool		has_value;

		if (!take_word(&text, ";"))
			return YS_NOT_A_LOCATION;
		name = take_label(&text, "-");
		has_value = take_word(&text, "=");
		if (has_value)
			value = take_label(&text, "-_.!~*'()[]:&+$%");
		if (name.len == 0 || (has_value && value.len == 0))
			return YS_NOT_A_LOCATION;
		if (ys_string_is(name, "crs") && i > 0)
			return YS_NOT_A_LOCATION;
		if (ys_string_is(name, "crs") && !ys_string_is(value, "wgs84"))
			return NOT_WGS_84;
		if (ys_string_is(name, "u") &&
			(value.len == 0 || !ys_ascii_is_digit(value.bytes[0]) ||
			 ys_coordinate_number(value, false) != value.len))
			return YS_NOT_A_LOCATION;
	}
	return NULL;
}

static const char *
read_geo_uri(YsSlice text, YsPosition *position)
{
	double		numbers[3];
	const char *reason;

	for (int i = 0; i < 3; i++)
	{
		if (i > 0 && !take_word(&text, ","))
		{
			if (i < 2)
				return YS_NOT_A_LOCATION;
			break;
		}
		if ((text.len > 0 && text.bytes[0] == '+') || !take_number(&text, false, &numbers[i]))
			return YS_NOT_A_LOCATION;
	}
	reason = read_parameters(text);
	if (reason != NULL)
		return reason;
	position->lat = numbers[0];
	position->lon = numbers[1];
	return ys_position_check(position);
}

/* ---- well-known text ---- */

static const char *
read_wkt(YsSlice text, YsPosition *position)
{
	double		numbers[4];
	int			wanted = 0;		/* dimensions; 0: whatever there are */
	int			count = 0;

	if (take_word(&text, "srid="))
	{
		if (!take_word(&text, "4326;"))
			return NOT_WGS_84;
		text = ys_slice_skip_space(text);
	}
	if (!take_word(&text, "point"))
		return YS_NOT_A_LOCATION;
	text = ys_slice_skip_space(text);
	if (take_word(&text, "zm"))
		wanted = 4;
	else if (take_word(&text, "z") || take_word(&text, "m"))
		wanted = 3;
	text = ys_slice_skip_space(text);
	if (ys_string_is(text, "empty"))
		return "an empty point";
	if (!take_word(&text, "("))
		return YS_NOT_A_LOCATION;
	for (; count < 4; count++)
	{
		YsSlice		next = ys_slice_skip_space(text);

		if ((count > 0 && next.len == text.len) || !take_number(&next, true, &numbers[count]))
			break;
		text = next;
	}
	text = ys_slice_skip_space(text);
	if (count < 2 || (wanted > 0 && count != wanted) || text.len != 1 || text.bytes[0] != ')')
		return YS_NOT_A_LOCATION;
	position->lon = numbers[0];
	position->lat = numbers[1];
	return ys_position_check(position);
}

/* ---- any of them ---- */

const char *
ys_location_from_text(const YsLocationRules *rules, YsSlice text, YsPosition *position)
{
	if (rules->geohash && ys_geohash_check(text))
	{
		if (text.len > YS_GEOHASH_MAX)
			return "geohash of more than 12 characters";
		ys_geohash_decode(text, &position->lat, &position->lon);
		position->geohash_len = (int) text.len;
		return ys_position_check(position);
	}
	if (take_word(&text, "geo:"))
		return read_geo_uri(text, position);
	if (begins_with(text, "point") || begins_with(text, "srid="))
		return read_wkt(text, position);
	if (text.bytes[text.len - 1] == '/')
		return read_iso_6709(text, position);
	return read_two(rules, text, position);
}
