/** The search of guests by parts of their names, e-mail addresses and phone numbers, as PostgreSQL folds them. */
import type { Trx } from "../../../core/mod.ts";

/** How a text is searched, for the descriptions of the calls. */
export const searchDescription =
  "Each word must occur in the guest's name, e-mail address or phone number, as the profile shows them or a booking of the guest does. Accents, case and the kinds of apostrophes, dashes and blanks make no difference. " +
  "A word of one or two letters counts at the beginning of a word, and anywhere in Chinese, Japanese and Korean. A phone number is found by its digits, with or without the country's code.";

/** What a search found. */
export interface FoundGuests {
  /** Regular expressions that must all match: see `manyMatch`. */
  readonly patterns: readonly string[];
  /** Undefined where there are too many, or where only a look at each row finds them. */
  readonly ids: readonly string[] | undefined;
  /** Of these, those who are found by a former contact; undefined as `ids`. */
  readonly formerIds?: readonly string[] | undefined;
}

/** More matches than this are a word that everybody has. */
const mostMatches = 1000;

/**
 * The guests of the caller's hotel in whose name, e-mail address or phone each word of the text occurs; a word of one or
 * two letters counts at the beginning of a word, and anywhere in scripts without blanks between words. A phone number is
 * found by its digits.
 *
 * The index is not asked where it is of no use: for a text without letters and digits it would be read from end to end,
 * for all hotels; and of a word that one in forty of some guests has, it would find most of the hotel.
 */
export async function findGuests(trx: Trx, hotelId: string, text: string): Promise<FoundGuests> {
  const { rows } = (await trx.raw(
    `SELECT asked.patterns, asked.index,
       ARRAY(SELECT guest_id FROM pms.find_guests(asked.patterns, :most) AS guest_id WHERE asked.index) AS ids
     FROM (SELECT patterns, show_trgm(pms.fold_text(:text)) <> '{}' AND (
       SELECT count(*) < 25 FROM (SELECT search_text FROM pms.guests WHERE hotel_id = :hotel ORDER BY guest_id LIMIT 1000) AS sampled
       WHERE search_text ~ ALL (patterns)
     ) AS index FROM pms.search_patterns(:text) AS patterns OFFSET 0) AS asked`,
    { text, hotel: hotelId, most: mostMatches + 1 },
  )) as { rows: [{ patterns: string[]; index: boolean; ids: string[] }] };
  const [{ patterns, index: wasAsked, ids }] = rows;
  if (!wasAsked) return { patterns, ids: undefined };
  return ids.length <= mostMatches
    ? { patterns, ids }
    : { patterns, ids: undefined, formerIds: await findFormer(trx, patterns) };
}

/** Those who are found by a former contact; undefined where there are too many. */
async function findFormer(trx: Trx, patterns: readonly string[]): Promise<readonly string[] | undefined> {
  const { rows } = (await trx.raw(
    "SELECT ARRAY(SELECT guest_id FROM pms.find_former_contacts(?::text[], ?) AS guest_id) AS ids",
    [[...patterns], mostMatches + 1],
  )) as { rows: [{ ids: string[] }] };
  const [{ ids }] = rows;
  return ids.length > mostMatches ? undefined : ids;
}

/**
 * The condition that a text matches patterns, for words that many have: to be met row by row in the order of the list,
 * until the page is full. Behind row-level security, PostgreSQL knows nothing of the text and guesses that hardly a row
 * matches, so that it would read and sort all of the hotel; of a CASE it takes for granted that half of the rows do.
 *
 * Of EXISTS, PostgreSQL would make a table of all former contacts of the hotel that match. Where few guests are found by a
 * former contact, their ids are compared instead: to read the former contacts of each row took longer than all else.
 * @param text SQL of the profile's text
 * @param row alias of a row with hotel_id and guest_id
 */
export function manyMatch(
  text: string,
  row: string,
  { patterns, formerIds }: FoundGuests,
): { readonly sql: string; readonly values: string[][] } {
  const former =
    formerIds === undefined
      ? `coalesce((SELECT bool_or(c.search_text ~ ALL (?::text[])) FROM pms.guest_contacts c
           WHERE c.hotel_id = ${row}.hotel_id AND c.guest_id = ${row}.guest_id), false)`
      : `${row}.guest_id = ANY (?::uuid[])`;
  const sql = `CASE WHEN ${text} ~ ALL (?::text[]) THEN true ELSE ${former} END`;
  return { sql, values: [[...patterns], [...(formerIds ?? patterns)]] };
}
