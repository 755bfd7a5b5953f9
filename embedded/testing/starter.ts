/** A program for tests to kill: starts the database of the folder in argv, prints one line, and keeps running. */
import { startEmbeddedPostgres } from "../mod.ts";

const [dataDir = ""] = process.argv.slice(2);
try {
  const database = await startEmbeddedPostgres({ dataDir, settings: { fsync: "off" } });
  process.stdout.write(`ready ${database.url}\n`);
  process.once("SIGTERM", () => void database.stop());
} catch (error) {
  process.stdout.write(`failed ${error instanceof Error ? error.message : String(error)}\n`);
}
