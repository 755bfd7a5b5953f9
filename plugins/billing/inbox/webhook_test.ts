import { expect } from "chai";
import { execFile } from "node:child_process";
import path from "node:path";
import { promisify } from "node:util";

import { boot } from "../../../core/boot.ts";
import { startTestPlatform, TestClient, type TestPlatform, testWebhookSecret } from "#testing/mod.ts";
import { serve } from "../../../core/serve.ts";
import type { CommandContext } from "../../../core/mod.ts";
import { commands, signPayload } from "../cli.ts";
import {
  basilInvoice,
  deliver,
  deliverBytes,
  eventAround,
  olderInvoice,
  type TestEvent,
} from "../testing/deliveries.ts";

const rolledSecret = "whsec_the_one_that_is_rolled_in_next_1";
const nowSeconds = () => Math.floor(Date.now() / 1000);
const paidEvent = (): TestEvent => eventAround("invoice.paid", olderInvoice({ periodEnd: nowSeconds() + 86_400 }));
const bytesOf = (event: TestEvent) => Buffer.from(JSON.stringify(event));

describe("the webhook", () => {
  let platform: TestPlatform;
  before(async () => {
    platform = await startTestPlatform({
      worker: false,
      variables: { STRIPE_WEBHOOK_SECRET: `${testWebhookSecret}, ${rolledSecret}` },
    });
  });
  after(() => platform.close());

  const rows = async () => {
    const { rows: counts } = await platform.owner.raw(
      `SELECT (SELECT count(*)::int FROM billing.stripe_events) AS events,
         (SELECT count(*)::int FROM core.outbox) AS jobs`,
    );
    return counts[0] as { events: number; jobs: number };
  };

  it("A signed event is stored with its job, byte for byte", async () => {
    const before = await rows();
    const event = { ...paidEvent(), note: "Zürich \u2603 \\u0000" };
    const answer = await deliver(platform.client, event);
    expect(answer.status).to.equal(200);
    expect(answer.body).to.deep.equal({ received: true });
    const stored = await platform.owner("billing.stripe_events").where({ event_id: event.id }).first();
    expect(stored).to.include({ type: "invoice.paid", status: "stored", livemode: false });
    expect(stored.body).to.equal(JSON.stringify(event, undefined, 2));
    const job = await platform.owner("core.outbox").whereRaw("payload ->> 'event_id' = ?", [event.id]).first();
    expect(job).to.include({ job: "billing.apply-stripe-event", tenant_id: null });
    expect(await rows()).to.deep.equal({ events: before.events + 1, jobs: before.jobs + 1 });
  });

  it("Racing deliveries store one event once", async () => {
    const before = await rows();
    const event = paidEvent();
    const answers = await Promise.all(Array.from({ length: 30 }, () => deliver(platform.client, event)));
    expect(answers.map((answer) => answer.status)).to.deep.equal(answers.map(() => 200));
    expect((await deliver(platform.client, event)).status).to.equal(200);
    expect(await rows()).to.deep.equal({ events: before.events + 1, jobs: before.jobs + 1 });
  });

  it("Each secret is accepted while a new one is introduced", async () => {
    expect((await deliver(platform.client, paidEvent(), { secret: rolledSecret })).status).to.equal(200);
    const bytes = bytesOf(paidEvent());
    const byBoth = `${await signPayload(bytes, "whsec_of_someone_else_altogether")},v1=${
      (await signPayload(bytes, rolledSecret)).split("v1=")[1]
    }`;
    expect((await deliverBytes(platform.client, bytes, byBoth)).status).to.equal(200);
  });

  it("A signature up to 300 s old or ahead is accepted", async () => {
    for (const seconds of [-290, 290]) {
      const answer = await deliver(platform.client, paidEvent(), { timestamp: nowSeconds() + seconds });
      expect(answer.status, `${seconds} s`).to.equal(200);
    }
  });

  const bytes = bytesOf(paidEvent());
  const signed = () => signPayload(bytes, testWebhookSecret);
  const forgeries: Record<string, () => Promise<{ bytes: Buffer; header: string | undefined }>> = {
    "a wrong secret": async () => ({ bytes, header: await signPayload(bytes, "whsec_of_someone_else_altogether") }),
    "an old timestamp": async () => ({
      bytes,
      header: await signPayload(bytes, testWebhookSecret, nowSeconds() - 310),
    }),
    "a timestamp from the future": async () => ({
      bytes,
      header: await signPayload(bytes, testWebhookSecret, nowSeconds() + 310),
    }),
    "a changed timestamp": async () => ({
      bytes,
      header: (await signed()).replace(/t=\d+/, `t=${nowSeconds() - 10}`),
    }),
    "two timestamps": async () => ({ bytes, header: `t=1,${await signed()}` }),
    "a timestamp that is no number": async () => ({ bytes, header: (await signed()).replace(/t=\d+/, "t=1e9") }),
    "a changed byte": async () => {
      const changed = Buffer.from(bytes);
      changed[changed.length - 3] = (changed[changed.length - 3] as number) ^ 1;
      return { bytes: changed, header: await signed() };
    },
    "a space behind the body": async () => ({
      bytes: Buffer.concat([bytes, Buffer.from(" ")]),
      header: await signed(),
    }),
    "a byte order mark before the body": async () => ({
      bytes: Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), bytes]),
      header: await signed(),
    }),
    "broken UTF-8 that decodes to what was signed": async () => {
      const withMark = Buffer.from(JSON.stringify({ ...paidEvent(), note: "\uFFFD" }));
      const at = withMark.indexOf(Buffer.from("\uFFFD"));
      const broken = Buffer.concat([withMark.subarray(0, at), Buffer.from([0xff]), withMark.subarray(at + 3)]);
      return { bytes: broken, header: await signPayload(withMark, testWebhookSecret) };
    },
    "the scheme v0": async () => ({ bytes, header: (await signed()).replace("v1=", "v0=") }),
    "no header": async () => ({ bytes, header: undefined }),
    "a header of garbage": async () => ({ bytes, header: "not=a,signature" }),
    "an empty body": async () => ({ bytes: Buffer.alloc(0), header: await signed() }),
  };
  for (const [title, forge] of Object.entries(forgeries)) {
    it(`The webhook answers 400 to ${title}, and stores no row`, async () => {
      const before = await rows();
      const forged = await forge();
      const answer = await deliverBytes(platform.client, forged.bytes, forged.header);
      expect(answer.status).to.equal(400);
      expect(answer.body.code).to.equal("STRIPE_SIGNATURE_INVALID");
      expect(await rows()).to.deep.equal(before);
    });
  }

  const noEvents: Record<string, string> = {
    "no JSON": "tomorrow, perhaps",
    "an empty body": "",
    null: "null",
    "an array": "[]",
    "another object": JSON.stringify({ id: "in_1", object: "invoice" }),
    "a thin event": JSON.stringify({ id: "evt_1", object: "v2.core.event", type: "v1.billing.meter.no_meter_found" }),
    "an event without an object": JSON.stringify({ id: "evt_1", object: "event", type: "invoice.paid", data: {} }),
    "an event with a strange id": JSON.stringify({ ...paidEvent(), id: "evt_\u0000" }),
    "an event of the year 30000": JSON.stringify({ ...paidEvent(), created: 900_000_000_000 }),
  };
  for (const [title, text] of Object.entries(noEvents)) {
    it(`A signed body that is not an event (${title}) answers 400, and no row is stored`, async () => {
      const before = await rows();
      const body = Buffer.from(text);
      const answer = await deliverBytes(platform.client, body, await signPayload(body, testWebhookSecret));
      expect(answer.status).to.equal(400);
      expect(answer.body.code).to.equal("STRIPE_EVENT_INVALID");
      expect(await rows()).to.deep.equal(before);
    });
  }

  it("Unusual events from Stripe are accepted", async () => {
    const odd: Record<string, unknown>[] = [
      { api_version: "2020-08-27; orders_beta=v4" },
      { api_version: null, livemode: null, created: "1700000000" },
      { account: "acct_1", request: "req_1", unheard_of: [[], {}] },
    ];
    for (const fields of odd)
      expect((await deliver(platform.client, { ...paidEvent(), ...fields })).status, JSON.stringify(fields)).to.equal(
        200,
      );
  });

  for (const query of ["?version=2026-06-24.dahlia", "?a=1&a=2&__proto__=x", "?%zz", "?"]) {
    it(`An event to the address with the query ${query} is stored`, async () => {
      const bytes = bytesOf(paidEvent());
      const header = await signPayload(bytes, testWebhookSecret);
      const before = await rows();
      const answer = await deliverBytes(platform.client, bytes, header, `/billing/webhook${query}`);
      expect([answer.status, answer.body]).to.deep.equal([200, { received: true }]);
      expect(await rows()).to.deep.equal({ events: before.events + 1, jobs: before.jobs + 1 });
      const forged = await deliverBytes(platform.client, bytes, "t=1,v1=1", `/billing/webhook${query}`);
      expect([forged.status, forged.body.code]).to.deep.equal([400, "STRIPE_SIGNATURE_INVALID"]);
    });
  }

  it("A body over 1 MiB answers 413", async () => {
    const body = Buffer.alloc(1024 * 1024 + 1, 0x20);
    expect((await deliverBytes(platform.client, body, "t=1,v1=1")).status).to.equal(413);
  });

  it("Another body under a known id is stored separately, logged and not applied", async () => {
    const event = paidEvent();
    const other = structuredClone(event);
    Object.assign(other.data.object, { amount_paid: 1 });
    expect((await deliver(platform.client, event)).status).to.equal(200);
    const before = await rows();
    for (const again of [other, other]) expect((await deliver(platform.client, again)).status).to.equal(200);
    expect(await rows()).to.deep.equal(before);
    const stored = await platform.owner("billing.stripe_events").where({ event_id: event.id }).first();
    expect(JSON.parse(stored.body)).to.deep.equal(event);
    const conflicts = await platform.owner("billing.conflicting_deliveries").where({ event_id: event.id });
    expect(conflicts.map(({ body }) => JSON.parse(body))).to.deep.equal([other]);
  });

  it("A redelivery that differs only in the number of pending endpoints is the same event", async () => {
    const event = paidEvent();
    await deliver(platform.client, event);
    expect((await deliver(platform.client, { ...event, pending_webhooks: 0 })).status).to.equal(200);
    const conflicts = await platform.owner("billing.conflicting_deliveries").where({ event_id: event.id });
    expect(conflicts).to.deep.equal([]);
  });

  it("The forms of two API versions are one event only if their facts are the same", async () => {
    const facts = { customerId: "cus_1", subscriptionId: "sub_1", invoiceId: "in_1", periodEnd: nowSeconds() + 86_400 };
    const older = { ...eventAround("invoice.paid", olderInvoice(facts)), api_version: "2024-06-20" };
    const newer = (changes: object = {}) => ({
      ...older,
      api_version: "2026-01-28.clover",
      data: { object: { ...basilInvoice(facts), ...changes } },
    });
    const conflicts = async () => {
      const found = await platform.owner("billing.conflicting_deliveries").where({ event_id: older.id });
      return found.length;
    };
    for (const event of [older, newer()]) expect((await deliver(platform.client, event)).status).to.equal(200);
    expect(await conflicts()).to.equal(0);
    await deliver(platform.client, newer({ amount_paid: 1 }));
    expect(await conflicts()).to.equal(1);
    await deliver(platform.client, newer({ customer: "cus_2" }));
    expect(await conflicts()).to.equal(2);
  });

  for (const [key, livemode] of [
    ["sk_live_0123456789", false],
    ["rk_test_0123456789", true],
  ] as const) {
    it(`An event with livemode ${livemode} is quarantined if the key is ${key.slice(0, 7)}`, async () => {
      const server = await serve(await boot("web", { ...platform.variables, STRIPE_API_KEY: key }));
      try {
        const client = new TestClient(`http://127.0.0.1:${server.port}`);
        const [foreign, own] = [
          { ...paidEvent(), livemode },
          { ...paidEvent(), livemode: !livemode },
        ];
        const before = await rows();
        for (const event of [foreign, foreign, own]) expect((await deliver(client, event)).status).to.equal(200);
        expect(await rows()).to.deep.equal({ events: before.events + 2, jobs: before.jobs + 1 });
        const stored = await platform.owner("billing.stripe_events").whereIn("event_id", [foreign.id, own.id]);
        const statusOf = ({ id }: TestEvent) => stored.find((row) => row.event_id === id);
        expect(statusOf(foreign)).to.include({ status: "quarantined", status_reason: "livemode", livemode });
        expect(statusOf(own)).to.include({ status: "stored", livemode: !livemode });
      } finally {
        await server.close();
      }
    });
  }

  it("The webhook works without Stripe's SDK", async () => {
    // A process in which Stripe's SDK can't be loaded.
    const hook = `export const resolve = (name, context, next) => {
      if (name.split("/")[0] === "stripe") throw new Error("Stripe's SDK is loaded");
      return next(name, context);
    };`;
    const script = `
      import { register } from "node:module";
      register("data:text/javascript," + encodeURIComponent(${JSON.stringify(hook)}));
      const { default: plugin } = await import(${JSON.stringify(path.join(import.meta.dirname, "..", "mod.ts"))});
      const ctx = { env: { STRIPE_API_KEY: "sk_test_1", GRACE_DAYS: 3 }, log: {} };
      console.log(plugin.setup(ctx).routes.map((route) => route.id).join());
      const { verifyDelivery } = await import(${JSON.stringify(path.join(import.meta.dirname, "verify_signature.ts"))});
      const [header, secret] = process.argv.slice(1);
      console.log(verifyDelivery(Buffer.from("{}"), header, [secret], Date.now()).text);
      console.log(await import("stripe").catch((error) => error.message));
    `;
    const header = await signPayload(Buffer.from("{}"), testWebhookSecret);
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ["--import", "tsx", "--input-type=module", "-e", script, header, testWebhookSecret],
      { timeout: 15_000 },
    );
    const [routes, text, refused] = stdout.trim().split("\n");
    expect(routes).to.contain("takeStripeEvent");
    expect(text).to.equal("{}");
    expect(refused, "the hook refuses the import").to.equal("Stripe's SDK is loaded");
  });

  it("Without a secret the webhook answers 503, and the rest of billing works", async () => {
    const { STRIPE_WEBHOOK_SECRET: _, ...others } = platform.variables;
    const server = await serve(await boot("web", { ...others, NODE_ENV: "production" }));
    try {
      const client = new TestClient(`http://127.0.0.1:${server.port}`);
      const answer = await deliver(client, paidEvent());
      expect(answer.status).to.equal(503);
      expect(answer.body.code).to.equal("BILLING_NOT_CONFIGURED");
      expect((await client.get("/billing/subscription")).status).to.equal(401);
    } finally {
      await server.close();
    }
  });

  it("The webhook accepts a signature of `billing sign`", async () => {
    const body = bytesOf(paidEvent());
    const lines: string[] = [];
    const ctx = {
      env: { STRIPE_WEBHOOK_SECRET: platform.variables["STRIPE_WEBHOOK_SECRET"] },
      readFile: () => Promise.resolve(body),
      print: (line: string) => lines.push(line),
    } as unknown as CommandContext;
    await commands["sign"]?.run({ args: { file: "event.json" }, options: {} }, ctx);
    expect(lines).to.have.length(1);
    expect((await deliverBytes(platform.client, body, lines[0])).status).to.equal(200);
  });
});
