/** Lists by keyset: the cursor says where the last page ended, so a page costs the same at any depth. */
import * as z from "zod";

import { problems } from "../../errors.ts";
import { queryNumber } from "./query.ts";

/** The query fields of every list. */
export const pageQuery = {
  limit: queryNumber(1, 200).default(50).meta({ description: "Items on a page." }),
  cursor: z.string().max(500).optional().meta({ description: "`next_cursor` of the page before." }),
};

/** The answer of a list. */
export const pageOf = <T extends z.ZodType>(item: T) =>
  z.strictObject({
    items: z.array(item),
    next_cursor: z.string().nullable().meta({ description: "Where the next page starts; null on the last one." }),
  });

/** Packs the sort keys of a page's last row. */
export function encodeCursor(keys: readonly (string | number)[]): string {
  return Buffer.from(JSON.stringify(keys)).toString("base64url");
}

/**
 * Unpacks a cursor.
 * @param shape the schema of the keys, because the client sends the cursor
 * @throws Problem VALIDATION_FAILED
 */
export function decodeCursor<K extends z.ZodType>(cursor: string | undefined, shape: K): z.output<K> | undefined {
  if (cursor === undefined) return undefined;
  try {
    return shape.parse(JSON.parse(Buffer.from(cursor, "base64url").toString("utf8")));
  } catch (cause) {
    const errors = [{ in: "query" as const, pointer: "/cursor", detail: "is not a cursor of this list" }];
    throw problems.VALIDATION_FAILED("/cursor is not a cursor of this list", { errors, cause });
  }
}

/** Makes a page of rows that were read with `limit + 1`. */
export function toPage<Row, Item>(
  rows: readonly Row[],
  limit: number,
  view: (row: Row) => Item,
  keysOf: (row: Row) => readonly (string | number)[],
): { items: Item[]; next_cursor: string | null } {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return {
    items: shown.map(view),
    next_cursor: rows.length > limit && last !== undefined ? encodeCursor(keysOf(last)) : null,
  };
}
