import { expect } from "chai";

import { eventually, signUpHotel, startTestPlatform, type TestHotel, type TestPlatform } from "#testing/mod.ts";
import {
  deliver,
  describeWithObjects,
  fileAsEvent,
  freshId,
  objectFiles,
  type TestEvent,
} from "../testing/deliveries.ts";

/** The event types, among those with an effect, in which Stripe sends an object of a kind. */
const typesOf: Readonly<Record<string, readonly string[]>> = {
  invoice: [
    "invoice.paid",
    "invoice.payment_succeeded",
    "invoice.payment_failed",
    "invoice.payment_action_required",
    "invoice.voided",
  ],
  charge: ["charge.refunded"],
  refund: ["refund.created", "refund.updated", "refund.failed", "charge.refund.updated"],
  dispute: ["charge.dispute.created", "charge.dispute.closed", "charge.dispute.funds_reinstated"],
  subscription: ["customer.subscription.created", "customer.subscription.updated", "customer.subscription.deleted"],
  "checkout.session": ["checkout.session.completed", "checkout.session.async_payment_failed"],
  invoice_payment: ["invoice_payment.paid"],
  customer: ["customer.deleted"],
};

describeWithObjects("Stripe's real payloads", () => {
  let platform: TestPlatform;
  let hotel: TestHotel;
  before(async () => {
    platform = await startTestPlatform();
    hotel = await signUpHotel(platform.client);
  });
  after(() => platform.close());

  /** The file's own event, and its object in each event that can carry it. */
  const eventsOf = (file: string): TestEvent[] => {
    const event = fileAsEvent(file, "customer.updated");
    const kind = String(event.data.object["object"]);
    return [event, ...(typesOf[kind] ?? []).map((type) => ({ ...event, id: freshId("evt"), type }))];
  };

  /** The object as a paid checkout of Keyrack would have marked it. */
  const asOurs = (event: TestEvent): TestEvent => {
    const metadata = { hotel_id: hotel.hotelId };
    const object = structuredClone(event.data.object);
    const parent = object["parent"] as { subscription_details?: object } | undefined;
    if (parent?.subscription_details) Object.assign(parent.subscription_details, { metadata });
    Object.assign(object, { metadata, subscription_details: { metadata } });
    if (event.type === "invoice.paid") Object.assign(object, { status: "paid" });
    return { ...event, id: freshId("evt"), data: { ...event.data, object } };
  };

  const outcomesOf = async (events: readonly TestEvent[]): Promise<Map<string, number>> => {
    for (const event of events) {
      const { status } = await deliver(platform.client, event);
      expect(status, `${event.type} ${String(event.data.object["id"])}`).to.equal(200);
    }
    await eventually(async () => {
      const { rows } = await platform.owner.raw("SELECT count(*)::int AS jobs FROM core.outbox WHERE failures = 0");
      return rows[0].jobs === 0 ? true : undefined;
    }, 60_000);
    const failed = await platform.owner("core.outbox").select("payload", "last_error");
    expect(failed).to.deep.equal([]);
    const counts = new Map<string, number>();
    const rows = await platform.owner("billing.stripe_events").whereIn(
      "event_id",
      events.map(({ id }) => id),
    );
    for (const { status } of rows) counts.set(status, (counts.get(status) ?? 0) + 1);
    return counts;
  };

  it("Each payload without a known hotel waits or is ignored, and none fails", async function () {
    this.timeout(120_000);
    const events = objectFiles().flatMap(eventsOf);
    expect(events.length).to.be.greaterThan(150);
    const outcomes = await outcomesOf(events);
    expect(outcomes).to.have.keys("ignored", "waiting");
    expect(outcomes.get("waiting")).to.be.greaterThan(50);
  });

  it("Each payload that names the hotel is applied or waits for what it lacks", async function () {
    this.timeout(120_000);
    const events = objectFiles().flatMap(eventsOf).map(asOurs);
    const outcomes = await outcomesOf(events);
    expect(outcomes.get("applied")).to.be.greaterThan(60);
    const stored = await platform.owner("billing.stripe_events").where({ status: "stored" });
    expect(stored).to.deep.equal([]);
    const view = await platform.client.get("/billing/subscription", { token: hotel.managerToken });
    expect(view.status).to.equal(200);
    expect(view.body.invoices.length).to.be.greaterThan(2);
  });
});
