/** Tries everything, and prints what came of it. Its argument: the targets as JSON. */
import { type Targets, tryEverything } from "./attempts.ts";

process.stdout.write(JSON.stringify(await tryEverything(JSON.parse(process.argv[2] ?? "") as Targets)));
process.exit(0);
