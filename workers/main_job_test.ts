import { expect } from "chai";
import { parse } from "csv-parse/sync";

import { walkThrough } from "../examples/walk_through.ts";
import { onBothStores, startTestPlatform, type TestPlatform, testWebhookSecret } from "../testing/platform.ts";

onBothStores("The main job: sign up, book, stay, get paid, report", (store) => {
  let platform: TestPlatform;
  before(async () => {
    platform = await startTestPlatform({ store });
  });
  after(() => platform.close());

  it("The walk-through runs from end to end over HTTP", async () => {
    const { client, owner } = platform;
    const result = await walkThrough({ address: client.url, webhookSecret: testWebhookSecret, print: () => undefined });

    const [before, after] = result.validTo.map((instant) => Date.parse(instant)) as [number, number];
    expect((after - before) / 86_400_000).to.be.within(340, 365);
    const events = await owner("billing.stripe_events").select("event_id");
    expect(events, "one delivered twice and one forged leave one row").to.have.length(1);

    const rows = parse(result.csv, { columns: true }) as Record<string, string>[];
    expect(rows).to.have.length(1);
    expect(rows[0]).to.include({ booking_id: result.bookingId, status: "checked_out", guest_name: "Ada Lovelace" });
    expect(await owner("core.outbox").count({ left: "*" }).first()).to.deep.equal({ left: "0" });
  });
});
