import { createHash } from "node:crypto";
import { Transform, type TransformCallback } from "node:stream";

/** Counts and hashes the bytes that pass through. */
export class Digest extends Transform {
  readonly #hash = createHash("sha256");
  bytes = 0;

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.#hash.update(chunk);
    this.bytes += chunk.length;
    done(null, chunk);
  }

  /** Returns the SHA-256 of all bytes, in hex. Call it once, at the end. */
  sha256(): string {
    return this.#hash.digest("hex");
  }
}
