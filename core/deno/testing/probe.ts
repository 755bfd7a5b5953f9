/** Runs all attempts and prints their outcomes. Takes the targets as JSON in its argument. */
import { type Targets, tryEverything } from "./attempts.ts";

process.stdout.write(JSON.stringify(await tryEverything(JSON.parse(process.argv[2] ?? "") as Targets)));
process.exit(0);
