/** Plays the plugins' parts of the demo. Runs on Deno, and can only call the platform and read code. */
import { playDemo } from "../plugin/demo_part.ts";

const [, , address = "", isPlayed = ""] = process.argv;
process.stdout.write(`\n${JSON.stringify(await playDemo(address, isPlayed === "played"))}\n`);
