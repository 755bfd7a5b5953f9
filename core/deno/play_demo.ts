/**
 * Plays the plugins' parts of the demo. Runs on Deno, and can only call the platform and the database, and read code.
 * Gets both addresses on standard input, because other programs could read an argument or a variable.
 */
import { text } from "node:stream/consumers";
import * as z from "zod";

import { playDemo } from "../plugin/demo_part.ts";

const targetSchema = z.strictObject({ address: z.string(), databaseUrl: z.string() }).nullable();

const target = targetSchema.parse(JSON.parse(await text(process.stdin)));
process.stdout.write(`\n${JSON.stringify(await playDemo(target ?? undefined))}\n`);
