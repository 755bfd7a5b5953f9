import type { Knex } from "knex";

/**
 * Names, e-mail addresses and phone numbers are compared by one folding, which PostgreSQL alone computes: for the search,
 * for the recognition of a known guest and for the lock of a name (docs/decisions/0013).
 *
 * It rewrites pms.guests and builds its indexes again, under an exclusive lock of that table.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(
    [folding(await caseCollation(knex)), phones, searching, columns]
      .join("\n")
      // To Knex, a question mark is a value.
      .replaceAll("?", "\\?"),
  );
  await knex.raw("ANALYZE pms.guests");
}

/** Lower case by Unicode, whatever the database's locale is: PostgreSQL's own from 17 on, ICU's before. */
async function caseCollation(knex: Knex): Promise<string> {
  const { rows } = (await knex.raw(
    `SELECT collname FROM pg_collation WHERE collnamespace = 'pg_catalog'::regnamespace
       AND collname IN ('pg_c_utf8', 'und-x-icu') ORDER BY collname = 'pg_c_utf8' DESC LIMIT 1`,
  )) as { rows: { collname: string }[] };
  return rows[0]?.collname ?? "default";
}

/** As a bracket of a regular expression. Neither `\s` nor `[[:space:]]`, which depend on the collation. */
const blanks = String.raw`[\u0009-\u000d\u0020\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\u30fb]+`;

/** Combining marks of Latin, Greek, Cyrillic, Hebrew and Arabic. Vowel signs of Indic scripts make other names, and stay. */
const marks = String.raw`\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f`;

/** Default_Ignorable_Code_Point of Unicode: what no reader sees. */
const invisible = String.raw`\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff`;

/** Letters of Han, Kana, Bopomofo and Hangul: scripts that write no blanks between words. */
const letters = String.raw`[\u1100-\u11ff\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3031-\u3035\u303b\u3041-\u3096\u309b-\u30fa\u30fc-\u30ff\u3105-\u312f\u31a0-\u31bf\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\U0001aff0-\U0001b16f\U00020000-\U000323af]`;

/** Signs that stand for an apostrophe, in the order of their code points. NFKD takes some apart and makes others. */
const apostrophes = "`´ʹʻʼʽˈˊˋ՚׳ߴߵ‘’‛′‵ꞌ＇";
const dashes = "֊־‐‑‒–—―⁃−﹘﹣－";

/** The countries' calling codes, each exactly (ITU-T E.164). */
const callingCodes =
  "1|7|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]|2[1-689][0-9]|3[578][0-9]|42[0-9]|5[09][0-9]|6[7-9][0-9]|8[035789][0-9]|9[679][0-9]";

const sqlFunction = "LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE";

/**
 * `pms.fold_text`: what a text is compared by. In order: one apostrophe; compatibility forms taken apart (NFKD); marks and
 * invisible characters removed; lower case; letters put together again (NFC); letters that Unicode does not take apart (ß,
 * ł, æ, ...); one dash; digits of Arabic; a blank around each letter of Han, Kana and Hangul; one blank for any.
 *
 * The blanks around single letters let the trigram index find one letter anywhere, and make no difference between a name
 * of these scripts that is written with a blank and without one.
 */
const folding = (collation: string): string => String.raw`
  -- As fold_text, with the blanks at the ends that say that a letter of Han, Kana or Hangul stands there.
  CREATE FUNCTION pms.fold_spaced(given text) RETURNS text ${sqlFunction}
    RETURN regexp_replace(regexp_replace(
      translate(replace(replace(replace(replace(
        normalize(regexp_replace(
          lower(normalize(translate(given, '${apostrophes}', '${"''".repeat(apostrophes.length)}'), NFKD) COLLATE "${collation}"),
          '[${marks}${invisible}]+', '', 'g'), NFC),
        'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe'), 'þ', 'th'),
        'łøđðħŧıςیىکة٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹${dashes}${apostrophes}', 'loddhtiσييكه01234567890123456789${"-".repeat(dashes.length)}${"''".repeat(apostrophes.length)}'),
      '(${letters}[\u3099\u309a]*)', ' \1 ', 'g'), '${blanks}', ' ', 'g');

  CREATE FUNCTION pms.fold_text(given text) RETURNS text ${sqlFunction}
    RETURN btrim(pms.fold_spaced(given));
  COMMENT ON FUNCTION pms.fold_text IS 'What names and addresses are searched and compared by (docs/decisions/0013).';
`;

const phones = `
  -- '+491712345678' where the country is known, '01712345678' where it is not; null without a digit. A zero in brackets is
  -- one that is dialed only inside the country.
  CREATE FUNCTION pms.phone_canonical(phone text) RETURNS text ${sqlFunction}
    RETURN nullif(nullif(regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(
      pms.fold_text(phone), '\\( *0 *\\)', '', 'g'), '[^0-9+]', '', 'g'), '(?<=.)[+]', '', 'g'),
      '^([+]0*|00)(?=[1-9])', '+'), '^(?=[1-9])', '0'), ''), '+');

  -- The number inside its country, without the zero before it.
  CREATE FUNCTION pms.phone_national(canonical text) RETURNS text ${sqlFunction}
    RETURN regexp_replace(canonical, '^([+](${callingCodes})(?=[0-9]{3})|[+0])0*(?=[0-9])', '');

  -- What guests.phone_key may be of a guest who has this phone. An international number may lack its +.
  CREATE FUNCTION pms.phone_keys(phone text) RETURNS text[] ${sqlFunction}
    RETURN (SELECT ARRAY[pms.phone_national(c), substr(c, 2), pms.phone_national('+' || substr(c, 2))]
      FROM (SELECT pms.phone_canonical(phone)) AS given (c) WHERE c IS NOT NULL);

  -- Whether two numbers have the same digits, or the same ones inside a country and one of them names no country.
  CREATE FUNCTION pms.same_phone(a text, b text) RETURNS boolean ${sqlFunction}
    RETURN (SELECT coalesce(substr(c, 2) = substr(d, 2)
        OR (pms.phone_national(c) = pms.phone_national(d) AND NOT (c LIKE '+%' AND d LIKE '+%')), false)
      FROM (SELECT pms.phone_canonical(a), pms.phone_canonical(b)) AS given (c, d));
`;

/** What text is searched, and the regular expressions for a query. Short words count at the beginning of a word. */
const searching = String.raw`
  -- Its words, with a blank before and behind each. The phone as it is written only where it has more than digits.
  CREATE FUNCTION pms.contact_text(name text, email text, phone text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN ' ' || pms.fold_text(name) || ' ' || coalesce(pms.fold_text(email) || ' ', '')
      || coalesce(pms.phone_canonical(phone) || ' ', '')
      || CASE WHEN phone ~ '[^-0-9+()/. ]' THEN pms.fold_text(phone) || ' ' ELSE '' END;

  CREATE FUNCTION pms.literal_pattern(word text) RETURNS text ${sqlFunction}
    RETURN regexp_replace(word, '([\\^$.|?*+()\[\]{}])', '\\\1', 'g');

  -- For the index: pg_trgm takes no letter from U+0800 on out of a regular expression. Null where the pattern is more than
  -- a literal.
  CREATE FUNCTION pms.like_pattern(pattern text) RETURNS text ${sqlFunction}
    RETURN CASE WHEN pattern ~ '^(\\.|[^\\^$.|?*+()\[\]{}])*$' THEN '%' || regexp_replace(pattern, '([%_])', '\\\1', 'g') || '%' END;

  -- The beginning of a word is spelt out, for pg_trgm takes nothing from \m that an index could look for.
  CREATE FUNCTION pms.word_pattern(word text) RETURNS text ${sqlFunction}
    RETURN CASE WHEN length(word) < 3 AND word ~ '^[^ !-/:-@\[-${"`"}{-~]' THEN $re$[ .,/@'(+-]$re$ ELSE '' END
      || pms.literal_pattern(word);

  -- A number is found by its digits, whether it is stored with its country or without. It may also be typed as it stands
  -- in a name or an address. Without a + or a 0 before it, it may or may not begin with a country's code.
  CREATE FUNCTION pms.number_pattern(typed text) RETURNS text ${sqlFunction}
    RETURN (
      WITH canonical AS (SELECT pms.phone_canonical(typed) AS phone),
      number AS (
        SELECT regexp_replace(phone, '^(\+|0(?=[1-9]))', '') AS digits,
          CASE WHEN phone LIKE '+%' OR regexp_replace(typed, '[^0-9]', '', 'g') !~ '^0' THEN pms.phone_national('+' || substr(phone, 2)) END AS national,
          CASE WHEN phone LIKE '+%' THEN 5 ELSE 8 END AS least
        FROM canonical
      )
      SELECT concat_ws('|',
        CASE WHEN length(digits) < 3 THEN $re$[ .,/@'(+-]0?$re$ || digits ELSE digits END,
        CASE WHEN national <> digits AND length(national) >= least THEN ' 0' || national END,
        CASE WHEN digits <> typed AND (length(digits) < 3 OR position(digits IN typed) = 0) THEN pms.word_pattern(typed) END)
      FROM number);

  -- The regular expressions that must all match a contact's text, that of the longest word first. Blanks inside a number
  -- do not divide it.
  CREATE FUNCTION pms.search_patterns(query text) RETURNS text[] ${sqlFunction}
    RETURN (
      WITH words AS (
        SELECT DISTINCT pms.fold_spaced(part) AS word
        FROM regexp_split_to_table(regexp_replace(query, '(?<=[-0-9+()/])${blanks}(?=[-0-9()/])', '', 'g'), '${blanks}') AS part
      ), patterns AS (
        SELECT CASE WHEN word ~ '^[-0-9+()/.]*[0-9][-0-9+()/.]*$' THEN pms.number_pattern(word)
          ELSE pms.word_pattern(word) END AS pattern, length(regexp_replace(word, '[!-/:-@\[-${"`"}{-~]', '', 'g')) AS letters
        FROM words WHERE btrim(word) <> ''
      )
      -- Of a query that has nothing to be seen: a pattern that nothing matches, for each text begins with a blank.
      SELECT coalesce(array_agg(pattern ORDER BY letters DESC, pattern), ARRAY['^[^ ]']) FROM patterns);
`;

const columns = `
  DROP FUNCTION pms.find_guests(text, integer);
  ALTER TABLE pms.guests
    DROP COLUMN search_text,
    DROP COLUMN email_key,
    DROP COLUMN phone_digits,
    -- Columns, because row-level security lets no function of a column near an index (it is not leakproof).
    ADD COLUMN name_key text NOT NULL GENERATED ALWAYS AS (pms.fold_text(name)) STORED,
    ADD COLUMN email_key text GENERATED ALWAYS AS (pms.fold_text(email)) STORED,
    ADD COLUMN phone_key text GENERATED ALWAYS AS (pms.phone_national(pms.phone_canonical(phone))) STORED,
    ADD COLUMN search_text text NOT NULL GENERATED ALWAYS AS (pms.contact_text(name, email, phone)) STORED;
  CREATE INDEX guests_email ON pms.guests (hotel_id, email_key) WHERE email_key IS NOT NULL;
  CREATE INDEX guests_phone ON pms.guests (hotel_id, phone_key) WHERE phone_key IS NOT NULL;
  CREATE INDEX guests_search ON pms.guests USING gin (hotel_id, search_text gin_trgm_ops);

  -- This one look is made past the tenant policy, inside the caller's own hotel, and gives ids alone (docs/decisions/0007).
  -- The index is asked for the two longest words.
  CREATE FUNCTION pms.find_guests(patterns text[], most integer) RETURNS SETOF uuid
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    AS $$
      (SELECT guest_id FROM pms.guests
       WHERE hotel_id = core.tenant_id() AND pms.like_pattern(patterns[1]) IS NOT NULL
         AND search_text LIKE pms.like_pattern(patterns[1]) AND search_text LIKE coalesce(pms.like_pattern(patterns[2]), '%')
         AND (cardinality(patterns) = 1 OR search_text ~ ALL (patterns)) LIMIT most)
      UNION ALL
      (SELECT guest_id FROM pms.guests
       WHERE hotel_id = core.tenant_id() AND pms.like_pattern(patterns[1]) IS NULL
         AND search_text ~ patterns[1] AND search_text LIKE coalesce(pms.like_pattern(patterns[2]), '%')
         AND search_text ~ ALL (patterns) LIMIT most) $$;
`;
