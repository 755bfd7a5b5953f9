/**
 * Starts a real S3 server for a test in this process. It checks signatures. This file adds what s3rver lacks: lists of
 * uploads, their abortion, and lists with pages. The page tokens of s3rver need a cipher that Node has removed. The
 * server can also fail in chosen ways.
 */
import S3rver from "@20minutes/s3rver";
import authentication from "@20minutes/s3rver/lib/middleware/authentication.js";
import { mkdtemp, readdir, readFile, rm, stat, utimes } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import type { Context } from "koa";

import type { S3Settings } from "../../core/files/s3/settings.ts";

/** A failure of a request. */
export type Trouble =
  | { readonly status: number; readonly code: string }
  /** Cuts the connection after this number of bytes of the request. */
  | { readonly cutAfter: number }
  /** Cuts the connection after this number of bytes of the answer. */
  | { readonly cutAnswerAfter: number }
  /** Sends no more after this number of bytes of the answer, and keeps the connection open. */
  | { readonly stallAfter: number }
  /** Handles the request, and cuts the connection instead of the answer. */
  | "lose the answer"
  | "never answer";

export interface TestS3 {
  readonly settings: S3Settings;
  /** Environment of a process that stores its reports on this server. */
  readonly variables: Readonly<Record<string, string>>;
  /** All requests so far, such as "PUT a.csv?partNumber=1". */
  readonly requests: string[];
  /** Requests whose connection closed before the end of the answer. */
  readonly cutOff: string[];
  /** Returns the failure of a request, if it shall fail. */
  trouble: (request: string) => Trouble | undefined;
  /** Lists the keys of uploads that were neither completed nor aborted. */
  uploads(): Promise<string[]>;
  /** Makes these uploads older. */
  age(ms: number): void;
  /** Sets the time of a file. */
  ageFile(name: string, modifiedAt: Date): Promise<void>;
  close(): Promise<void>;
}

const bucket = "keyrack-test";
const prefix = "reports/";

export async function startS3(): Promise<TestS3> {
  const directory = await mkdtemp(path.join(os.tmpdir(), "keyrack-s3-"));
  const server = new S3rver({
    address: "127.0.0.1",
    port: 0,
    silent: true,
    directory,
    vhostBuckets: false,
    configureBuckets: [{ name: bucket }],
  });
  // Without this, s3rver logs the requests that a close cuts off.
  server.logger.silent = true;
  const folder = server.store.getResourcePath(bucket, undefined, "uploads");
  let olderBy = 0;
  const begun = async (): Promise<Begun[]> => {
    const ids = await readdir(folder).catch(() => []);
    const found = ids
      .toSorted((one, other) => (one < other ? -1 : 1))
      .map(async (id) => ({
        id,
        key: await readFile(path.join(folder, id, "key"), "utf8"),
        at: new Date((await stat(path.join(folder, id, "key"))).mtimeMs - olderBy),
      }));
    return Promise.all(found);
  };
  const s3: Omit<TestS3, "settings" | "variables"> = {
    requests: [],
    cutOff: [],
    trouble: () => undefined,
    uploads: async () => (await begun()).map(({ key }) => key),
    age: (ms) => {
      olderBy += ms;
    },
    ageFile: (name, at) => utimes(server.store.getResourcePath(bucket, prefix + name, "object"), at, at),
    close: async () => {
      server.httpServer.closeAllConnections();
      await server.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
  server.middleware.unshift(async (ctx, next) => {
    const { key } = placeOf(ctx);
    const { partNumber, uploadId, uploads } = ctx.query;
    const query =
      partNumber !== undefined
        ? `?partNumber=${String(partNumber)}`
        : uploads !== undefined
          ? "?uploads"
          : uploadId !== undefined
            ? "?uploadId"
            : "";
    const request = `${ctx.method} ${key}${query}`;
    s3.requests.push(request);
    ctx.res.once("close", () => {
      if (!ctx.res.writableFinished) s3.cutOff.push(request);
    });
    await answerOrFail(ctx, s3.trouble(request), next);
  });
  const check = authentication();
  server.middleware.splice(-1, 0, async (ctx, next) => {
    const { uploadId, uploads } = ctx.query;
    const { bucket: asked, key } = placeOf(ctx);
    const aborts = ctx.method === "DELETE" && typeof uploadId === "string";
    if (key !== "" && !aborts) return next();
    // s3rver omits the last slash of a bucket's address. S3 and its clients include it in the signature.
    ctx["params"] = key === "" ? { bucket: `${asked}/` } : { bucket: asked, key };
    await check(ctx, async () => {
      delete ctx.headers.authorization;
      const known = (await server.store.getBucket(asked)) !== null;
      if (!known) answerFault(ctx, 404, "NoSuchBucket");
      else if (key === "" && uploads !== undefined) ctx.body = pageOfUploads(ctx, await begun());
      else if (key === "") ctx.body = await pageOfFiles(ctx, server);
      else if ((await begun()).some(({ id }) => id === uploadId)) {
        await rm(path.join(folder, uploadId as string), { recursive: true });
        ctx.status = 204;
      } else answerFault(ctx, 404, "NoSuchUpload");
    });
  });
  const { port } = await server.run();
  const endpoint = `http://127.0.0.1:${port}`;
  const settings: S3Settings = {
    endpoint,
    bucket,
    prefix,
    region: "eu-test-1",
    accessKeyId: "S3RVER",
    secretAccessKey: "S3RVER",
  };
  const variables = {
    REPORT_STORE: `s3://${bucket}/reports`,
    AWS_ENDPOINT_URL_S3: endpoint,
    AWS_REGION: settings.region,
    AWS_ACCESS_KEY_ID: settings.accessKeyId,
    AWS_SECRET_ACCESS_KEY: settings.secretAccessKey,
  };
  return Object.assign(s3, { settings, variables });
}

interface Begun {
  readonly id: string;
  readonly key: string;
  readonly at: Date;
}

function placeOf(ctx: Context): { readonly bucket: string; readonly key: string } {
  const [, of = "", ...key] = ctx.path.split("/");
  return { bucket: of, key: key.join("/") };
}

/** Small, so that a reader needs a second page. */
const pageSize = 2;

async function pageOfFiles(ctx: Context, { store }: S3rver): Promise<string> {
  const { prefix: wanted = "", delimiter = "", "continuation-token": token } = ctx.query as Record<string, string>;
  const startAfter = token === undefined ? "" : Buffer.from(token, "base64").toString();
  const options = { prefix: wanted, delimiter, startAfter, maxKeys: pageSize };
  const { objects, commonPrefixes, isTruncated } = await store.listObjects(bucket, options);
  const next = Buffer.from(objects.at(-1)?.key ?? "").toString("base64");
  ctx.type = "application/xml";
  return `<?xml version="1.0" encoding="UTF-8"?>
<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>${bucket}</Name>
<IsTruncated>${isTruncated}</IsTruncated>${
    isTruncated ? `<NextContinuationToken>${next}</NextContinuationToken>` : ""
  }${objects
    .map(
      ({ key, size, lastModifiedDate }) =>
        `<Contents><Key>${key}</Key><LastModified>${lastModifiedDate.toISOString()}</LastModified>` +
        `<Size>${size}</Size></Contents>`,
    )
    .join("")}${commonPrefixes
    .map((one) => `<CommonPrefixes><Prefix>${one}</Prefix></CommonPrefixes>`)
    .join("")}</ListBucketResult>`;
}

function pageOfUploads(ctx: Context, all: readonly Begun[]): string {
  const { prefix: wanted = "", "upload-id-marker": after = "" } = ctx.query as Record<string, string>;
  const fitting = all.filter(({ key, id }) => key.startsWith(wanted) && id > after);
  const page = fitting.slice(0, pageSize);
  const last = page.at(-1);
  const more =
    last === undefined || fitting.length === page.length
      ? "<IsTruncated>false</IsTruncated>"
      : `<IsTruncated>true</IsTruncated><NextKeyMarker>${last.key}</NextKeyMarker>` +
        `<NextUploadIdMarker>${last.id}</NextUploadIdMarker>`;
  ctx.type = "application/xml";
  return `<?xml version="1.0" encoding="UTF-8"?>
<ListMultipartUploadsResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Bucket>${bucket}</Bucket>${more}${page
    .map(
      ({ id, key, at }) =>
        `<Upload><Key>${key}</Key><UploadId>${id}</UploadId><Initiator><ID>1</ID></Initiator>` +
        `<Initiated>${at.toISOString()}</Initiated></Upload>`,
    )
    .join("")}</ListMultipartUploadsResult>`;
}

function answerFault(ctx: Context, status: number, code: string): void {
  ctx.status = status;
  if (status >= 300 && status < 400) ctx.set("location", `http://${ctx.host}/elsewhere`);
  ctx.type = "application/xml";
  ctx.body = `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>${code}</Message></Error>`;
}

async function answerOrFail(ctx: Context, trouble: Trouble | undefined, next: () => Promise<unknown>): Promise<void> {
  if (trouble === undefined) {
    await next();
    return;
  }
  const { req, res } = ctx;
  const { socket } = req;
  if (trouble === "never answer") {
    req.resume();
    await new Promise((resolve) => socket.once("close", resolve));
    return;
  }
  if (trouble === "lose the answer") {
    const lose = (): void => void socket.destroy();
    Object.assign(res, { write: lose, end: lose });
    await next();
    return;
  }
  if ("status" in trouble) {
    req.resume();
    answerFault(ctx, trouble.status, trouble.code);
    return;
  }
  if ("cutAfter" in trouble) {
    let bytes = 0;
    for await (const chunk of req as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes >= trouble.cutAfter) break;
    }
    socket.destroy();
    return;
  }
  const limit = "stallAfter" in trouble ? trouble.stallAfter : trouble.cutAnswerAfter;
  let sent = 0;
  const write = res.write.bind(res) as (chunk: Buffer) => boolean;
  res.write = ((chunk: Buffer) => {
    sent += chunk.length;
    if (sent < limit) return write(chunk);
    if (!("stallAfter" in trouble)) socket.destroy();
    return false;
  }) as typeof res.write;
  await next();
}
