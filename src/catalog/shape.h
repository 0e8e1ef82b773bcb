/*-------------------------------------------------------------------------
 * shape.h
 *	  Comparing, changing and restoring values of the store.
 *
 * Results are allocated in the current memory context and may share parts
 * with the arguments.
 *-------------------------------------------------------------------------
 */
#ifndef YS_CATALOG_SHAPE_H
#define YS_CATALOG_SHAPE_H

#include "store/value.h"

/*
 * Does the store hold these for equal?  Numbers by value, maps and sets
 * without regard to order.  NULL is an absent value.
 */
extern bool ys_shape_equal(const YsValue *a, const YsValue *b);

/* The store's order of two values of the same scalar type. */
extern int	ys_shape_order(const YsValue *a, const YsValue *b);

/* Drop elements that equal an earlier one; returns how many are left, in their order. */
extern uint32_t ys_shape_distinct(YsValue *elements, uint32_t count);

/* False: the string is no base64. */
extern bool ys_shape_decode_binary(const YsValue *string, YsValue *binary);

/*
 * A list as a set of that type, each element once; decode: binary may be base64.  False when it
 * has elements of another type, or none.
 */
extern bool ys_shape_to_set(const YsValue *list, YsType type, bool decode, YsValue *set);

/*
 * A value that came through plain JSON, with the types an older version of it
 * had: a list where a set was is a set again (each element once), text where binary was is
 * decoded.  What can't be so stays as it is: no list becomes an empty set.
 */
extern YsValue ys_shape_like(const YsValue *plain, const YsValue *old);

/*
 * An item with the value at path replaced, added (missing parents are made) or, value NULL,
 * removed.  False when the path leads through something that is no map or list.
 */
extern bool ys_shape_set(const YsValue *item, const YsPath *path, const YsValue *value,
						 YsValue *result);

/* The plain form of a value, as jsonb shows it; false when jsonb can't. */
extern bool ys_shape_plain(const YsValue *value, YsValue *plain);

#endif							/* YS_CATALOG_SHAPE_H */
