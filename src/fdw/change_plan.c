/*-------------------------------------------------------------------------
 * change_plan.c
 *	  What to write into an item, and under which condition.
 *
 * Two ways.  By path: each assigned column is one assignment at its own path,
 * so that others may change the item's other parts meanwhile; a parent that is
 * missing makes the condition fail.  By attribute: the new item is made here and
 * compared with the old one; the top-level attributes that differ are
 * written, each under the condition that it is as it was.  The second way is
 * for the document column, and for paths once the item is known.
 */
#include "postgres.h"

#include "catalog/shape.h"
#include "fdw/change.h"
#include "fdw/modify.h"
#include "fdw/row.h"
#include "policy/path.h"

/* ---- small parts ---- */

static void
add_term(YsChangePlan *plan, YsExprKind kind, YsPath path, const YsValue *value)
{
	Assert(plan->nterms < plan->size);
	plan->terms[plan->nterms++] = (YsExpr) {
		.kind = kind,
		.path = path,
		.nvalues = value != NULL,
		.values = value
	};
}

/* The path still has this value; NULL: it has none. */
static void
add_guard(YsChangePlan *plan, YsPath path, const YsValue *value)
{
	add_term(plan, value != NULL ? YS_EXPR_EQ : YS_EXPR_NOT_EXISTS, path, value);
}

static bool
same_step(const YsPathStep *a, const YsPathStep *b)
{
	if (a->name == NULL || b->name == NULL)
		return a->name == b->name && a->index == b->index;
	return a->name_len == b->name_len && memcmp(a->name, b->name, a->name_len) == 0;
}

/* Is one path the other, or leads it there?  The store takes no two such in one update. */
static bool
overlap(const YsPath *a, const YsPath *b)
{
	for (int i = 0; i < Min(a->nsteps, b->nsteps); i++)
		if (!same_step(&a->steps[i], &b->steps[i]))
			return false;
	return true;
}

/* A guard of an attribute that several columns may be in. */
static void
add_guard_once(YsChangePlan *plan, YsPath path, const YsValue *value)
{
	for (int i = 0; i < plan->nterms; i++)
		if (overlap(&plan->terms[i].path, &path))
			return;
	add_guard(plan, path, value);
}

static void
add_assignment(YsChangePlan *plan, YsPath path, const YsValue *value)
{
	Assert(plan->nassignments < plan->size);
	plan->assignments[plan->nassignments++] = (YsAssignment) {.path = path, .value = value};
}

static bool
has_every(const YsPath *path)
{
	for (int i = 0; i < path->nsteps; i++)
		if (path->steps[i].name == NULL && path->steps[i].index == YS_PATH_EVERY)
			return true;
	return false;
}

/* Room for every attribute of these items, and for every column. */
static void
init_plan(const YsChange *change, const YsValue *a, const YsValue *b, YsChangePlan *plan)
{
	plan->size = 1 + (2 + YS_CHANGE_TYPES_MAX) * change->nassigned + change->nguards + change->nabsent +
		(a != NULL ? a->len : 0) + (b != NULL ? b->len : 0);
	plan->nassignments = 0;
	plan->nterms = 0;
	plan->assignments = palloc(plan->size * sizeof(YsAssignment));
	plan->terms = palloc(plan->size * sizeof(YsExpr));
	add_term(plan, YS_EXPR_EXISTS, change->source->keys[0]->path, NULL);
}

typedef void (*AttributeFn) (void *arg, const YsMember *attribute, const YsValue *a,
							 const YsValue *b);

/* Call fn for each attribute either item has, the key aside, with its value in both (or NULL). */
static void
each_attribute(const YsSource *source, const YsValue *a, const YsValue *b, AttributeFn fn,
			   void *arg)
{
	for (uint32_t i = 0; a != NULL && i < a->len; i++)
	{
		const YsMember *member = &a->members[i];

		if (!ys_source_is_key(source, member->name, member->name_len))
			fn(arg, member, &member->value,
			   b != NULL ? ys_value_member(b, member->name, member->name_len) : NULL);
	}
	for (uint32_t i = 0; b != NULL && i < b->len; i++)
	{
		const YsMember *member = &b->members[i];

		if (!ys_source_is_key(source, member->name, member->name_len) &&
			(a == NULL || ys_value_member(a, member->name, member->name_len) == NULL))
			fn(arg, member, NULL, &member->value);
	}
}

/* ---- by path ---- */

bool
ys_change_can_guess(const YsChange *change)
{
	if ((change->document != NULL || change->guard_document) && change->old_document == NULL)
		return false;
	for (int i = 0; i < change->nguards; i++)
		if (has_every(&change->guards[i].column->path))
			return false;
	for (int i = 0; i < change->nassigned; i++)
		for (int j = i + 1; j < change->nassigned; j++)
			if (overlap(&change->assigned[i].column->path, &change->assigned[j].column->path))
				return false;
	return true;
}

/* A nested path can be set only below a parent of the right kind. */
static void
add_parent(YsChangePlan *plan, const YsPath *path)
{
	static const YsValue map = {.type = YS_TYPE_STRING, .len = 1, .bytes = "M"};
	static const YsValue list = {.type = YS_TYPE_STRING, .len = 1, .bytes = "L"};
	YsPath		parent = {.nsteps = path->nsteps - 1, .steps = path->steps};

	if (parent.nsteps > 0)
		add_term(plan, YS_EXPR_TYPE_IS, parent,
				 path->steps[parent.nsteps].name != NULL ? &map : &list);
}

/* What is there is of no type that the new value, as it is, would not keep. */
static void
add_types(YsChangePlan *plan, const YsAssigned *assigned)
{
	YsType		types[YS_CHANGE_TYPES_MAX];
	int			count = assigned->value == NULL ? 0 :
		ys_change_types_restored(assigned->column, assigned->value, types);

	for (int i = 0; i < count; i++)
	{
		const char *tag = ys_value_tag(types[i]);
		YsExpr	   *is_type = palloc0(sizeof(YsExpr));
		const YsExpr **args = palloc(sizeof(YsExpr *));
		YsValue    *value = palloc(sizeof(YsValue));

		*value = ys_value_string(tag, strlen(tag));
		is_type->kind = YS_EXPR_TYPE_IS;
		is_type->path = assigned->column->path;
		is_type->nvalues = 1;
		is_type->values = value;
		args[0] = is_type;
		Assert(plan->nterms < plan->size);
		plan->terms[plan->nterms++] = (YsExpr) {.kind = YS_EXPR_NOT, .nargs = 1, .args = args};
	}
}

static void
plan_paths(const YsChange *change, YsChangePlan *plan)
{
	for (int i = 0; i < change->nassigned; i++)
	{
		const YsAssigned *assigned = &change->assigned[i];

		add_parent(plan, &assigned->column->path);
		add_types(plan, assigned);
		add_assignment(plan, assigned->column->path, assigned->value);
	}
	for (int i = 0; i < change->nguards; i++)
	{
		const YsGuard *guard = &change->guards[i];

		add_guard(plan, guard->column->path, guard->isnull ? NULL : &guard->value);
	}
}

/* ---- by attribute ---- */

typedef struct Rewrite
{
	const YsChange *change;
	const YsValue *base;		/* the item as it is, as far as known */
	YsValue		item;			/* the new one */
	YsChangePlan *plan;
} Rewrite;

/* Is an attribute of the new document another than in the old one (exact: in all its types)? */
static bool
is_rewritten(const YsChange *change, bool exact, const YsValue *old, const YsValue *new)
{
	YsValue		plain;

	if (exact && !change->exact && old != NULL)
	{
		if (!ys_shape_plain(old, &plain))
			return true;
		old = &plain;
	}
	return !ys_shape_equal(old, new);
}

/* An attribute that differs between the old document and the new one. */
static void
rewrite_attribute(void *arg, const YsMember *attribute, const YsValue *old, const YsValue *new)
{
	Rewrite    *rewrite = arg;
	const YsChange *change = rewrite->change;
	YsPath		path = ys_source_name_path(attribute->name, attribute->name_len);
	YsValue		value;
	bool		ok;

	if (!is_rewritten(change, change->old_document == NULL || change->old_exact, old, new))
		return;
	if (new != NULL)
		value = change->exact ? *new :
			ys_shape_like(new, ys_value_member(rewrite->base, attribute->name,
											   attribute->name_len));
	ok = ys_shape_set(&rewrite->item, &path, new != NULL ? &value : NULL, &rewrite->item);
	Assert(ok);
	(void) ok;
}

static void
rewrite_column(Rewrite *rewrite, const YsAssigned *assigned)
{
	const YsPath *path = &assigned->column->path;
	YsValue		value;

	if (assigned->value != NULL)
		value = ys_change_restore(assigned->column, assigned->value,
								  ys_path_get(path, rewrite->base));
	ys_item_set(&rewrite->item, assigned->column, assigned->value != NULL ? &value : NULL);
}

/* Does the path end at a place in a list? */
static bool
is_place(const YsPath *path)
{
	return path->steps[path->nsteps - 1].name == NULL;
}

static bool
removes_place(const YsAssigned *assigned)
{
	return assigned->value == NULL && is_place(&assigned->column->path);
}

/*
 * As for the store, all places are those of the list as it was: values are put in the order of
 * their places, which may be behind the list's end, and what is removed goes last, backwards.
 */
static int
compare_assigned(const void *left, const void *right)
{
	const YsAssigned *a = *(const YsAssigned *const *) left;
	const YsAssigned *b = *(const YsAssigned *const *) right;
	int			order = ys_path_order(&a->column->path, &b->column->path);

	if (removes_place(a) != removes_place(b))
		return removes_place(a) ? 1 : -1;
	if (order == 0)
		return a < b ? -1 : 1;
	return removes_place(a) ? -order : order;
}

static void
rewrite_columns(Rewrite *rewrite)
{
	const YsChange *change = rewrite->change;
	const YsAssigned **assigned = palloc((change->nassigned + 1) * sizeof(YsAssigned *));

	for (int i = 0; i < change->nassigned; i++)
		assigned[i] = &change->assigned[i];
	qsort(assigned, change->nassigned, sizeof(YsAssigned *), compare_assigned);
	for (int i = 0; i < change->nassigned; i++)
		rewrite_column(rewrite, assigned[i]);
}

static void
plan_attribute(void *arg, const YsMember *attribute, const YsValue *old, const YsValue *new)
{
	Rewrite    *rewrite = arg;
	bool		changed = !ys_shape_equal(old, new);
	YsPath		path;

	if (!changed && !rewrite->change->guard_document)
		return;
	path = ys_source_name_path(attribute->name, attribute->name_len);
	if (changed)
		add_assignment(rewrite->plan, path, new);
	add_guard(rewrite->plan, path, old);
}

/* An attribute that the document's guard doesn't cover, as there was none. */
static void
guard_absent(Rewrite *rewrite, const YsPath *path)
{
	if (ys_path_get(path, rewrite->base) == NULL && ys_path_get(path, &rewrite->item) == NULL)
		add_guard(rewrite->plan, *path, NULL);
}

/* A column the statement depends on, unless the attribute it is in is guarded as a whole. */
static void
guard_column(Rewrite *rewrite, const YsGuard *guard)
{
	const YsPathStep *top = &guard->column->path.steps[0];
	const YsValue *old = ys_value_member(rewrite->base, top->name, top->name_len);
	const YsValue *new = ys_value_member(&rewrite->item, top->name, top->name_len);

	if ((rewrite->change->guard_document && old != NULL) || !ys_shape_equal(old, new))
		return;
	if (rewrite->change->whole_attributes)
		add_guard_once(rewrite->plan, ys_source_name_path(top->name, top->name_len), old);
	else if (has_every(&guard->column->path))
		add_guard(rewrite->plan, ys_source_name_path(top->name, top->name_len), old);
	else
		add_guard(rewrite->plan, guard->column->path,
				  ys_path_get(&guard->column->path, rewrite->base));
}

static void
plan_attributes(const YsChange *change, const YsValue *base, YsChangePlan *plan)
{
	Rewrite		rewrite = {.change = change, .base = base, .item = *base, .plan = plan};

	if (change->document != NULL)
		each_attribute(change->source,
					   change->old_document != NULL ? change->old_document : base,
					   change->document, rewrite_attribute, &rewrite);
	rewrite_columns(&rewrite);
	init_plan(change, base, &rewrite.item, plan);
	each_attribute(change->source, base, &rewrite.item, plan_attribute, &rewrite);
	for (int i = 0; i < change->nabsent; i++)
		guard_absent(&rewrite, &change->absent[i]);
	for (int i = 0; i < change->nguards; i++)
		guard_column(&rewrite, &change->guards[i]);
}

void
ys_change_plan(const YsChange *change, const YsValue *known, YsChangePlan *plan)
{
	bool		whole = change->document != NULL || change->guard_document;

	if (known == NULL && whole)
		known = change->old_document;
	if (known != NULL)
		plan_attributes(change, known, plan);
	else
	{
		init_plan(change, NULL, NULL, plan);
		plan_paths(change, plan);
	}
}

/* ---- looking at an item ---- */

typedef struct Comparison
{
	const YsChange *change;
	const YsValue *known;
	bool		same;
} Comparison;

/* Does an attribute read as it did in the old document? */
static void
compare_attribute(Comparison *comparison, const YsMember *attribute)
{
	const YsValue *now = ys_value_member(comparison->known, attribute->name, attribute->name_len);
	const YsValue *then = ys_value_member(comparison->change->old_document, attribute->name,
										  attribute->name_len);
	YsValue		plain;

	if (now != NULL && !comparison->change->old_exact)
	{
		comparison->same = comparison->same && ys_shape_plain(now, &plain);
		now = &plain;
	}
	comparison->same = comparison->same && ys_shape_equal(now, then);
}

static void
compare_changed(void *arg, const YsMember *attribute, const YsValue *old, const YsValue *new)
{
	const YsChange *change = ((Comparison *) arg)->change;

	if (is_rewritten(change, change->old_exact, old, new))
		compare_attribute(arg, attribute);
}

static void
compare_any(void *arg, const YsMember *attribute, const YsValue *old, const YsValue *new)
{
	compare_attribute(arg, attribute);
}

/* An item whose document couldn't be shown. */
static bool
unshown_still_holds(const YsChange *change, const YsValue *known)
{
	const YsSource *source = change->source;
	Datum	   *values = palloc(source->natts * sizeof(Datum));
	bool	   *nulls = palloc(source->natts * sizeof(bool));
	ListCell   *cell;

	if (!ys_row_reads_as(ys_source_best_document(source), change->document_converter, known, 0, true))
		return false;
	if (change->field_reader != NULL)
		ys_field_read(change->field_reader, known, values, nulls);
	foreach(cell, change->fields)
	{
		int			at = lfirst_int(cell) - 1;

		if (!ys_row_same_datum(&source->columns[at], values[at], nulls[at],
							   change->old_values[at], change->old_nulls[at]))
			return false;
	}
	return true;
}

bool
ys_change_still_holds(const YsChange *change, const YsValue *known)
{
	Comparison	comparison = {.change = change, .known = known, .same = true};

	for (int i = 0; i < change->nguards; i++)
	{
		const YsGuard *guard = &change->guards[i];

		if (!ys_row_reads_as(guard->column, guard->converter,
							 ys_path_get(&guard->column->path, known), guard->datum, guard->isnull))
			return false;
	}
	if (change->old_document == NULL)
		return !change->guard_document || unshown_still_holds(change, known);
	if (change->guard_document)
		each_attribute(change->source, change->old_document, known, compare_any, &comparison);
	else if (change->document != NULL)
		each_attribute(change->source, change->old_document, change->document, compare_changed,
					   &comparison);
	return comparison.same;
}

bool
ys_change_applied(const YsChangePlan *plan, const YsValue *item)
{
	for (int i = 0; i < plan->nassignments; i++)
		if (!ys_shape_equal(ys_path_get(&plan->assignments[i].path, item),
							plan->assignments[i].value))
			return false;
	return true;
}

bool
ys_change_applicable(const YsChangePlan *plan, const YsValue *item)
{
	for (int i = 0; i < plan->nassignments; i++)
	{
		const YsAssignment *assignment = &plan->assignments[i];

		if (is_place(&assignment->path) &&
			(assignment->value == NULL || ys_path_get(&assignment->path, item) == NULL))
			return false;
	}
	for (int i = 0; i < plan->nterms; i++)
	{
		const YsExpr *term = &plan->terms[i];
		const YsValue *value = ys_path_get(&term->path, item);

		if ((term->kind == YS_EXPR_EQ && !ys_shape_equal(value, term->values)) ||
			(term->kind == YS_EXPR_NOT_EXISTS && value != NULL))
			return false;
	}
	return true;
}
