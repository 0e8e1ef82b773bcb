/*-------------------------------------------------------------------------
 * key_table.h
 *	  Hash tables by the canonical text of an item's key.
 *-------------------------------------------------------------------------
 */
#ifndef YS_FDW_KEY_TABLE_H
#define YS_FDW_KEY_TABLE_H

#include "utils/hsearch.h"

/*
 * A table whose entries begin with a const char *: the key's text, which must
 * live as long as its entry.  Looked up by the address of such a pointer.
 */
extern HTAB *ys_key_table_create(const char *name, Size entry_size, MemoryContext context);

#endif							/* YS_FDW_KEY_TABLE_H */
