/*-------------------------------------------------------------------------
 * option_check.h
 *	  Checks of single option values, for the table of options.
 *
 * Each throws ERRCODE_INVALID_PARAMETER_VALUE, with what is valid as a hint,
 * when the option of that name can't have this value.
 *-------------------------------------------------------------------------
 */
#ifndef YS_CATALOG_OPTION_CHECK_H
#define YS_CATALOG_OPTION_CHECK_H

typedef void (*YsOptionCheck) (const char *name, const char *value);

extern void ys_option_check_api(const char *name, const char *value);
extern void ys_option_check_nodes(const char *name, const char *value);
extern void ys_option_check_discovery(const char *name, const char *value);
extern void ys_option_check_place(const char *name, const char *value);
extern void ys_option_check_region(const char *name, const char *value);
extern void ys_option_check_consistency(const char *name, const char *value);
extern void ys_option_check_insert_mode(const char *name, const char *value);
extern void ys_option_check_timeout(const char *name, const char *value);
extern void ys_option_check_staleness(const char *name, const char *value);
extern void ys_option_check_on_stale(const char *name, const char *value);
extern void ys_option_check_rate(const char *name, const char *value);
extern void ys_option_check_filled(const char *name, const char *value);
extern void ys_option_check_credential(const char *name, const char *value);
extern void ys_option_check_profile(const char *name, const char *value);
extern void ys_option_check_environment(const char *name, const char *value);
extern void ys_option_check_table(const char *name, const char *value);
extern void ys_option_check_indexes(const char *name, const char *value);
extern void ys_option_check_path(const char *name, const char *value);
extern void ys_option_check_key(const char *name, const char *value);
extern void ys_option_check_field(const char *name, const char *value);
extern void ys_option_check_boolean(const char *name, const char *value);
extern void ys_option_check_mismatch(const char *name, const char *value);
extern void ys_option_check_encoding(const char *name, const char *value);
extern void ys_option_check_columns(const char *name, const char *value);
extern void ys_option_check_scan_segments(const char *name, const char *value);
extern void ys_option_check_max_scan_pages(const char *name, const char *value);
extern void ys_option_check_sample_items(const char *name, const char *value);
extern void ys_option_check_brokers(const char *name, const char *value);
extern void ys_option_check_topic(const char *name, const char *value);
extern void ys_option_check_format(const char *name, const char *value);
extern void ys_option_check_workers(const char *name, const char *value);
extern void ys_option_check_protocol(const char *name, const char *value);
extern void ys_option_check_mechanism(const char *name, const char *value);
extern void ys_option_check_tuning(const char *name, const char *value);
extern void ys_option_check_login(const char *name, const char *value);

/* A number a second; -1 when it is none above 0. */
extern double ys_option_parse_rate(const char *value);

/* A time with or without unit in milliseconds; -1 when it is none. */
extern int	ys_option_parse_milliseconds(const char *value);

#endif							/* YS_CATALOG_OPTION_CHECK_H */
