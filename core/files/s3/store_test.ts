import { expect } from "chai";
import { createHash, randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import { buffer, text } from "node:stream/consumers";

import { startS3, type TestS3 } from "../../../testing/s3/s3.ts";
import { withGarbageCollection } from "../../../testing/network/silent_server.ts";
import { S3Fault } from "./client.ts";
import { s3Store } from "./store.ts";
import { FileMissing } from "../store.ts";

const quick = { answerMs: 2000, attempts: 3, backoffMs: 5, partBytes: 100_000, pageSize: 3 };
const { partBytes } = quick;

describe("a store of files in S3", () => {
  let s3: TestS3;
  const store = () => s3Store(s3.settings, quick);
  beforeEach(async () => {
    s3 = await startS3();
  });
  afterEach(() => s3.close());

  const faultOf = (work: Promise<unknown>): Promise<Error> =>
    work.then(
      () => new Error("none"),
      (error: unknown) => error as Error,
    );
  const names = async (): Promise<string[]> => (await collect(store().list())).map(({ name }) => name).sort();
  const troubleOnce = (request: RegExp, trouble: ReturnType<TestS3["trouble"]>, times = 1): void => {
    let left = times;
    s3.trouble = (asked) => (request.test(asked) && (left -= 1) >= 0 ? trouble : undefined);
  };
  /** Splits a content into pieces whose length does not divide the length of a part. */
  function* pieces(content: Buffer): Generator<Buffer> {
    for (let from = 0; from < content.length; from += 7_001) yield content.subarray(from, from + 7_001);
  }
  const large = randomBytes(2 * partBytes + 12_345);
  const streamOf = (content: Buffer): Readable => Readable.from(pieces(content));
  const hashOf = (content: Buffer): string => createHash("sha256").update(content).digest("hex");

  describe("with a server that checks signatures", () => {
    it("A written file has its content, length and hash, under the prefix of the store", async () => {
      const written = await store().write("a.csv", Readable.from(["one,", "two\n"]));
      expect(written).to.deep.equal({ bytes: 8, sha256: hashOf(Buffer.from("one,two\n")) });
      expect(await text(await store().read("a.csv"))).to.equal("one,two\n");
      expect(s3.requests).to.deep.equal(["PUT reports/a.csv", "GET reports/a.csv"]);
    });

    it("The store writes and reads an empty file", async () => {
      expect(await store().write("empty.csv", Readable.from([]))).to.include({ bytes: 0 });
      expect(await text(await store().read("empty.csv"))).to.equal("");
    });

    it("A file larger than a part is written in parts, and appears only when it is complete", async () => {
      let midway: string[] | undefined;
      const watched = async function* () {
        yield* pieces(large);
        midway = await names();
      };
      const written = await store().write("b.csv", Readable.from(watched()));
      expect(midway, "before the end").to.deep.equal([]);
      expect(written).to.deep.equal({ bytes: large.length, sha256: hashOf(large) });
      expect((await buffer(await store().read("b.csv"))).equals(large)).to.equal(true);
      expect(s3.requests.filter((request) => request.includes("partNumber"))).to.have.length(3);
      expect(await s3.uploads()).to.deep.equal([]);
    });

    it("The store writes a file whose length is a multiple of the part length", async () => {
      const whole = large.subarray(0, 2 * partBytes);
      expect(await store().write("c.csv", streamOf(whole))).to.deep.equal({
        bytes: whole.length,
        sha256: hashOf(whole),
      });
      expect((await buffer(await store().read("c.csv"))).equals(whole)).to.equal(true);
    });

    it("A second write replaces the file of the same name", async () => {
      await store().write("a.csv", Readable.from(["old"]));
      await store().write("a.csv", Readable.from(["new"]));
      expect(await text(await store().read("a.csv"))).to.equal("new");
    });

    it("The store reads a part of a file", async () => {
      await store().write("a.csv", Readable.from(["0123456789"]));
      expect(await text(await store().read("a.csv", { start: 2, end: 4 }))).to.equal("234");
      expect(await text(await store().read("a.csv", { start: 9, end: 9 }))).to.equal("9");
      expect(await text(await store().read("a.csv", { start: 0, end: 9 }))).to.equal("0123456789");
    });

    it("The store lists only its own files, page by page, and removes a file", async () => {
      const all = ["1.csv", "2.csv", "3.csv", "4.csv", "5.csv", "6.csv", "7.csv"];
      for (const name of all) await store().write(name, Readable.from(["x"]));
      await s3Store({ ...s3.settings, prefix: "reports/deeper/" }).write("theirs.csv", Readable.from(["x"]));
      await s3Store({ ...s3.settings, prefix: "" }).write("outside.csv", Readable.from(["x"]));
      s3.requests.length = 0;
      expect(await names()).to.deep.equal(all);
      expect(s3.requests.length).to.be.greaterThan(3);
      const [first] = await collect(store().list());
      expect(Math.abs(Date.now() - (first?.modifiedAt.getTime() ?? 0))).to.be.lessThan(60_000);
      await store().remove("7.csv");
      await store().remove("7.csv");
      expect(await names()).to.deep.equal(all.slice(0, -1));
    });

    it("The store refuses names that lead out of its prefix, and reports a missing file", async () => {
      for (const name of ["../a", "/etc/hostname", ".hidden", "", "a/b", "a?b"]) {
        for (const work of [store().remove(name), store().read(name), store().write(name, Readable.from(["x"]))])
          expect((await faultOf(work)).message).to.match(/^The file name .* is invalid\.$/);
      }
      expect(await faultOf(store().read("b.csv"))).to.be.instanceOf(FileMissing);
      expect(await faultOf(store().read("b.csv", { start: 0, end: 1 }))).to.be.instanceOf(FileMissing);
      expect(s3.requests.every((request) => request === "GET reports/b.csv")).to.equal(true);
    });

    it("S3 refuses a wrong secret after one attempt, with a message that quotes no key", async () => {
      const wrong = { ...s3.settings, secretAccessKey: "hush-hush" };
      const calls = [
        () => s3Store(wrong, quick).write("a.csv", Readable.from(["x"])),
        () => s3Store(wrong, quick).write("b.csv", streamOf(large)),
        () => s3Store(wrong, quick).read("a.csv"),
        () => s3Store(wrong, quick).remove("a.csv"),
        () => collect(s3Store(wrong, quick).list()),
        () => s3Store(wrong, quick).sweep(0),
        () => s3Store(wrong, quick).check(),
      ];
      await store().write("a.csv", Readable.from(["kept"]));
      for (const call of calls) {
        const fault = await faultOf(call());
        expect(fault.message).to.match(/^S3 answered 403 \(SignatureDoesNotMatch\) when asked to \w+/);
        expect(Object.values(fault).join() + fault.stack + String(fault.cause)).not.to.match(/S3RVER|hush|AWS4/);
      }
      const unknown = await faultOf(s3Store({ ...s3.settings, accessKeyId: "NOBODY" }, quick).check());
      expect(unknown.message).to.match(/403 \(InvalidAccessKeyId\)/);
      expect(await text(await store().read("a.csv"))).to.equal("kept");
    });

    it("The message of a missing bucket differs from that of a missing file", async () => {
      const elsewhere = s3Store({ ...s3.settings, bucket: "nowhere" }, quick);
      const calls = [elsewhere.check(), elsewhere.read("a.csv"), collect(elsewhere.list())];
      for (const fault of await Promise.all(calls.map(faultOf))) expect(fault.message).to.match(/404 \(NoSuchBucket\)/);
    });

    it("The sweep aborts the old uploads of killed writers, page by page, and no young or foreign upload", async () => {
      const begin = async (prefix: string, name: string): Promise<void> => {
        s3.trouble = (request) => (request.startsWith("DELETE") ? { status: 500, code: "InternalError" } : undefined);
        const stop = AbortSignal.timeout(300);
        const content = Readable.from(
          (async function* () {
            yield large.subarray(0, partBytes + 1);
            await new Promise((resolve) => setTimeout(resolve, 600));
          })(),
        );
        await faultOf(s3Store({ ...s3.settings, prefix }, quick).write(name, content, stop));
        s3.trouble = () => undefined;
      };
      for (const name of ["a.csv", "b.csv", "c.csv", "d.csv", "e.csv"]) await begin("reports/", name);
      await begin("reports/deeper/", "theirs.csv");
      await begin("", "outside.csv");
      await store().sweep(3_600_000);
      expect(await s3.uploads()).to.have.length(7);
      s3.age(3_700_000);
      await begin("reports/", "young.csv");
      s3.age(-3_650_000);
      await store().sweep(0);
      expect((await s3.uploads()).sort()).to.deep.equal(["outside.csv", "reports/deeper/theirs.csv"]);
    }).timeout(60_000);
  });

  describe("during faults of S3", () => {
    it("The store retries after a 500, a 503 and a lost connection, and writes the same bytes", async () => {
      const troubles: readonly (readonly [RegExp, ReturnType<TestS3["trouble"]>])[] = [
        [/^POST \S+\?uploads$/, { status: 500, code: "InternalError" }],
        [/^PUT \S+\?partNumber=1$/, { status: 503, code: "SlowDown" }],
        [/^PUT \S+\?partNumber=2$/, { cutAfter: partBytes / 2 }],
        [/^PUT \S+\?partNumber=2$/, "never answer"],
        [/^POST \S+\?uploadId$/, { status: 500, code: "InternalError" }],
        [/^POST \S+\?uploadId$/, { status: 200, code: "InternalError" }],
        [/^POST \S+\?uploadId$/, "lose the answer"],
      ];
      for (const [request, trouble] of troubles) {
        troubleOnce(request, trouble);
        const written = await store().write("b.csv", streamOf(large));
        expect(written.sha256, String(request)).to.equal(hashOf(large));
        expect((await buffer(await store().read("b.csv"))).equals(large)).to.equal(true);
      }
      troubleOnce(/^PUT/, { status: 500, code: "InternalError" }, 2);
      await store().write("a.csv", Readable.from(["x"]));
      troubleOnce(/^GET/, { status: 500, code: "InternalError" }, 2);
      expect(await text(await store().read("a.csv"))).to.equal("x");
      expect(await s3.uploads()).to.deep.equal([]);
    }).timeout(60_000);

    it("The store gives up after some attempts, reports the answer, and leaves no upload", async () => {
      const troubles: readonly (readonly [RegExp, ReturnType<TestS3["trouble"]>, RegExp])[] = [
        [/\?uploads$/, { status: 500, code: "InternalError" }, /500 \(InternalError\) when asked to begin/],
        [/\?partNumber=2$/, { status: 500, code: "InternalError" }, /500 \(InternalError\) .* write part 2 of/],
        [/\?partNumber=1$/, { status: 403, code: "AccessDenied" }, /403 \(AccessDenied\) .* write part 1 of/],
        [/\?partNumber=2$/, { cutAfter: 1000 }, /The connection to S3 failed when it was asked to write part 2/],
        [/\?partNumber=3$/, "never answer", /did not answer within 2000 ms when asked to write part 3/],
        [/^POST \S+\?uploadId$/, { status: 500, code: "InternalError" }, /500 .* complete/],
        [/^POST \S+\?uploadId$/, { status: 200, code: "InternalError" }, /could not complete/],
      ];
      for (const [request, trouble, words] of troubles) {
        s3.requests.length = 0;
        troubleOnce(request, trouble, 99);
        const source = streamOf(large);
        const fault = await faultOf(store().write("b.csv", source));
        expect(fault).to.be.instanceOf(S3Fault);
        expect(fault.message).to.match(words);
        expect(source.destroyed).to.equal(true);
        const tries = s3.requests.filter((asked) => request.test(asked)).length;
        expect(tries, String(words)).to.equal(/403/.test(String(words)) ? 1 : quick.attempts);
        expect(await s3.uploads(), String(words)).to.deep.equal([]);
        expect(await names()).to.deep.equal([]);
      }
    }).timeout(60_000);

    it("A write whose source failed leaves no file and no upload", async () => {
      const failing = async function* () {
        yield large;
        await Promise.reject(new Error("The snapshot is gone."));
      };
      expect((await faultOf(store().write("b.csv", Readable.from(failing())))).message).to.equal(
        "The snapshot is gone.",
      );
      expect(await s3.uploads()).to.deep.equal([]);
      expect(await names()).to.deep.equal([]);
    });

    it("A write stops within 1 s of an abort in any phase, and leaves no file and no upload", async () => {
      const waiting = (): Readable => {
        const source = new Readable({ read() {} });
        source.push(large);
        return source;
      };
      const cases: readonly (readonly [string, () => Readable, RegExp])[] = [
        ["while the source is slow", waiting, /never/],
        ["while a part is sent", () => streamOf(large), /\?partNumber=2$/],
        ["while it is begun", () => streamOf(large), /\?uploads$/],
        ["while it is completed", () => streamOf(large), /^POST \S+\?uploadId$/],
        ["while it is put", () => Readable.from(["x"]), /^PUT/],
      ];
      // Uses the default limits, so that the abort and not the deadline ends the write.
      const patient = s3Store(s3.settings, { partBytes });
      for (const [where, source, request] of cases) {
        troubleOnce(request, "never answer", 99);
        const stop = new AbortController();
        let began = 0;
        setTimeout(() => {
          began = Date.now();
          stop.abort(new Error("The worker stops."));
        }, 700);
        const content = source();
        const fault = await faultOf(patient.write("b.csv", content, stop.signal));
        expect(Date.now() - began, where).to.be.lessThan(1000);
        expect(`${fault.message} ${String(fault.cause)}`, where).to.match(/The worker stops/);
        expect(content.destroyed, where).to.equal(true);
        expect(await s3.uploads(), where).to.deep.equal([]);
        expect(await names(), where).to.deep.equal([]);
      }
    }).timeout(60_000);

    it("A write whose signal has aborted before does not begin", async () => {
      const source = streamOf(large);
      const fault = await faultOf(store().write("b.csv", source, AbortSignal.abort(new Error("Too late."))));
      expect(fault.message).to.equal("Too late.");
      expect(source.destroyed).to.equal(true);
      expect(s3.requests).to.deep.equal([]);
    });

    it("A download that breaks off or stalls ends with an error and never looks complete", async () => {
      await store().write("b.csv", streamOf(large));
      troubleOnce(/^GET/, { cutAnswerAfter: partBytes });
      const cut = await faultOf(buffer(await store().read("b.csv")));
      expect(cut.message).to.match(
        new RegExp(`download of reports/b.csv broke off after \\d+ of ${large.length} bytes`),
      );
      troubleOnce(/^GET/, { stallAfter: partBytes });
      const stalled = await faultOf(buffer(await store().read("b.csv")));
      expect(stalled.message).to.match(/broke off after \d+ of/);
      expect(String(stalled.cause)).to.match(/nothing came for 2000 ms/);
    });

    it("Calls and downloads end at their time limits while garbage is collected", async () => {
      await store().write("b.csv", streamOf(large));
      const limited = s3Store(s3.settings, { ...quick, answerMs: 300, attempts: 2 });
      troubleOnce(/^GET/, "never answer", 2);
      const unanswered = await withGarbageCollection(() => faultOf(limited.read("b.csv")));
      expect(unanswered.message).to.match(/did not answer within 300 ms/);
      troubleOnce(/^PUT/, "never answer", 2);
      const unwritten = await withGarbageCollection(() => faultOf(limited.write("c.csv", Readable.from(["one"]))));
      expect(unwritten.message).to.match(/did not answer within 300 ms/);
      // The limit is longer, because this request must be answered in time on a busy machine too.
      const slower = s3Store(s3.settings, { ...quick, answerMs: 2000 });
      troubleOnce(/^GET/, { stallAfter: partBytes });
      const stalled = await withGarbageCollection(async () => faultOf(buffer(await slower.read("b.csv"))));
      expect(String(stalled.cause)).to.match(/nothing came for 2000 ms/);
    });

    it("A reader that hangs up closes the connection, and a slow reader keeps it", async () => {
      await store().write("b.csv", streamOf(large));
      const slow = await s3Store(s3.settings, { answerMs: 400 }).read("b.csv");
      let bytes = 0;
      for await (const chunk of slow as AsyncIterable<Buffer>) {
        if (bytes === 0) await new Promise((resolve) => setTimeout(resolve, 1000));
        bytes += chunk.length;
      }
      expect(bytes).to.equal(large.length);
      troubleOnce(/^GET/, { stallAfter: partBytes });
      // Uses the default limits, so that the reader and not the deadline ends the download.
      const left = await s3Store(s3.settings).read("b.csv");
      left.resume();
      let lastAt = Date.now();
      left.on("data", () => {
        lastAt = Date.now();
      });
      await eventually(() => Date.now() > lastAt + 200);
      expect(s3.cutOff).to.deep.equal([]);
      left.destroy();
      await eventually(() => left.closed && s3.cutOff.length === 1);
    });

    it("The store follows no redirect, because the signature would go with it", async () => {
      troubleOnce(/^GET/, { status: 301, code: "PermanentRedirect" }, 99);
      expect((await faultOf(store().read("a.csv"))).message).to.match(/301 \(PermanentRedirect\)/);
      expect(s3.requests).to.have.length(1);
    });

    it("The store reports an unreachable server as a retryable fault", async () => {
      const away = s3Store({ ...s3.settings, endpoint: "http://127.0.0.1:1" }, quick);
      const fault = await faultOf(away.check());
      expect(fault).to.include({
        message: "The connection to S3 failed when it was asked to list reports/.",
        retryable: true,
      });
    });
  });
});

async function eventually(look: () => boolean): Promise<void> {
  for (let tries = 0; tries < 100 && !look(); tries += 1) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(look()).to.equal(true);
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}
