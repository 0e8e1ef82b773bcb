/*-------------------------------------------------------------------------
 * boolean.c
 *	  Booleans: the store's own, 0 and 1, and words.
 *
 * Words are English, Italian, Spanish, German and French.  One that would mean
 * true to some and false to others, or is easily taken for a digit, is none:
 * French o (oui) looks like 0.
 *-------------------------------------------------------------------------
 */
#include "policy/normalize/boolean.h"

#include <string.h>

#include "policy/normalize/unicode.h"
#include "policy/synonym.h"

static const YsBooleanWord words[] =
{
	{"0", false}, {"1", true},
	{"abilitata", true}, {"abilitato", true}, {"accesa", true}, {"acceso", true},
	{"actif", true}, {"activa", true}, {"activada", true}, {"activado", true},
	{"activated", true}, {"active", true}, {"activee", true}, {"activo", true},
	{"aktiv", true}, {"aktiviert", true}, {"allume", true}, {"allumee", true},
	{"an", true}, {"apagada", false}, {"apagado", false},
	{"attiva", true}, {"attivata", true}, {"attivato", true}, {"attivo", true},
	{"aus", false}, {"ausgeschaltet", false},
	{"deactivated", false}, {"deaktiviert", false}, {"desactivada", false},
	{"desactivado", false}, {"desactive", false}, {"desactivee", false},
	{"deshabilitada", false}, {"deshabilitado", false},
	{"disabilitata", false}, {"disabilitato", false}, {"disabled", false},
	{"disattivata", false}, {"disattivato", false},
	{"ein", true}, {"eingeschaltet", true}, {"enabled", true},
	{"encendida", true}, {"encendido", true}, {"eteint", false}, {"eteinte", false},
	{"f", false}, {"falsa", false}, {"falsch", false}, {"false", false}, {"falso", false},
	{"fausse", false}, {"faux", false},
	{"habilitada", true}, {"habilitado", true},
	{"inactif", false}, {"inactiva", false}, {"inactive", false}, {"inactivo", false},
	{"inaktiv", false}, {"inattiva", false}, {"inattivo", false},
	{"j", true}, {"ja", true},
	{"n", false}, {"nein", false}, {"no", false}, {"non", false},
	{"off", false}, {"on", true}, {"oui", true},
	{"s", true}, {"si", true}, {"spenta", false}, {"spento", false},
	{"t", true}, {"true", true},
	{"v", true}, {"vera", true}, {"verdadera", true}, {"verdadero", true}, {"vero", true},
	{"vrai", true}, {"vraie", true},
	{"wahr", true},
	{"y", true}, {"yes", true},
};

#define NWORDS	(sizeof(words) / sizeof(words[0]))

const YsBooleanWord *
ys_boolean_words(int *count)
{
	*count = (int) NWORDS;
	return words;
}

/* Order of a folded word and a table's. */
static int
compare_word(const char *key, size_t len, const char *word)
{
	size_t		word_len = strlen(word);
	int			order = memcmp(key, word, len < word_len ? len : word_len);

	return order != 0 ? order : (len > word_len) - (len < word_len);
}

bool
ys_boolean_word(YsSlice text, bool *value)
{
	char		key[YS_FOLD_MAX];
	int			len = ys_unicode_fold(text, key);
	size_t		low = 0;
	size_t		high = NWORDS;

	while (len > 0 && low < high)
	{
		size_t		middle = (low + high) / 2;
		int			order = compare_word(key, (size_t) len, words[middle].word);

		if (order == 0)
		{
			*value = words[middle].value;
			return true;
		}
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return false;
}

/* 0 and 1, however they are written; other numbers are neither. */
static bool
number_value(YsSlice text, bool *value)
{
	*value = ys_number_compare(text.bytes, text.len, "1", 1) == 0;
	return *value || ys_number_compare(text.bytes, text.len, "0", 1) == 0;
}

YsUse
ys_normalize_boolean(YsNormalizing *normalizing, const YsValue *value, YsCell *cell)
{
	YsSlice		text;
	YsSlice		meaning;
	YsUse		use;
	bool		found;

	if (value->type == YS_TYPE_BOOL)
	{
		cell->boolean = value->boolean;
		return YS_USE_TAKEN;
	}
	use = ys_normalize_scalar(normalizing, value, &text);
	if (use != YS_USE_TAKEN)
		return use;
	found = value->type == YS_TYPE_NUMBER ? number_value(text, &cell->boolean) :
		ys_boolean_word(text, &cell->boolean);
	if (!found && value->type == YS_TYPE_STRING &&
		ys_synonyms_find(normalizing->bindings->synonyms, YS_SYNONYMS_BOOLEAN, text, &meaning))
	{
		cell->boolean = meaning.bytes[0] == 't';
		found = true;
	}
	cell->coerced = true;
	return found ? YS_USE_TAKEN : ys_normalize_reject(normalizing, "not a boolean");
}
