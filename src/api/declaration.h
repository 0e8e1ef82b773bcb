/*-------------------------------------------------------------------------
 * declaration.h
 *	  A policy's declaration, put together of what the builders returned.
 *-------------------------------------------------------------------------
 */
#ifndef YS_API_DECLARATION_H
#define YS_API_DECLARATION_H

#include "utils/array.h"
#include "utils/jsonb.h"

#include "catalog/source.h"
#include "policy/policy.h"

/*
 * {"fields": [...], "area": ..., "attributes": ...} with padding behind; len without.  area and
 * attributes (JSON text) may be NULL.
 */
extern char *ys_declaration_build(ArrayType *fields, Jsonb *area, const char *attributes, size_t *len);

/*
 * The policy, in arena.  Throws for what cannot be one, and for a field or a key of source
 * (NULL: none is known) with the name of one of the index table's own columns.
 */
extern YsPolicy *ys_declaration_compile(const char *json, size_t len, const YsSource *source,
										YsArena *arena);

#endif							/* YS_API_DECLARATION_H */
