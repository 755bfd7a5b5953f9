/**
 * Runs on Deno, with nothing allowed but to call the platform and to read code: plays the plugins' parts of the demo.
 */
import { playDemo } from "../plugin/demo_part.ts";

const [, , address = "", isPlayed = ""] = process.argv;
process.stdout.write(`\n${JSON.stringify(await playDemo(address, isPlayed === "played"))}\n`);
