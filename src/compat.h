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

#endif							/* YS_COMPAT_H */
