import type { Context } from "koa";
import { promisify } from "node:util";
import { gzip } from "node:zlib";

const pack = promisify(gzip);

/**
 * Answers with a file that never changes while the process runs, and compresses it once. To compress the bundle of
 * /docs for each request took 32 ms of a core, and anyone can request it.
 * @param read called once, at the first request
 */
export function packedFile(type: string, read: () => Promise<Buffer>): (ctx: Context) => Promise<void> {
  let made: Promise<readonly [plain: Buffer, packed: Buffer]> | undefined;
  const make = async (): Promise<readonly [Buffer, Buffer]> => {
    const plain = await read();
    return [plain, await pack(plain)];
  };
  return async (ctx) => {
    made ??= make();
    const [plain, packed] = await made.catch((error: unknown) => {
      made = undefined;
      throw error;
    });
    ctx.type = type;
    ctx.vary("Accept-Encoding");
    const isPacked = ctx.acceptsEncodings("gzip", "identity") === "gzip";
    if (isPacked) ctx.set("Content-Encoding", "gzip");
    ctx.body = isPacked ? packed : plain;
  };
}
