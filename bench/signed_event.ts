/** Makes a paid invoice in Stripe's shape, signed with the benchmarks' secret. Each call makes another event. */
import { createHmac, randomUUID } from "node:crypto";

import { webhookSecret } from "./harness.ts";

export function signedEvent(hotelId: string): { body: string; headers: Record<string, string> } {
  const id = randomUUID().replaceAll("-", "");
  const line = {
    period: { start: 1, end: 1_900_000_000 },
    metadata: { hotel_id: hotelId },
    type: "subscription",
    proration: false,
  };
  const invoice = {
    id: `in_${id}`,
    object: "invoice",
    status: "paid",
    subscription: "sub_1",
    customer: "cus_1",
    lines: { data: [line] },
  };
  const body = JSON.stringify({
    id: `evt_${id}`,
    object: "event",
    type: "invoice.paid",
    livemode: false,
    data: { object: invoice },
  });
  const seconds = Math.floor(Date.now() / 1000);
  const signature = createHmac("sha256", webhookSecret).update(`${seconds}.${body}`).digest("hex");
  return { body, headers: { "stripe-signature": `t=${seconds},v1=${signature}` } };
}
