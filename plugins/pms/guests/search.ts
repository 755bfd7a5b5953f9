/** Searches guests by parts of their names, e-mail addresses and phone numbers, folded by PostgreSQL. */
import type { Trx } from "../../../core/mod.ts";
import { queryOne } from "../../../core/mod.ts";

/** Describes the search in the API documentation. */
export const searchDescription =
  "Each word must occur in the guest's name, e-mail address or phone number, in the profile or in a booking. " +
  "Accents, case and the kinds of apostrophes, dashes and spaces make no difference. " +
  "A word of one or two letters matches at the beginning of a word. In Chinese, Japanese and Korean it matches " +
  "anywhere. Digits of a phone number match with or without the country code.";

/** The result of a search. */
export interface FoundGuests {
  /** Regular expressions that must all match. See `manyMatch`. */
  readonly patterns: readonly string[];
  /** Undefined if more than 1,000 guests match, or if only a check of each row finds them. */
  readonly ids: readonly string[] | undefined;
  /** The guests that match by a former contact. Undefined if there are more than 1,000 of them. */
  readonly formerIds?: readonly string[] | undefined;
}

/** A text with more matches is treated as a common word. */
const maxMatches = 1000;

/**
 * Finds the guests of the caller's hotel in whose name, e-mail address or phone number each word of the text occurs.
 * A word of one or two letters matches at the beginning of a word, and anywhere in scripts without spaces.
 *
 * Skips the trigram index in two cases:
 * - The text has no letters and no digits: PostgreSQL would read the whole index, for all hotels.
 * - The text is common: 25 or more of the first 1,000 guests match, so it would find a large part of the hotel.
 */
export async function findGuests(trx: Trx, hotelId: string, text: string): Promise<FoundGuests> {
  const found = await queryOne<{ patterns: string[]; index: boolean; ids: string[] }>(
    trx,
    `SELECT input.patterns, input.index,
       ARRAY(SELECT guest_id FROM pms.find_guests(input.patterns, :most) AS guest_id WHERE input.index) AS ids
     FROM (SELECT patterns, show_trgm(pms.fold_text(:text)) <> '{}' AND (
       SELECT count(*) < 25 FROM (
         SELECT search_text FROM pms.guests WHERE hotel_id = :hotel ORDER BY guest_id LIMIT 1000
       ) AS sampled WHERE search_text ~ ALL (patterns)
     ) AS index FROM pms.search_patterns(:text) AS patterns OFFSET 0) AS input`,
    { text, hotel: hotelId, most: maxMatches + 1 },
  );
  const { patterns, index: isUsed, ids } = found;
  if (!isUsed) return { patterns, ids: undefined };
  return ids.length <= maxMatches
    ? { patterns, ids }
    : { patterns, ids: undefined, formerIds: await findFormer(trx, patterns) };
}

/** Finds the guests that match by a former contact. @returns undefined if more than 1,000 match */
async function findFormer(trx: Trx, patterns: readonly string[]): Promise<readonly string[] | undefined> {
  const { ids } = await queryOne<{ ids: string[] }>(
    trx,
    "SELECT ARRAY(SELECT guest_id FROM pms.find_former_contacts(?::text[], ?) AS guest_id) AS ids",
    [[...patterns], maxMatches + 1],
  );
  return ids.length > maxMatches ? undefined : ids;
}

/**
 * Makes the condition that a text matches patterns, for common words. PostgreSQL then checks row by row in the order of
 * the list until the page is full.
 *
 * The condition is a CASE. Under row-level security, PostgreSQL has no statistics of the text. It assumes that hardly a
 * row matches a plain condition, so it would read and sort the whole hotel. For a CASE, it assumes that half of the
 * rows match.
 *
 * The former contacts are a scalar subquery. With EXISTS, PostgreSQL would read all matching former contacts of the
 * hotel. If few guests match by a former contact, their ids are compared instead, which is faster.
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
