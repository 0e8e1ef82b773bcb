-- The table of synonyms: what it takes, and what is said of the rest.
\set SHOW_CONTEXT never

SELECT yottastore.field('kind', 'text', synonyms => 'kinds');
SELECT yottastore.field('kind', 'numeric', synonyms => 'kinds');
SELECT yottastore.field('kind', 'text', synonyms => '');

INSERT INTO yottastore.synonyms VALUES ('kinds', 'lorry', 'truck'), ('kinds', 'camión', 'truck'),
	('month', 'brumaire', '10'), ('boolean', 'da', 'true');

-- a word has one meaning, and a meaning no other
INSERT INTO yottastore.synonyms VALUES ('kinds', 'lorry', 'van');
INSERT INTO yottastore.synonyms VALUES ('kinds', ' LORRY', 'van');
INSERT INTO yottastore.synonyms VALUES ('kinds', 'Truck', 'van');
INSERT INTO yottastore.synonyms VALUES ('kinds', 'van', 'lorry');
UPDATE yottastore.synonyms SET meaning = 'lorry' WHERE word = 'camión';
INSERT INTO yottastore.synonyms VALUES ('kinds', 'CAMION', 'truck');
INSERT INTO yottastore.synonyms VALUES ('other kinds', 'lorry', 'van');
INSERT INTO yottastore.synonyms VALUES ('kinds', 'van', '');
INSERT INTO yottastore.synonyms VALUES ('kinds', ' ', 'van');
INSERT INTO yottastore.synonyms VALUES ('kinds', repeat('x', 300), 'van');
INSERT INTO yottastore.synonyms VALUES ('', 'a', 'b');
INSERT INTO yottastore.synonyms VALUES ('month', 'nivose', 'december');
INSERT INTO yottastore.synonyms VALUES ('month', 'nivose', '13');
INSERT INTO yottastore.synonyms VALUES ('boolean', 'njet', 'no');
SELECT * FROM yottastore.synonyms ORDER BY list COLLATE "C", word COLLATE "C";

-- everyone reads them; who edits them is the owner's to say
CREATE ROLE regress_words;
SET ROLE regress_words;
SELECT count(*) FROM yottastore.synonyms;
INSERT INTO yottastore.synonyms VALUES ('kinds', 'furgone', 'van');
RESET ROLE;
GRANT INSERT ON yottastore.synonyms TO regress_words;
SET ROLE regress_words;
INSERT INTO yottastore.synonyms VALUES ('kinds', 'furgone', 'van');
INSERT INTO yottastore.synonyms VALUES ('kinds', 'Furgone', 'bus');
RESET ROLE;
REVOKE INSERT ON yottastore.synonyms FROM regress_words;
DROP ROLE regress_words;
DELETE FROM yottastore.synonyms;
