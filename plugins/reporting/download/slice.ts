import { Transform, type TransformCallback } from "node:stream";

import type { ByteRange } from "../../../core/mod.ts";

/** Passes one range of bytes, and ends after it. */
export class Slice extends Transform {
  readonly #range: ByteRange;
  #at = 0;

  constructor(range: ByteRange) {
    super();
    this.#range = range;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    const { start, end } = this.#range;
    const from = Math.max(0, start - this.#at);
    const to = Math.min(chunk.length, end + 1 - this.#at);
    this.#at += chunk.length;
    if (from < to) this.push(chunk.subarray(from, to));
    if (this.#at > end) this.push(null);
    done();
  }
}
