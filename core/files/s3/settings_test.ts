import { expect } from "chai";

import { boot } from "../../boot.ts";
import { permissionSet } from "../../deno/permission_set.ts";
import { findPlugins } from "../../deno/deno_json.ts";
import { BootError } from "../../errors.ts";
import { createTestDatabase, type TestDatabase, testSecret } from "../../../testing/postgres.ts";
import { startS3, type TestS3 } from "../../../testing/s3/s3.ts";
import { s3Endpoint } from "./settings.ts";

describe("the settings of a store in S3", () => {
  let s3: TestS3;
  let database: TestDatabase;
  before(async () => {
    s3 = await startS3();
    database = await createTestDatabase();
  });
  after(async () => {
    await s3.close();
    await database.drop();
  });
  const variables = (more: Readonly<Record<string, string | undefined>>) => ({
    NODE_ENV: "test",
    DATABASE_URL: database.url,
    SECRET_KEY: testSecret,
    STRIPE_WEBHOOK_SECRET: "whsec_0123456789abcdef",
    LOG_LEVEL: "silent",
    PLUGINS: "reporting",
    ...s3.variables,
    ...more,
  });
  const faultsWith = (more: Readonly<Record<string, string | undefined>>): Promise<readonly string[]> =>
    boot("worker", variables(more)).then(
      async (started) => {
        await started.close();
        return [];
      },
      (error: unknown) => {
        if (error instanceof BootError) return error.faults;
        throw error;
      },
    );

  const faults: readonly (readonly [string, Readonly<Record<string, string | undefined>>, RegExp])[] = [
    ["no region", { AWS_REGION: undefined }, /^AWS_REGION is missing, and REPORT_STORE is in S3\. Remedy: set it to/],
    ["no key", { AWS_ACCESS_KEY_ID: undefined }, /^AWS_ACCESS_KEY_ID is missing, and REPORT_STORE is in S3/],
    ["no secret", { AWS_SECRET_ACCESS_KEY: undefined }, /^AWS_SECRET_ACCESS_KEY is missing, and REPORT_STORE is in S3/],
    [
      "a key that runs out",
      { AWS_SESSION_TOKEN: "hush-hush" },
      /^AWS_SESSION_TOKEN is set.* Remedy: unset it, and create a key/,
    ],
    ["another protocol", { REPORT_STORE: "gs://bucket" }, /^REPORT_STORE must be a folder or start with s3:\/\//],
    ["no bucket", { REPORT_STORE: "s3://" }, /^REPORT_STORE must name a place in S3\. Remedy: write s3:\/\/bucket/],
    ["a way out", { REPORT_STORE: "s3://bucket/a/../b" }, /^REPORT_STORE must name a place in S3/],
    ["a key in the address", { REPORT_STORE: "s3://id:hush-hush@bucket" }, /^REPORT_STORE must name a place in S3/],
    ["an address of no kind", { AWS_ENDPOINT_URL_S3: "hush-hush" }, /^AWS_ENDPOINT_URL_S3 is not an http/],
    ["a key in it", { AWS_ENDPOINT_URL_S3: "http://a:hush-hush@b" }, /^AWS_ENDPOINT_URL_S3 has more than a host/],
    [
      "a wrong secret",
      { AWS_SECRET_ACCESS_KEY: "hush-hush" },
      /refuses access: S3 answered 403 \(SignatureDoesNotMatch\)/,
    ],
    ["an unknown key", { AWS_ACCESS_KEY_ID: "hush-hush" }, /refuses access: S3 answered 403 \(InvalidAccessKeyId\)/],
    [
      "a bucket that is missing",
      { REPORT_STORE: "s3://no-bucket/a" },
      /refuses access: S3 answered 404 \(NoSuchBucket\)/,
    ],
  ];
  for (const [title, more, words] of faults) {
    it(`The boot stops on ${title}`, async () => {
      const found = await faultsWith(more);
      expect(found, found.join("\n")).to.have.length(1);
      expect(found[0]).to.match(words);
      expect(found[0]).to.match(/ Remedy: /);
      expect(found[0]).not.to.match(/hush-hush|S3RVER/);
    });
  }

  it("The boot succeeds with a valid key, during an outage of the store, and with reports in a folder", async () => {
    expect(await faultsWith({})).to.deep.equal([]);
    expect(await faultsWith({ AWS_ENDPOINT_URL_S3: "http://127.0.0.1:1" })).to.deep.equal([]);
    s3.trouble = () => ({ status: 503, code: "SlowDown" });
    expect(await faultsWith({})).to.deep.equal([]);
    s3.trouble = () => undefined;
    const none = { AWS_REGION: undefined, AWS_ACCESS_KEY_ID: undefined, AWS_SESSION_TOKEN: "t" };
    expect(await faultsWith({ ...none, REPORT_STORE: undefined })).to.deep.equal([]);
  });

  it("The endpoint is Amazon's address of the region if no variable names another", () => {
    expect(s3Endpoint({ AWS_REGION: "eu-central-1" })).to.equal("https://s3.eu-central-1.amazonaws.com");
    expect(s3Endpoint({ AWS_ENDPOINT_URL_S3: "https://s3.example.com/base/" })).to.equal("https://s3.example.com/base");
  });

  it("A process on Deno gets the permission for the host and for no folder", async () => {
    const plugins = await findPlugins({});
    const valuesOf = (kind: "net" | "read" | "write", more: Readonly<Record<string, string>>): string[] =>
      permissionSet("worker", plugins, { PLUGINS: "reporting", ...more })[kind].map(({ value }) => value);
    const amazon = { REPORT_STORE: "s3://bucket/prefix", AWS_REGION: "eu-central-1" };
    expect(valuesOf("net", amazon)).to.include("s3.eu-central-1.amazonaws.com:443");
    expect(valuesOf("net", s3.variables)).to.include(new URL(s3.settings.endpoint).host);
    expect(valuesOf("write", amazon)).to.deep.equal([]);
    expect(valuesOf("read", amazon).filter((value) => /s3|reporting$/.test(value))).to.deep.equal([]);
    expect(valuesOf("write", {})).to.deep.equal([".data/reporting"]);
    expect(valuesOf("net", { AWS_REGION: "eu-central-1" }).join()).not.to.include("amazonaws");
  });
});
