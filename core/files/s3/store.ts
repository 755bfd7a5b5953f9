/** Stores files in a bucket of S3 or a compatible store, under a prefix that only Keyrack uses. */
import { Readable } from "node:stream";
import type { S3mini } from "s3mini";
import * as z from "zod";

import { checkName, isFileName } from "../names.ts";
import { type S3Call, s3Calls, S3Fault, type S3Limits, usualLimits } from "./client.ts";
import type { S3Settings } from "./settings.ts";
import { uploadTo } from "./upload.ts";
import { FileMissing, type FileStore } from "../store.ts";

export interface S3Store extends FileStore {
  /** Asks the store once for access. @throws S3Fault */
  check(): Promise<void>;
}

export function s3Store(settings: S3Settings, limits: Partial<S3Limits> = {}): S3Store {
  const { prefix } = settings;
  const all: S3Limits = { ...usualLimits, ...limits };
  const { answerMs, partBytes, pageSize } = all;
  const call = s3Calls(settings, all);
  const keyOf = (name: string): string => {
    checkName(name);
    return prefix + name;
  };
  /** Returns the file name of a key, or undefined if the key is not Keyrack's. */
  const nameOf = (key: string): string | undefined => {
    const name = key.startsWith(prefix) ? key.slice(prefix.length) : "";
    return isFileName(name) ? name : undefined;
  };
  return {
    async write(name, content, signal) {
      return uploadTo(call, keyOf(name), content, partBytes, signal);
    },
    async read(name, range) {
      const key = keyOf(name);
      const { response, stop } = await call(`read ${key}`, async (s3, control) => ({
        // The library expects the first byte after the range, and not the last byte in it.
        response: await (range === undefined
          ? s3.getObjectRaw(key)
          : s3.getObjectRaw(key, false, range.start, range.end + 1)),
        stop: control,
      })).catch((error: unknown) => {
        // A missing bucket is a fault of the settings, and not a missing file.
        if (error instanceof S3Fault && error.status === 404 && error.code !== "NoSuchBucket")
          throw new FileMissing(name);
        throw error;
      });
      if (range !== undefined && response.status !== 206) {
        stop.abort();
        throw new S3Fault(`S3 returned all of ${key} when asked for a part of it.`);
      }
      const bytes = bytesOf(key, response, stop, answerMs);
      return new Readable({
        read() {
          bytes.next().then(
            ({ value }) => this.push(value ?? null),
            (error: Error) => this.destroy(error),
          );
        },
        // Aborts the request immediately. A generator alone would end only when the next bytes arrive.
        destroy(error, done) {
          stop.abort();
          done(error);
        },
      });
    },
    async remove(name) {
      const key = keyOf(name);
      await call(`remove ${key}`, (s3) => s3.deleteObject(key));
    },
    async *list() {
      let token: string | undefined;
      do {
        const page = await listPage(call, prefix, pageSize, token);
        for (const { Key: key, LastModified: modifiedAt } of page.objects) {
          const name = nameOf(key);
          if (name !== undefined) yield { name, modifiedAt };
        }
        token = page.next;
      } while (token !== undefined);
    },
    async sweep(olderThanMs) {
      for await (const { Key: key, UploadId: id, Initiated: begun } of uploads(call, prefix)) {
        if (nameOf(key) === undefined || begun.getTime() >= Date.now() - olderThanMs) continue;
        await call(`abort ${key}`, (s3) => s3.abortMultipartUpload(key, id)).catch((error: unknown) => {
          // Another process aborted this upload first.
          if (!(error instanceof S3Fault && error.status === 404)) throw error;
        });
      }
    },
    async check() {
      await listPage(call, prefix, 1, undefined, { attempts: 1, answerMs: Math.min(answerMs, 5000) });
    },
  };
}

async function* bytesOf(
  key: string,
  response: Response,
  stop: AbortController,
  answerMs: number,
): AsyncGenerator<Uint8Array, undefined> {
  const stated = response.headers.get("content-length");
  const whole = stated === null ? undefined : Number(stated);
  let bytes = 0;
  try {
    const reader = response.body?.getReader();
    for (;;) {
      // Limits the wait for S3 only, because a reader can be slow.
      const timer = setTimeout(() => stop.abort(new S3Fault(`nothing came for ${answerMs} ms`)), answerMs);
      const next = await reader?.read().finally(() => clearTimeout(timer));
      clearTimeout(timer);
      if (next?.value === undefined) break;
      bytes += next.value.length;
      yield next.value;
    }
  } catch (error) {
    throw new S3Fault(`The download of ${key} broke off after ${bytes} of ${whole ?? "unknown"} bytes.`, {
      retryable: true,
      cause: error,
    });
  }
  if (whole !== undefined && bytes !== whole)
    throw new S3Fault(`The download of ${key} ended after ${bytes} of ${whole} bytes.`, { retryable: true });
  return undefined;
}

async function listPage(
  call: S3Call,
  prefix: string,
  size: number,
  token: string | undefined,
  limits: Partial<S3Limits> = {},
): Promise<{
  readonly objects: NonNullable<Awaited<ReturnType<S3mini["listObjects"]>>>;
  readonly next: string | undefined;
}> {
  const what = `list ${prefix === "" ? "the bucket" : prefix}`;
  const page = await call(what, (s3) => s3.listObjectsPaged("/", prefix, size, token, { delimiter: "/" }), limits);
  if (!page?.objects)
    throw new S3Fault(`S3 answered 404 (NoSuchBucket) when asked to ${what}.`, { status: 404, code: "NoSuchBucket" });
  return { objects: page.objects, next: page.nextContinuationToken };
}

const upload = z.object({ Key: z.string(), UploadId: z.string(), Initiated: z.coerce.date() });

/** Parses the library's answer. It is a list for several uploads, an object for one, and a string for none. */
const uploadPage = z.object({
  ListMultipartUploadsResult: z.union([
    z.object({
      Upload: z.union([z.array(upload), upload.transform((one) => [one])]).default([]),
      IsTruncated: z.string().optional(),
      NextKeyMarker: z.string().optional(),
      NextUploadIdMarker: z.string().optional(),
    }),
    z.string().transform(() => ({ Upload: [], IsTruncated: "false", NextKeyMarker: "", NextUploadIdMarker: "" })),
  ]),
});

async function* uploads(call: S3Call, prefix: string): AsyncGenerator<z.output<typeof upload>> {
  let markers = {};
  for (;;) {
    const asked = { ...(prefix === "" ? {} : { prefix }), ...markers };
    const answer = await call(`list the uploads of ${prefix === "" ? "the bucket" : prefix}`, (s3) =>
      s3.listMultipartUploads("/", "", "GET", asked),
    ).catch((error: unknown) => {
      // Some stores can't list uploads. They remove abandoned uploads by a rule of their own.
      if (error instanceof S3Fault && error.status === 501) return undefined;
      throw error;
    });
    if (answer === undefined) return;
    const { Upload, IsTruncated, NextKeyMarker, NextUploadIdMarker } =
      uploadPage.parse(answer).ListMultipartUploadsResult;
    yield* Upload;
    if (IsTruncated !== "true" || NextKeyMarker === undefined || NextKeyMarker === "") return;
    markers = { "key-marker": NextKeyMarker, "upload-id-marker": NextUploadIdMarker ?? "" };
  }
}
