/*-------------------------------------------------------------------------
 * compat.h
 *	  What differs between the PostgreSQL versions we build for (15 to 18).
 *
 * Everything here has a name of our own, ending in _compat: server names are
 * never redefined.
 *-------------------------------------------------------------------------
 */
#ifndef YS_COMPAT_H
#define YS_COMPAT_H

#if PG_VERSION_NUM < 150000
#error "yottastore needs PostgreSQL 15 or later"
#endif

/* 17 renamed backend ids to process numbers. */
#if PG_VERSION_NUM >= 170000
#define ys_proc_of_vxid_compat(vxid)	ProcNumberGetProc((vxid).procNumber)
#else
#define ys_proc_of_vxid_compat(vxid)	BackendIdGetProc((vxid).backendId)
#endif

#include "fmgr.h"
#if PG_VERSION_NUM >= 160000
#include "nodes/miscnodes.h"
#endif

/*
 * Call a type's input function; false when it refuses the text.  Before 16 a
 * refusal is thrown instead.
 */
static inline bool
ys_input_call_compat(FmgrInfo *input, char *text, Oid ioparam, int32 typmod, Datum *datum)
{
#if PG_VERSION_NUM >= 160000
	ErrorSaveContext escontext = {T_ErrorSaveContext};

	return InputFunctionCallSafe(input, text, ioparam, typmod, (Node *) &escontext, datum);
#else
	*datum = InputFunctionCall(input, text, ioparam, typmod);
	return true;
#endif
}

/* 16 folded the checks of each object class into two functions. */
#if PG_VERSION_NUM >= 160000
#include "catalog/pg_class.h"
#include "catalog/pg_foreign_server.h"
#define ys_class_ownercheck_compat(relid, role) \
	object_ownercheck(RelationRelationId, relid, role)
#define ys_server_aclcheck_compat(serverid, role) \
	object_aclcheck(ForeignServerRelationId, serverid, role, ACL_USAGE)
#else
#define ys_class_ownercheck_compat(relid, role) \
	pg_class_ownercheck(relid, role)
#define ys_server_aclcheck_compat(serverid, role) \
	pg_foreign_server_aclcheck(serverid, role, ACL_USAGE)
#endif

#endif							/* YS_COMPAT_H */
