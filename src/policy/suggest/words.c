/*-------------------------------------------------------------------------
 * words.c
 *	  The words that names of attributes are made of, and what they mean.
 *-------------------------------------------------------------------------
 */
#include "policy/suggest/words.h"

#include <string.h>

#include "policy/normalize/unicode.h"

/* Words that mean the first of their line; those in upper case are short for it. */
static const char *const facts[] = {
	"service SVC SRV SERV MAINT serviced servicing maintenance maintained entretien manutenzione tagliando "
	"mantenimiento wartung",
	"odometer ODO mileage kilometrage kilometraje chilometraggio kilometerstand laufleistung percorrenza "
	"distance DIST trip",
	"kind type class category CAT genre tipo typ categoria categorie kategorie classe clase klasse",
	"make MK maker brand marque marca marke manufacturer MFR MFG hersteller fabricant fabricante costruttore",
	"model MDL modele modello modelo modell",
	"revision REV edition release variant version VER",
	"name nom nome nombre title bezeichnung",
	"location LOC position POS place gps fix coordinate coordonnee geo posizione posicion standort ubicacion lieu",
	"latitude LAT",
	"longitude LON LNG LONG",
	"color colour couleur colore farbe",
	"plate targa kennzeichen matricula immatriculation",
	"registration REG",
	"weight WT WGT mass masse peso poids gewicht",
	"fuel carburant carburante kraftstoff combustible",
	"owner proprietaire proprietario besitzer halter",
	"status state stato estado etat zustand",
	"price cost prix prezzo precio preis kosten",
	"quantity QTY",
	"amount AMT",
	"description DESC DESCR",
	"address ADDR indirizzo direccion adresse",
	"country pays paese pais land",
	"city town ville citta ciudad stadt",
	"year YR annee anno ano jahr",
	"speed velocity vitesse velocita velocidad geschwindigkeit",
	"engine ENG motor moteur motore",
	"transmission TRANS gearbox",
	"temperature TEMP",
	"pressure PRESS",
	"length LEN",
	"height HT hauteur altezza altura hohe",
	"width breite largeur larghezza",
	"customer CUST client cliente kunde",
	"organization ORG organisation",
	"department DEPT",
	"telephone TEL phone",
	"license LIC licence",
	"currency CURR",
};

static const char *const qualifiers[] = {
	"minimum MIN",
	"maximum MAX",
	"average AVG mean",
	"percent PCT percentage",
	"count CNT",
	"number NUM NR NO numero nummer",
	"identifier ID code",
	"from FRM since start begin",
	"to until end",
	"first", "second", "front", "rear", "left", "right", "primary", "secondary",
};

static const char *const additions[] = {
	"date DT day fecha datum jour giorno",
	"time TM timestamp TS datetime",
	"last latest recent recently dernier derniere ultimo ultima letzte letzter current actual",
	"on at in of the when is has",
	"history log list entry entries record data info value reading total event",
	"done performed driven covered travelled",
	"epoch utc iso ms msec millis sec seconds us",
};

static const char *const items[] = {
	"vehicle VEH vehicule veicolo vehiculo fahrzeug machine unit asset item object device car truck",
};

/* A unit by the words that name it, and how a value spells it. */
static const char *const units[][2] = {
	{"km kms kilometer kilometers kilometre kilometres", "km"},
	{"mi mile miles", "mi"},
	{"mm", "mm"},
	{"cm", "cm"},
	{"kg kgs kilogram kilograms", "kg"},
	{"lb lbs", "lb"},
	{"kw", "kW"},
	{"hp", "hp"},
	{"kwh", "kWh"},
	{"kmh kph", "km/h"},
	{"mph", "mph"},
	{"bar", "bar"},
	{"psi", "psi"},
	{"kpa", "kPa"},
	{"liter liters litre litres", "l"},
};

#define COUNT(table)	((int) (sizeof(table) / sizeof(*(table))))

/* ---- the table ---- */

/* Is text one of the words of a line?  Sets *is_short if it is there in upper case. */
static bool
is_among(const char *line, const char *text, bool *is_short)
{
	size_t		len = strlen(text);

	*is_short = false;
	for (const char *word = line; *word != '\0';)
	{
		size_t		word_len = strcspn(word, " ");

		if (word_len == len)
		{
			size_t		same = 0;

			while (same < len && ys_ascii_lower(word[same]) == text[same])
				same++;
			if (same == len)
			{
				*is_short = word[0] >= 'A' && word[0] <= 'Z';
				return true;
			}
		}
		word += word_len + (word[word_len] == ' ');
	}
	return false;
}

static void
copy_first(char *to, const char *line)
{
	size_t		len = strcspn(line, " ");

	memcpy(to, line, len);
	to[len] = '\0';
}

static bool
look_up(YsWord *word, const char *text, const char *const *table, int count, YsWordRole role)
{
	for (int i = 0; i < count; i++)
	{
		bool		is_short;

		if (!is_among(table[i], text, &is_short))
			continue;
		copy_first(word->means, table[i]);
		if (is_short)
			copy_first(word->text, table[i]);
		word->role = role;
		return true;
	}
	return false;
}

static bool
look_up_unit(YsWord *word, const char *text)
{
	for (int i = 0; i < COUNT(units); i++)
	{
		bool		is_short;

		if (!is_among(units[i][0], text, &is_short))
			continue;
		strcpy(word->means, units[i][1]);
		word->role = YS_WORD_UNIT;
		return true;
	}
	return false;
}

static bool
find_meaning(YsWord *word, const char *text)
{
	return look_up(word, text, facts, COUNT(facts), YS_WORD_FACT) ||
		look_up(word, text, qualifiers, COUNT(qualifiers), YS_WORD_QUALIFIER) ||
		look_up_unit(word, text) ||
		look_up(word, text, additions, COUNT(additions), YS_WORD_ADDITION) ||
		look_up(word, text, items, COUNT(items), YS_WORD_ITEM);
}

/* What the word means: as it is, or without a plural s; else itself. */
static void
give_meaning(YsWord *word)
{
	size_t		len = strlen(word->text);
	char		singular[YS_WORD_BYTES];

	strcpy(word->means, word->text);
	word->role = YS_WORD_FACT;
	if (find_meaning(word, word->means) || len < 4 || word->text[len - 1] != 's' ||
		word->text[len - 2] == 's')
		return;
	memcpy(singular, word->text, len - 1);
	singular[len - 1] = '\0';
	strcpy(word->means, singular);
	(void) find_meaning(word, singular);
}

/* ---- splitting ---- */

/* Letters and digits, and what is written with more than a byte. */
static bool
is_word_byte(char c)
{
	return ys_ascii_is_letter(c) || ys_ascii_is_digit(c) || (unsigned char) c > 127;
}

static bool
is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

static bool
is_lower(char c)
{
	return c >= 'a' && c <= 'z';
}

/* Does a word begin at i, where the one before it has no end by other bytes? */
static bool
changes_case(YsSlice name, uint32_t i)
{
	char		before = name.bytes[i - 1];
	char		here = name.bytes[i];

	if (!is_upper(here))
		return false;
	/* lastMs, and the end of an abbreviation: GPSFix */
	return is_lower(before) || ys_ascii_is_digit(before) ||
		(i + 1 < name.len && is_lower(name.bytes[i + 1]));
}

/* The word as it is compared; false when nothing of it is left. */
static bool
fold(YsSlice part, char *out)
{
	char		key[YS_FOLD_MAX];
	int			len = ys_unicode_fold(part, key);
	int			kept = 0;

	for (int i = 0; i < len && kept < YS_WORD_BYTES - 1; i++)
	{
		if (is_lower(key[i]) || ys_ascii_is_digit(key[i]))
			out[kept++] = key[i];
	}
	out[kept] = '\0';
	return kept > 0;
}

int
ys_words_of(YsSlice name, YsWord words[YS_WORDS_MAX])
{
	int			n = 0;
	uint32_t	i = 0;

	while (i < name.len && n < YS_WORDS_MAX)
	{
		uint32_t	start;

		while (i < name.len && !is_word_byte(name.bytes[i]))
			i++;
		start = i;
		while (i < name.len && is_word_byte(name.bytes[i]) && (i == start || !changes_case(name, i)))
			i++;
		if (i > start && fold((YsSlice) {name.bytes + start, i - start}, words[n].text))
			give_meaning(&words[n++]);
	}
	return n;
}
