/*-------------------------------------------------------------------------
 * unit_table.c
 *	  The units of measure, and what English, Italian, Spanish, German and
 *	  French call them.
 *
 * Factors are the definitions: the international yard and pound agreement of
 * 1959, the US liquid gallon of 231 cubic inches, the imperial gallon of
 * 4.54609 l, standard gravity of 9.80665 m/s2, mechanical horsepower of 550
 * foot-pounds a second, metric horsepower of 75 kilogram-force metres a
 * second, the thermochemical calorie, the conventional millimetre of mercury.
 *
 * What is no one thing is left out: ton (three of them), Pfund and livre (of
 * 500 g), month and year.
 *-------------------------------------------------------------------------
 */
#include "policy/normalize/unit_table.h"

#define UNIT(name, quantity, numerator, denominator, spellings) \
	{name, quantity, YS_PROPORTIONAL, UINT64_C(numerator), UINT64_C(denominator), 0, spellings}
#define SHIFTED(name, quantity, numerator, denominator, shift, spellings) \
	{name, quantity, YS_SHIFTED, UINT64_C(numerator), UINT64_C(denominator), shift, spellings}
#define RECIPROCAL(name, quantity, numerator, denominator, spellings) \
	{name, quantity, YS_RECIPROCAL, UINT64_C(numerator), UINT64_C(denominator), 0, spellings}

const YsUnit ys_units[] =
{
	/* base: m */
	UNIT("km", YS_LENGTH, 1000, 1, "km|kms|kilometer|kilometers|kilometre|kilometres|chilometro|chilometri|"
	"kil\xC3\xB3metro|kil\xC3\xB3metros|kilom\xC3\xA8tre|kilom\xC3\xA8tres"),
	UNIT("m", YS_LENGTH, 1, 1, "=m|mt|mtr|meter|meters|metre|metres|metro|metri|metros|m\xC3\xA8tre|m\xC3\xA8tres"),
	UNIT("dm", YS_LENGTH, 1, 10, "dm|decimeter|decimeters|decimetre|decimetres|decimetro|decimetri|"
	"dec\xC3\xADmetro|dec\xC3\xADmetros|dezimeter|d\xC3\xA9" "cim\xC3\xA8tre|d\xC3\xA9" "cim\xC3\xA8tres"),
	UNIT("cm", YS_LENGTH, 1, 100, "cm|cms|centimeter|centimeters|centimetre|centimetres|centimetro|centimetri|"
	"cent\xC3\xADmetro|cent\xC3\xADmetros|zentimeter|centim\xC3\xA8tre|centim\xC3\xA8tres"),
	UNIT("mm", YS_LENGTH, 1, 1000, "mm|mms|millimeter|millimeters|millimetre|millimetres|millimetro|millimetri|"
	"mil\xC3\xADmetro|mil\xC3\xADmetros|millim\xC3\xA8tre|millim\xC3\xA8tres"),
	UNIT("\xC2\xB5m", YS_LENGTH, 1, 1000000, "\xC2\xB5m|\xCE\xBCm|micron|microns|micrometer|micrometers|micrometre|"
	"micrometres|micrometro|micrometri|micr\xC3\xB3metro|micr\xC3\xB3metros|mikrometer|microm\xC3\xA8tre|"
	"microm\xC3\xA8tres"),
	UNIT("mi", YS_LENGTH, 1609344, 1000, "mi|mls|mile|miles|miglio|miglia|milla|millas|meile|meilen"),
	UNIT("yd", YS_LENGTH, 9144, 10000, "yd|yds|yard|yards|iarda|iarde|yarda|yardas"),
	UNIT("ft", YS_LENGTH, 3048, 10000, "ft|foot|feet|'|\xE2\x80\xB2|piede|piedi|pie|pies|fuss|fu\xC3\x9F|"
	"pi|pied|pieds"),
	UNIT("in", YS_LENGTH, 254, 10000, "in|inch|inches|\"|\xE2\x80\x9D|\xE2\x80\xB3|''|pollice|pollici|pulgada|pulgadas|"
	"zoll|po|pouce|pouces"),
	UNIT("nmi", YS_LENGTH, 1852, 1, "nmi|=NM|nautical mile|nautical miles|miglio nautico|miglia nautiche|"
	"milla n\xC3\xA1utica|millas n\xC3\xA1uticas|=sm|seemeile|seemeilen|mille marin|milles marins"),

	/* base: m2 */
	UNIT("km2", YS_AREA_MEASURE, 1000000, 1, "km2|km^2|km\xC2\xB2|kmq|sq km|square kilometer|square kilometers|"
	"square kilometre|square kilometres|chilometro quadrato|chilometri quadrati|kil\xC3\xB3metro cuadrado|"
	"kil\xC3\xB3metros cuadrados|quadratkilometer|kilom\xC3\xA8tre carr\xC3\xA9|kilom\xC3\xA8tres carr\xC3\xA9s"),
	UNIT("ha", YS_AREA_MEASURE, 10000, 1, "ha|hectare|hectares|ettaro|ettari|hect\xC3\xA1rea|hect\xC3\xA1reas|hektar"),
	UNIT("m2", YS_AREA_MEASURE, 1, 1, "m2|m^2|m\xC2\xB2|mq|qm|sqm|sq m|square meter|square meters|square metre|"
	"square metres|metro quadrato|metri quadrati|metro quadro|metri quadri|metro cuadrado|metros cuadrados|"
	"quadratmeter|m\xC3\xA8tre carr\xC3\xA9|m\xC3\xA8tres carr\xC3\xA9s"),
	UNIT("cm2", YS_AREA_MEASURE, 1, 10000, "cm2|cm^2|cm\xC2\xB2|cmq|qcm|sq cm|square centimeter|square centimeters|"
	"square centimetre|square centimetres|centimetro quadrato|centimetri quadrati|cent\xC3\xADmetro cuadrado|"
	"cent\xC3\xADmetros cuadrados|quadratzentimeter|centim\xC3\xA8tre carr\xC3\xA9|centim\xC3\xA8tres carr\xC3\xA9s"),
	UNIT("mm2", YS_AREA_MEASURE, 1, 1000000, "mm2|mm^2|mm\xC2\xB2|mmq|sq mm"),
	UNIT("mi2", YS_AREA_MEASURE, 2589988110336, 1000000, "mi2|mi^2|mi\xC2\xB2|sq mi|square mile|square miles|"
	"miglio quadrato|miglia quadrate|milla cuadrada|millas cuadradas|quadratmeile|quadratmeilen|mille carr\xC3\xA9|"
	"milles carr\xC3\xA9s"),
	UNIT("ac", YS_AREA_MEASURE, 40468564224, 10000000, "ac|acre|acres|acre anglo saxonne|acres anglo saxonnes|acro|acri"),
	UNIT("yd2", YS_AREA_MEASURE, 83612736, 100000000, "yd2|yd^2|yd\xC2\xB2|sq yd|square yard|square yards|"
	"iarda quadrata|iarde quadrate|yarda cuadrada|yardas cuadradas|quadratyard|quadratyards|yard carr\xC3\xA9|"
	"yards carr\xC3\xA9s"),
	UNIT("ft2", YS_AREA_MEASURE, 9290304, 100000000, "ft2|ft^2|ft\xC2\xB2|sq ft|sqft|square foot|square feet|"
	"piede quadrato|piedi quadrati|pie cuadrado|pies cuadrados|quadratfu\xC3\x9F|pi\xC2\xB2|pied carr\xC3\xA9|"
	"pieds carr\xC3\xA9s"),
	UNIT("in2", YS_AREA_MEASURE, 64516, 100000000, "in2|in^2|in\xC2\xB2|sq in|square inch|square inches|"
	"pollice quadrato|pollici quadrati|pulgada cuadrada|pulgadas cuadradas|quadratzoll|po\xC2\xB2|pouce carr\xC3\xA9|"
	"pouces carr\xC3\xA9s"),

	/* base: l */
	UNIT("l", YS_VOLUME, 1, 1, "l|lt|lts|ltr|liter|liters|litre|litres|litro|litri|litros|dm3|dm\xC2\xB3"),
	UNIT("hl", YS_VOLUME, 100, 1, "hl|hectoliter|hectoliters|hectolitre|hectolitres|ettolitro|ettolitri|hectolitro|"
	"hectolitros|hektoliter"),
	UNIT("dl", YS_VOLUME, 1, 10, "dl|deciliter|deciliters|decilitre|decilitres|decilitro|decilitri|decilitros|"
	"deziliter|d\xC3\xA9" "cilitre|d\xC3\xA9" "cilitres"),
	UNIT("cl", YS_VOLUME, 1, 100, "cl|centiliter|centiliters|centilitre|centilitres|centilitro|centilitri|"
	"centilitros|zentiliter"),
	UNIT("ml", YS_VOLUME, 1, 1000, "ml|milliliter|milliliters|millilitre|millilitres|millilitro|millilitri|"
	"mililitro|mililitros"),
	UNIT("m3", YS_VOLUME, 1000, 1, "m3|m^3|m\xC2\xB3|mc|cbm|cu m|cubic meter|cubic meters|cubic metre|cubic metres|"
	"metro cubo|metri cubi|metro c\xC3\xBA" "bico|metros c\xC3\xBA" "bicos|kubikmeter|m\xC3\xA8tre cube|"
	"m\xC3\xA8tres cubes"),
	UNIT("cm3", YS_VOLUME, 1, 1000, "cm3|cm^3|cm\xC2\xB3|cc|ccm|cmc|cu cm|cubic centimeter|cubic centimeters|"
	"cubic centimetre|cubic centimetres|centimetro cubo|centimetri cubi|cent\xC3\xADmetro c\xC3\xBA" "bico|"
	"cent\xC3\xADmetros c\xC3\xBA" "bicos|kubikzentimeter|centim\xC3\xA8tre cube|centim\xC3\xA8tres cubes"),
	UNIT("gal", YS_VOLUME, 3785411784, 1000000000, "gal|gals|gallon|gallons|us gal|us gallon|us gallons|gal us|gallone|"
	"galloni|gal\xC3\xB3n|galones|gallonen"),
	UNIT("qt", YS_VOLUME, 946352946, 1000000000, "qt|qts|quart|quarts|us qt"),
	UNIT("pt", YS_VOLUME, 473176473, 1000000000, "pt|pts|pint|pints|us pt|pinta|pinte|pintas|pintes|pte"),
	UNIT("fl oz", YS_VOLUME, 295735295625, 10000000000000, "fl oz|fl.oz|us fl oz|floz|fluid ounce|fluid ounces|"
	"oncia liquida|once liquide|onza l\xC3\xADquida|onzas l\xC3\xADquidas|fl\xC3\xBCssigunze|fl\xC3\xBCssigunzen|"
	"onces liquides"),
	UNIT("imp gal", YS_VOLUME, 454609, 100000, "imp gal|imp.gal|imp gallon|imp gallons|gal imp|"
	"galim|gal im|uk gal|imperial gallon|imperial gallons|gallone imperiale|galloni imperiali|gal\xC3\xB3n imperial|"
	"galones imperiales|imp gallone|imp gallonen|gallon imp\xC3\xA9rial|gallons imp\xC3\xA9riaux"),
	UNIT("imp pt", YS_VOLUME, 56826125, 100000000, "imp pt|uk pt|imperial pint|imperial pints"),
	UNIT("imp fl oz", YS_VOLUME, 284130625, 10000000000, "imp fl oz|imp.fl.oz|im.fl.oz|uk fl oz|fl oz imp|fl oz im|imperial fluid ounce|"
	"imperial fluid ounces|imp fluid ounce|imp fluid ounces|oncia liquida imperiale|once liquide imperiali|"
	"onza l\xC3\xADquida imperial|onzas l\xC3\xADquidas imperiales|imp fl\xC3\xBCssigunze|imp fl\xC3\xBCssigunzen|"
	"once liquide imp\xC3\xA9riale|onces liquides imp\xC3\xA9riales"),
	UNIT("ft3", YS_VOLUME, 28316846592, 1000000000, "ft3|ft^3|ft\xC2\xB3|cu ft|cubic foot|cubic feet|piede cubo|"
	"piedi cubi|pie c\xC3\xBA" "bico|pies c\xC3\xBA" "bicos|kubikfu\xC3\x9F|pi\xC2\xB3|pied cube|pieds cubes"),
	UNIT("in3", YS_VOLUME, 16387064, 1000000000, "in3|in^3|in\xC2\xB3|cu in|cubic inch|cubic inches|pollice cubo|"
	"pollici cubi|pulgada c\xC3\xBA" "bica|pulgadas c\xC3\xBA" "bicas|kubikzoll|po\xC2\xB3|pouce cube|pouces cubes"),
	UNIT("bbl", YS_VOLUME, 158987294928, 1000000000, "bbl|bbls"),

	/* base: kg */
	UNIT("kg", YS_MASS, 1, 1, "kg|kgs|kilo|kilos|kilogram|kilograms|kilogramme|kilogrammes|chilo|chili|chilogrammo|"
	"chilogrammi|kilogramo|kilogramos|kilogramm"),
	UNIT("g", YS_MASS, 1, 1000, "=g|gr|gram|grams|grammo|grammi|gramo|gramos|gramm|gramme|grammes"),
	UNIT("mg", YS_MASS, 1, 1000000, "=mg|=MG|milligram|milligrams|milligrammo|milligrammi|miligramo|miligramos|milligramm|"
	"milligramme|milligrammes"),
	UNIT("t", YS_MASS, 1000, 1, "t|tonne|tonnes|metric ton|metric tons|tonnellata|tonnellate|tonnellata metrica|"
	"tonnellate metriche|tonelada|toneladas|tonnen"),
	UNIT("lb", YS_MASS, 45359237, 100000000, "lb|lbs|pound|pounds|libbra|libbre|libra|libras"),
	UNIT("oz", YS_MASS, 28349523125, 1000000000000, "oz|ounce|ounces|oncia|once|onza|onzas|unze|unzen|onces"),
	UNIT("st", YS_MASS, 635029318, 100000000, "st|stone|stones"),
	UNIT("short ton", YS_MASS, 90718474, 100000, "short ton|short tons|us ton|us tons|tonelada corta|toneladas cortas|"
	"tonne courte|tonnes courtes"),
	UNIT("long ton", YS_MASS, 10160469088, 10000000, "long ton|long tons|imperial ton|imperial tons"),

	/* base: s */
	UNIT("s", YS_DURATION, 1, 1, "s|sec|secs|second|seconds|sek|\"|\xE2\x80\x9D|\xE2\x80\xB3|''|secondo|secondi|segundo|"
	"segundos|seg|sekunde|sekunden|seconde|secondes"),
	UNIT("ms", YS_DURATION, 1, 1000, "ms|msec|millisecond|milliseconds|millisecondo|millisecondi|milisegundo|"
	"milisegundos|millisekunde|millisekunden|milliseconde|millisecondes"),
	UNIT("\xC2\xB5s", YS_DURATION, 1, 1000000, "\xC2\xB5s|\xCE\xBCs|us|microsecond|microseconds|microsecondo|microsecondi|"
	"microsegundo|microsegundos|mikrosekunde|mikrosekunden|microseconde|microsecondes"),
	UNIT("min", YS_DURATION, 60, 1, "min|mins|=m|'|\xE2\x80\xB2|minute|minutes|minuto|minuti|minutos|minuten|mn"),
	UNIT("h", YS_DURATION, 3600, 1, "h|hr|hrs|hour|hours|ora|ore|hora|horas|std|stunde|stunden|heure|heures"),
	UNIT("d", YS_DURATION, 86400, 1, "d|day|days|gg|giorno|giorni|d\xC3\xAD" "a|d\xC3\xAD" "as|tag|tage|tagen|tg|=T|=g|=j|jour|jours"),
	UNIT("wk", YS_DURATION, 604800, 1, "wk|wks|=w|=W|week|weeks|sett|settimana|settimane|sem|semana|semanas|wo|woche|wochen|"
	"semaine|semaines"),

	/* base: m/s */
	UNIT("km/h", YS_SPEED, 1000, 3600, "km/h|kmh|kph|km/hr|kmph|chilometro orario|chilometri orari|"
	"kilometer per hour|kilometers per hour|kilometre per hour|kilometres per hour|kil\xC3\xB3metro por hora|"
	"kil\xC3\xB3metros por hora|kilometer pro stunde|kilom\xC3\xA8tre heure|kilom\xC3\xA8tres heure|"
	"kilom\xC3\xA8tre par heure|kilom\xC3\xA8tres par heure|kilom\xC3\xA8tre/heure|kilom\xC3\xA8tres/heure"),
	UNIT("mph", YS_SPEED, 1609344, 3600000, "mph|mi/h|mile per hour|miles per hour|miglio orario|miglia orarie|"
	"miglio all'ora|miglia all'ora|milla por hora|millas por hora|meile pro stunde|meilen pro stunde|mile heure|"
	"miles heure|mile par heure|miles par heure"),
	UNIT("m/s", YS_SPEED, 1, 1, "m/s|m/sec|meter per second|meters per second|metre per second|metres per second|"
	"metro al secondo|metri al secondo|metro por segundo|metros por segundo|meter pro sekunde|"
	"m\xC3\xA8tre par seconde|m\xC3\xA8tres par seconde"),
	UNIT("ft/s", YS_SPEED, 3048, 10000, "ft/s|fps"),
	UNIT("kn", YS_SPEED, 1852, 3600, "=kn|kt|kts|knot|knots|nodo|nodi|nodos|nudo|nudos|knoten|n\xC5\x93ud|n\xC5\x93uds|noeud|noeuds|nd"),

	/* base: N */
	UNIT("N", YS_FORCE, 1, 1, "=N|newton|newtons"),
	UNIT("kN", YS_FORCE, 1000, 1, "=kN|kilonewton|kilonewtons"),
	UNIT("kgf", YS_FORCE, 980665, 100000, "kgf|kp"),
	UNIT("lbf", YS_FORCE, 44482216152605, 10000000000000, "lbf"),

	/* base: Nm */
	UNIT("Nm", YS_TORQUE, 1, 1, "nm|n.m|n m|newton meter|newton meters|newton metre|newton metres|newtonmeter|"
	"newton metro|newton metri|newton metros|newton m\xC3\xA8tre|newtons m\xC3\xA8tres|newtons metre"),
	UNIT("kNm", YS_TORQUE, 1000, 1, "knm|kn.m|kn m"),
	UNIT("kgm", YS_TORQUE, 980665, 100000, "kgm|kgf.m|kgfm|kgf m|kpm|mkg|mkgf"),
	UNIT("lb-ft", YS_TORQUE, 13558179483314004, 10000000000000000, "lb ft|lbf ft|lbf.ft|lb.ft|lbft|ft lb|ft lbs|ftlb|"
	"ftlbs|ft lbf|ft.lbf|ft.lb|lbs ft|foot pound|foot pounds|pound foot|pound feet|pound force foot|pound force feet|"
	"libbra forza piede|libbre forza piede|libra pie|libras pies|livre force pied|livres force pieds"),
	UNIT("lb-in", YS_TORQUE, 1129848290276167, 10000000000000000, "lb in|lbf in|lbf.in|lb.in|in lb|in lbs|in lbf|"
	"inch pound|inch pounds"),

	/* base: Pa */
	UNIT("Pa", YS_PRESSURE, 1, 1, "pa|pascal|pascals|pascales|n/m2|n/m\xC2\xB2"),
	UNIT("hPa", YS_PRESSURE, 100, 1, "hpa|hectopascal|hectopascals|hectopascales|ettopascal|hektopascal"),
	UNIT("kPa", YS_PRESSURE, 1000, 1, "kpa|kilopascal|kilopascals|kilopascales|chilopascal"),
	UNIT("MPa", YS_PRESSURE, 1000000, 1, "=MPa|=MPA|megapascal|megapascals|megapascales|m\xC3\xA9gapascal|"
	"m\xC3\xA9gapascals|n/mm2|n/mm\xC2\xB2"),
	UNIT("bar", YS_PRESSURE, 100000, 1, "bar|bars|bares"),
	UNIT("mbar", YS_PRESSURE, 100, 1, "mbar|=mb|millibar|millibars|milibar|milibares"),
	UNIT("psi", YS_PRESSURE, 44482216152605, 6451600000, "psi|psig|lbf/in2|lbf/in\xC2\xB2|lb/in2|lb/in\xC2\xB2|lb/po\xC2\xB2|"
	"pound force per square inch|pounds force per square inch|libbra per pollice quadrato|"
	"libbre per pollice quadrato|libra por pulgada cuadrada|libras por pulgada cuadrada|pfund pro quadratzoll|"
	"livre force par pouce carr\xC3\xA9|livres force par pouce carr\xC3\xA9"),
	UNIT("atm", YS_PRESSURE, 101325, 1, "atm|atmosphere|atmospheres|atmosfera|atmosfere|atm\xC3\xB3sfera|"
	"atm\xC3\xB3sferas|atmosph\xC3\xA4re|atmosph\xC3\xA4ren|atmosph\xC3\xA8re|atmosph\xC3\xA8res"),
	UNIT("at", YS_PRESSURE, 980665, 10, "at|kg/cm2|kg/cm\xC2\xB2|kgf/cm2|kgf/cm\xC2\xB2|kp/cm2|kp/cm\xC2\xB2"),
	UNIT("mmHg", YS_PRESSURE, 133322387415, 1000000000, "mmhg|mm hg|millimeter of mercury|millimeters of mercury|"
	"millimetre of mercury|millimetres of mercury|millimetro di mercurio|millimetri di mercurio|"
	"mil\xC3\xADmetro de mercurio|mil\xC3\xADmetros de mercurio|millimeter quecksilbers\xC3\xA4ule|"
	"millim\xC3\xA8tre de mercure|millim\xC3\xA8tres de mercure"),
	UNIT("inHg", YS_PRESSURE, 3386388640341, 1000000000, "inhg|in hg|\xE2\x80\xB3 hg|inch of mercury|inches of mercury|"
	"pollice di mercurio|pollici di mercurio|pulgada de mercurio|pulgadas de mercurio|zoll quecksilbers\xC3\xA4ule|"
	"pouce de mercure|pouces de mercure"),
	UNIT("torr", YS_PRESSURE, 101325, 760, "torr"),

	/* base: W */
	UNIT("W", YS_POWER, 1, 1, "w|watt|watts|vatio|vatios"),
	UNIT("mW", YS_POWER, 1, 1000, "=mW|milliwatt|milliwatts|milivatio|milivatios"),
	UNIT("kW", YS_POWER, 1000, 1, "kw|kilowatt|kilowatts|chilowatt|kilovatio|kilovatios"),
	UNIT("MW", YS_POWER, 1000000, 1, "=MW|megawatt|megawatts|megavatio|megavatios|m\xC3\xA9gawatt|m\xC3\xA9gawatts"),
	UNIT("GW", YS_POWER, 1000000000, 1, "gw|gigawatt|gigawatts|gigavatio|gigavatios"),
	UNIT("hp", YS_POWER, 74569987158227022, 100000000000000, "hp|bhp|horsepower|brake horsepower"),
	UNIT("PS", YS_POWER, 73549875, 100000, "ps|cv|ch|pk|metric horsepower|cavallo vapore|cavalli vapore|cavallo|cavalli|"
	"caballo de vapor|caballos de vapor|caballo|caballos|pferdest\xC3\xA4rke|pferdest\xC3\xA4rken|cheval vapeur|"
	"chevaux vapeur|chevaux"),

	/* base: J */
	UNIT("J", YS_ENERGY, 1, 1, "=J|joule|joules|julio|julios|ws"),
	UNIT("kJ", YS_ENERGY, 1000, 1, "kj|kilojoule|kilojoules|kilojulio|kilojulios"),
	UNIT("MJ", YS_ENERGY, 1000000, 1, "=MJ|megajoule|megajoules|megajulio|megajulios|m\xC3\xA9gajoule|m\xC3\xA9gajoules"),
	UNIT("Wh", YS_ENERGY, 3600, 1, "wh|watt hour|watt hours|wattora|wattstunde|wattstunden"),
	UNIT("kWh", YS_ENERGY, 3600000, 1, "kwh|kw.h|kilowatt hour|kilowatt hours|chilowattora|kilovatio hora|kilovatios hora|"
	"kilowattstunde|kilowattstunden|kilowatt heure|kilowatt heures|kilowatts heures|kilowattheure|kilowattheures"),
	UNIT("MWh", YS_ENERGY, 3600000000, 1, "=MWh|=MWH|megawatt hour|megawatt hours|megawattora|megawattstunde|megawattstunden"),
	UNIT("cal", YS_ENERGY, 4184, 1000, "cal|calorie|calories|caloria|calor\xC3\xAD" "a|calor\xC3\xAD" "as|kalorie|kalorien"),
	UNIT("kcal", YS_ENERGY, 4184, 1, "kcal|kilocalorie|kilocalories|chilocaloria|chilocalorie|kilocalor\xC3\xAD" "a|"
	"kilocalor\xC3\xAD" "as|kilokalorie|kilokalorien"),
	UNIT("BTU", YS_ENERGY, 105505585262, 100000000, "btu|btus"),

	/* base: K */
	SHIFTED("\xC2\xB0" "C", YS_TEMPERATURE, 1, 1, 27315, "\xC2\xB0" "c|\xC2\xBA" "c|\xE2\x84\x83|=C|celsius|degc|deg c|degree celsius|"
	"degrees celsius|grado celsius|gradi celsius|grados celsius|grad celsius|degr\xC3\xA9 celsius|degr\xC3\xA9s celsius|"
	"centigrade|centigrado|centigradi|gradi centigradi"),
	SHIFTED("\xC2\xB0" "F", YS_TEMPERATURE, 5, 9, 45967, "\xC2\xB0" "f|\xC2\xBA" "f|\xE2\x84\x89|=F|fahrenheit|degf|deg f|"
	"degree fahrenheit|degrees fahrenheit|grado fahrenheit|gradi fahrenheit|grados fahrenheit|grad fahrenheit|"
	"degr\xC3\xA9 fahrenheit|degr\xC3\xA9s fahrenheit"),
	SHIFTED("K", YS_TEMPERATURE, 1, 1, 0, "=K|\xC2\xB0k|kelvin|kelvins"),

	/* base: l/100km; of reciprocal ones, km/l */
	UNIT("l/100km", YS_FUEL_CONSUMPTION, 1, 1, "l/100km|l/100|lt/100km|litri/100km|liter/100km|litres/100km|"
	"liter per 100kilometer|liter per 100kilometers|liters per 100kilometers|litre per 100kilometres|"
	"litres per 100kilometres|litro per 100chilometri|litri per 100chilometri|litro por 100kil\xC3\xB3metros|"
	"litros por 100kil\xC3\xB3metros|liter pro 100kilometer|litre aux 100km|litres aux 100km|litros a los 100km|"
	"liter auf 100km"),
	UNIT("l/km", YS_FUEL_CONSUMPTION, 100, 1, "l/km|liter per kilometer|liters per kilometer|litro per chilometro|"
	"litri per chilometro|litro por kil\xC3\xB3metro|litros por kil\xC3\xB3metro|liter pro kilometer|"
	"litre au kilom\xC3\xA8tre|litres au kilom\xC3\xA8tre"),
	UNIT("l/10km", YS_FUEL_CONSUMPTION, 10, 1, "l/10km|l/mil"),
	UNIT("gal/100mi", YS_FUEL_CONSUMPTION, 3785411784, 1609344000, "gal/100mi|gal/100miles"),
	RECIPROCAL("km/l", YS_FUEL_CONSUMPTION, 1, 1, "km/l|kml|kmpl|km/lt|km/litre|km/liter|km/litro|km per litre|"
	"km per liter|km al litro|chilometri al litro|km por litro|kil\xC3\xB3metros por litro|kilometer pro liter"),
	RECIPROCAL("mi/l", YS_FUEL_CONSUMPTION, 1609344, 1000000, "mi/l"),
	RECIPROCAL("mpg", YS_FUEL_CONSUMPTION, 1609344000, 3785411784, "mpg|mpg us|us mpg|mpg (us)|mi/gal|mile per gallon|"
	"miles per gallon|miglio per gallone|miglia per gallone|milla por gal\xC3\xB3n|millas por gal\xC3\xB3n|"
	"meile pro gallone|meilen pro gallone|mile par gallon|miles par gallon"),
	RECIPROCAL("mpg imp", YS_FUEL_CONSUMPTION, 1609344, 4546090, "mpg imp|imp mpg|mpg (imp)|mpg imperial|imperial mpg|"
	"mpg uk|uk mpg|mpg (uk)|m/guk|m/g imp|mi/imp gal|mi/gal imp|mile per imp gallon|miles per imp gallon|"
	"mile per imperial gallon|miles per imperial gallon|miglio per gallone imperiale|miglia per gallone imperiale|"
	"milla por gal\xC3\xB3n imperial|millas por gal\xC3\xB3n imperial|meile pro imp gallone|meilen pro imp gallone|"
	"mile par gallon imp\xC3\xA9rial|miles par gallon imp\xC3\xA9rial"),

	/* base: kWh/100km; of reciprocal ones, km/kWh */
	UNIT("kWh/100km", YS_ELECTRIC_CONSUMPTION, 1, 1, "kwh/100km|kwh/100"),
	UNIT("kWh/100mi", YS_ELECTRIC_CONSUMPTION, 1000000, 1609344, "kwh/100mi"),
	UNIT("kWh/km", YS_ELECTRIC_CONSUMPTION, 100, 1, "kwh/km"),
	UNIT("Wh/km", YS_ELECTRIC_CONSUMPTION, 1, 10, "wh/km"),
	UNIT("Wh/mi", YS_ELECTRIC_CONSUMPTION, 100000, 1609344, "wh/mi"),
	RECIPROCAL("km/kWh", YS_ELECTRIC_CONSUMPTION, 1, 1, "km/kwh"),
	RECIPROCAL("mi/kWh", YS_ELECTRIC_CONSUMPTION, 1609344, 1000000, "mi/kwh"),

	/* base: g/km */
	UNIT("g/km", YS_EMISSION, 1, 1, "g/km|gr/km|g co2/km|gco2/km"),
	UNIT("g/mi", YS_EMISSION, 1000000, 1609344, "g/mi"),
	UNIT("mg/km", YS_EMISSION, 1, 1000, "=mg/km"),
	UNIT("kg/km", YS_EMISSION, 1000, 1, "kg/km"),

	/* base: % */
	UNIT("%", YS_SHARE, 1, 1, "%|pct|percent|per cent|percento|per cento|por ciento|prozent|pour cent"),
	UNIT("\xE2\x80\xB0", YS_SHARE, 1, 10, "\xE2\x80\xB0|permille|per mille|por mil|promille|pour mille"),
	UNIT("ppm", YS_SHARE, 1, 10000, "ppm"),

	/* base: rpm */
	UNIT("rpm", YS_ROTATION, 1, 1, "rpm|r.p.m|rev/min|r/min|1/min|min 1|min^-1|min\xE2\x81\xBB\xC2\xB9|giri/min|giri al minuto|"
	"giri/minuto|u/min|tr/min|tours/min|upm|revoluciones por minuto|umdrehungen pro minute"),

	/* base: Hz */
	UNIT("Hz", YS_FREQUENCY, 1, 1, "hz|hertz|hercio|hercios"),
	UNIT("kHz", YS_FREQUENCY, 1000, 1, "khz|kilohertz|kilohercio|kilohercios"),
	UNIT("MHz", YS_FREQUENCY, 1000000, 1, "mhz|megahertz|megahercio|megahercios|m\xC3\xA9gahertz"),
	UNIT("GHz", YS_FREQUENCY, 1000000000, 1, "ghz|gigahertz|gigahercio|gigahercios"),

	/* base: V */
	UNIT("V", YS_VOLTAGE, 1, 1, "v|volt|volts|voltio|voltios"),
	UNIT("mV", YS_VOLTAGE, 1, 1000, "=mV"),
	UNIT("kV", YS_VOLTAGE, 1000, 1, "kv"),

	/* base: A */
	UNIT("A", YS_CURRENT, 1, 1, "=A|ampere|amperes|amp|amps|amperio|amperios|amp\xC3\xA8re|amp\xC3\xA8res"),
	UNIT("mA", YS_CURRENT, 1, 1000, "=mA|milliampere|milliamperes|miliamperio|miliamperios|milliamp\xC3\xA8re|"
	"milliamp\xC3\xA8res"),
	UNIT("kA", YS_CURRENT, 1000, 1, "=kA"),

	/* base: Ah */
	UNIT("Ah", YS_CHARGE, 1, 1, "ah"),
	UNIT("mAh", YS_CHARGE, 1, 1000, "=mAh|=mah|milliamp hours"),
};

const int	ys_nunits = (int) (sizeof(ys_units) / sizeof(ys_units[0]));

const char *
ys_unit_help(void)
{
	return "lengths (km, m, mi, ft ...), areas (m2, ha, ac ...), volumes (l, m3, gal ...), masses (kg, t, lb ...), "
		"durations (s, min, h, d ...), speeds (km/h, mph, kn ...), force (N), torque (Nm, lb-ft), pressure (bar, kPa, psi ...), "
		"power (kW, hp, PS ...), energy (kWh, MJ ...), \xC2\xB0" "C, \xC2\xB0" "F, K, l/100km, km/l, mpg, mpg imp, kWh/100km, g/km, %, "
		"rpm, Hz, V, A, Ah, and currencies by their codes (EUR, USD ...)";
}
