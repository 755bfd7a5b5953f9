/** The operator's commands: `keyrack minibar <command>`. */
import * as z from "zod";

import { type Command, daySchema, defineCommand, printable, type Trx } from "#core/mod.ts";

import type { manifest } from "./manifest.ts";
import { RestockLine } from "./models/restock_line.ts";

export const commands: Readonly<Record<string, Command>> = {
  restock: defineCommand({
    summary: "List the items to refill in one hotel after a day",
    args: {
      hotel: z.uuid().describe("The hotel's id"),
      day: daySchema.describe("The business date of the charges"),
    },
    options: { least: z.int().min(1).default(1).describe("List only items of which at least this number is missing") },
    run: async ({ args, options }, { open, print }) => {
      // The context that `setup` gets, with the permissions of the manifest.
      const { db } = await open<typeof manifest>();
      const lines = await db.tenant(args.hotel, (trx) => readRestock(trx, args, options.least), { readOnly: true });
      for (const { item, quantity } of lines) print(`${quantity}  ${printable(item)}`);
    },
  }),
};

function readRestock(
  trx: Trx,
  { hotel, day }: { readonly hotel: string; readonly day: string },
  least: number,
): Promise<RestockLine[]> {
  return RestockLine.query(trx)
    .where({ hotel_id: hotel, day })
    .where("quantity", ">=", least)
    .orderBy("item")
    .execute();
}
