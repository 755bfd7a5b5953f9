/** The seed: a platform that has grown, made up from a scale and a day. */
import { hash } from "@node-rs/argon2";
import pg from "pg";

import type { Day } from "../../core/mod.ts";
import { seedHotels, seedPassword } from "./hotels.ts";
import { loadSeed, type Say } from "./load.ts";

export { firstManager, grandManager, seedPassword } from "./hotels.ts";
export type { Say } from "./load.ts";

export interface SeedOptions {
  /** The owner's database, migrated. */
  readonly url: string;
  /** 1: 200 hotels with 2,000,000 bookings, and a big one with 1,000,000. */
  readonly scale: number;
  /** The business date; all dates follow from it. */
  readonly day: Day;
  readonly say: Say;
}

/** `SEED_SCALE`, 1 by default. */
export function scaleOf(variables: Readonly<Record<string, string | undefined>>): number {
  const scale = Number(variables["SEED_SCALE"] ?? 1);
  if (!(scale > 0 && scale <= 1)) throw new Error("SEED_SCALE is a number above 0 and at most 1.");
  return scale;
}

/**
 * Fills a database, or leaves it where it is filled already.
 * @returns rows by table; undefined where nothing was to be done
 * @throws Error where it holds a seed of another scale
 */
export async function seed({ url, scale, day, say }: SeedOptions): Promise<Map<string, number> | undefined> {
  const hotels = seedHotels(scale);
  const found = await seedOf(url, hotels[0]?.id ?? "");
  if (found !== undefined) {
    const wanted = remarkOf(scale, "");
    if (!found.startsWith(wanted)) throw new Error(`This database has another seed: "${found}" Use an empty one.`);
    say(`It is there already: "${found}"`);
    return undefined;
  }
  // The salt is part of the seed. As plugins/identity/passwords/hashing.ts has the rest.
  const salt = Buffer.from("keyrack-seed-salt");
  const passwordHash = await hash(seedPassword, { memoryCost: 19 * 1024, timeCost: 2, parallelism: 1, salt });
  return loadSeed(url, { hotels, day, passwordHash, remark: remarkOf(scale, day) }, say);
}

const remarkOf = (scale: number, day: Day): string => `A seed of scale ${scale}, as of ${day}`;

/** The seed's scale and day, as the database stores them. */
async function seedOf(url: string, firstHotel: string): Promise<string | undefined> {
  const client = new pg.Client({ connectionString: url, application_name: "keyrack seed" });
  await client.connect();
  try {
    const { rows } = await client.query<{ remark: string }>(
      "SELECT terms_and_conditions AS remark FROM identity.hotels WHERE hotel_id = $1",
      [firstHotel],
    );
    return rows[0]?.remark;
  } finally {
    await client.end();
  }
}
