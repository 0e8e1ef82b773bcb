/*-------------------------------------------------------------------------
 * prefix.c
 *	  Conditions on how a text begins: starts_with, ^@, LIKE.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"

#include "compat.h"
#include "fdw/prefix.h"

YsPrefixKind
ys_prefix_kind(Oid function, Oid collation)
{
	/* bytes are what is compared if the collation is deterministic */
	if (OidIsValid(collation) && !get_collation_isdeterministic(collation))
		return YS_PREFIX_NONE;
	return function == F_STARTS_WITH ? YS_PREFIX_STARTS_WITH :
		function == F_TEXTLIKE ? YS_PREFIX_LIKE : YS_PREFIX_NONE;
}

bool
ys_prefix_cut(YsValue *pattern)
{
	const char *c = pattern->bytes;
	const char *end = c + pattern->len;
	char	   *prefix = palloc(pattern->len + 1);
	const char *behind;

	pattern->bytes = prefix;
	pattern->len = 0;
	for (; c < end && *c != '%' && *c != '_'; c++)
	{
		/* one at the end is an error, which is not ours to raise */
		if (*c == '\\' && ++c == end)
			return false;
		prefix[pattern->len++] = *c;
	}
	behind = c;
	while (c < end && *c == '%')
		c++;
	return c == end && c > behind;
}

bool
ys_prefix_constant(YsPrefixKind kind, Expr *value, YsValue *prefix, bool *exact)
{
	text	   *constant;

	if (!IsA(value, Const) || ((Const *) value)->constisnull)
		return false;
	constant = DatumGetTextPP(((Const *) value)->constvalue);
	*prefix = ys_value_string(VARDATA_ANY(constant), VARSIZE_ANY_EXHDR(constant));
	*exact = kind == YS_PREFIX_STARTS_WITH || ys_prefix_cut(prefix);
	return true;
}
