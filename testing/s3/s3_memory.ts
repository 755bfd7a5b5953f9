/**
 * Writes and reads megabytes in S3 in its own process, for a test of its memory. `s3_memory.ts ENDPOINT MEGABYTES`
 * prints by how much the process grew at most.
 */
import { Readable } from "node:stream";

import { s3Store } from "../../core/files/s3/store.ts";

const [endpoint = "", megabytes = "0"] = process.argv.slice(2);
const chunk = Buffer.alloc(1 << 16, "x");
function* chunks(): Generator<Buffer> {
  for (let left = Number(megabytes) << 20; left > 0; left -= chunk.length) yield chunk;
}

const before = process.memoryUsage().rss;
let most = before;
const watch = setInterval(() => {
  most = Math.max(most, process.memoryUsage().rss);
}, 5);
const store = s3Store({
  endpoint,
  bucket: "bucket",
  prefix: "",
  region: "eu-test-1",
  accessKeyId: "id",
  secretAccessKey: "secret",
});
const { bytes, sha256 } = await store.write("large.csv", Readable.from(chunks()));
const afterWrite = most;
let read = 0;
for await (const part of (await store.read("large.csv")) as AsyncIterable<Buffer>) read += part.length;
clearInterval(watch);
const grown = (to: number): number => Math.round((to - before) / (1 << 20));
process.stdout.write(JSON.stringify({ bytes, sha256, read, writeMb: grown(afterWrite), mb: grown(most) }));
