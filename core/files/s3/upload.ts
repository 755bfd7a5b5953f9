/**
 * Writes a stream into S3. A small file is one request. A larger file is a multipart upload, and S3 shows it only after
 * its completion. One part at a time is in memory. The database is slower than a bucket nearby, so a second part in
 * memory would save no time.
 *
 * s3mini signs and sends each request. Its own upload of streams is not used, because it takes no abort signal. It also
 * reports success when S3 answers the last request with 200 and an error in the body.
 */
import { createHash } from "node:crypto";
import { addAbortSignal, type Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import type { UploadPart } from "s3mini";

import { newId } from "../../values/ids.ts";
import { type S3Call, S3Fault } from "./client.ts";
import type { WrittenFile } from "../store.ts";
import { asError, memberOf } from "../../values/unknown_value.ts";

/** The time (ms) that a failed or aborted write waits for the removal of its parts. An aborted one must end soon. */
const undoMs = { failed: 15_000, brokenOff: 600 };

const mediaType = "application/octet-stream";

/** Marks a file with its write. If the answer to the last request is lost, the write can recognize its own file. */
const mark = "x-amz-meta-keyrack-write";

export async function uploadTo(
  call: S3Call,
  key: string,
  content: Readable,
  partBytes: number,
  signal: AbortSignal | undefined,
): Promise<WrittenFile> {
  const upload = new Upload(call, key, (error) => content.destroy(error));
  const onAbort = (): void => upload.fail(signal?.reason);
  try {
    signal?.throwIfAborted();
    signal?.addEventListener("abort", onAbort, { once: true });
    if (signal !== undefined) addAbortSignal(signal, content);
    return await send(upload, content, partBytes);
  } catch (error) {
    // A source that was never read would wait forever.
    content.destroy();
    upload.fail(asError(error));
    // After this time, the removal continues in the background. `sweep` removes the parts of a killed process.
    await Promise.race([
      upload.undo().catch(() => undefined),
      sleep(signal?.aborted === true ? undoMs.brokenOff : undoMs.failed, undefined, { ref: false }),
    ]);
    throw error;
  } finally {
    signal?.removeEventListener("abort", onAbort);
  }
}

async function send(upload: Upload, content: Readable, partBytes: number): Promise<WrittenFile> {
  const hash = createHash("sha256");
  let bytes = 0;
  const part = Buffer.allocUnsafeSlow(partBytes);
  let filled = 0;
  for await (const chunk of content) {
    const data: Buffer = typeof chunk === "string" ? Buffer.from(chunk) : chunk;
    hash.update(data);
    bytes += data.length;
    for (let from = 0; from < data.length;) {
      const copied = data.copy(part, filled, from);
      filled += copied;
      from += copied;
      if (filled < partBytes) continue;
      await upload.part(part);
      filled = 0;
    }
  }
  await upload.end(part.subarray(0, filled));
  return { bytes, sha256: hash.digest("hex") };
}

class Upload {
  private readonly call: S3Call;
  private readonly key: string;
  private readonly onFailure: (error: Error) => void;
  private readonly headers: Readonly<Record<typeof mark, string>> = { [mark]: newId() };
  /** Aborts the requests in flight. */
  private readonly stop = new AbortController();
  private readonly parts: UploadPart[] = [];
  private id: string | undefined;
  /** True once the file can be visible. */
  private ending = false;

  constructor(call: S3Call, key: string, onFailure: (error: Error) => void) {
    this.call = call;
    this.key = key;
    this.onFailure = onFailure;
  }

  /** Ends the upload. Only the error of the first call counts. */
  fail(error: Error): void {
    if (this.stop.signal.aborted) return;
    this.stop.abort(error);
    this.onFailure(error);
  }

  /** Sends a part, and returns when S3 has received it. */
  async part(data: Buffer): Promise<void> {
    const { call, key, stop, headers } = this;
    const { signal } = stop;
    this.id ??= await call(`begin ${key}`, (s3) => s3.getMultipartUploadId(key, mediaType, undefined, headers), {
      signal,
    });
    const id = this.id;
    const number = this.parts.length + 1;
    this.parts.push(
      await call(`write part ${number} of ${key}`, (s3) => s3.uploadPart(key, id, data, number), { signal }),
    );
  }

  /** Sends the rest, which can be empty, and makes the file visible. */
  async end(rest: Buffer): Promise<void> {
    const { call, key, id, stop, headers } = this;
    const { signal } = stop;
    if (id === undefined) {
      this.ending = true;
      await call(`write ${key}`, (s3) => s3.putObject(key, rest, mediaType, undefined, headers), { signal });
      return;
    }
    if (rest.length > 0) await this.part(rest);
    this.ending = true;
    try {
      await call(`complete ${key}`, (s3) => this.complete(s3, id), { signal });
    } catch (error) {
      // If S3 completed the upload and its answer was lost, the next attempt finds no such upload.
      if (signal.aborted || !(await this.isThere())) throw error;
    }
  }

  /** Completes the upload. S3 can answer 200 at once and report an error at the end of the body. */
  private async complete(s3: Parameters<Parameters<S3Call>[1]>[0], id: string): Promise<void> {
    const answer: unknown = await s3.completeMultipartUpload(this.key, id, this.parts);
    if (memberOf(answer, "etag") === undefined)
      throw new S3Fault(`S3 could not complete ${this.key}.`, { retryable: true });
  }

  /** Removes the parts and the file of a failed upload. */
  async undo(): Promise<void> {
    const { call, key, id } = this;
    if (id !== undefined) {
      await call(`abort ${key}`, (s3) => s3.abortMultipartUpload(key, id)).catch((error: unknown) => {
        // S3 has already removed or completed the upload.
        if (!isMissing(error)) throw error;
      });
    }
    if (this.ending && (await this.isThere())) await call(`remove ${key}`, (s3) => s3.deleteObject(key));
  }

  private isThere(): Promise<boolean> {
    const { call, key, headers } = this;
    const look = call(`look for ${key}`, async (s3, stop) => {
      const found = await s3.getObjectRaw(key);
      // Only the headers are needed, so the body is not read.
      stop.abort();
      return found.headers.get(mark) === headers[mark];
    });
    return look.catch((error: unknown) => {
      if (isMissing(error)) return false;
      throw error;
    });
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof S3Fault && error.status === 404;
}
