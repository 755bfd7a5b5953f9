/** Makes histories of Stripe events for the faults. A payment has one, two or repeated events, in any order. */
import { basilInvoice, eventAround, freshId, olderInvoice } from "../plugins/billing/testing/deliveries.ts";

/** An event with the bytes that are signed and sent, the same at each delivery. */
export interface PlannedEvent {
  readonly id: string;
  readonly bytes: Buffer;
  /** The payment in the event. Undefined if its type has no effect. */
  readonly payment: Payment | undefined;
}

export interface Payment {
  readonly hotelId: string;
  readonly invoiceId: string;
  /** In seconds since 1970. */
  readonly periodEnd: number;
}

const monthSeconds = 30 * 86_400;

/**
 * Plans deliveries in the order in which they are sent. A third of the payments has two events. A tenth of the
 * events names no hotel and is found by its customer. A twentieth has no effect. A tenth is sent again.
 */
export function planDeliveries(hotelIds: readonly string[], count: number): PlannedEvent[] {
  const planned: PlannedEvent[] = [];
  const now = Math.floor(Date.now() / 1000);
  for (let number = 0; planned.length < count; number += 1) {
    const hotelId = hotelIds[number % hotelIds.length] as string;
    const payment: Payment = {
      hotelId,
      invoiceId: freshId("in"),
      periodEnd: now + Math.floor((1 + Math.random() * 48) * monthSeconds),
    };
    const { invoiceId, periodEnd } = payment;
    // One event of each hotel names it in every run, so that the others don't wait forever.
    const named = number < hotelIds.length || Math.random() < 0.9;
    const invoice = (Math.random() < 0.5 ? basilInvoice : olderInvoice)({
      hotelId: named ? hotelId : undefined,
      invoiceId,
      periodEnd,
      customerId: `cus_${hotelId.replaceAll("-", "")}`,
      subscriptionId: `sub_${hotelId.replaceAll("-", "")}`,
    });
    planned.push(planEvent("invoice.paid", invoice, payment));
    if (Math.random() < 1 / 3) planned.push(planEvent("invoice.payment_succeeded", invoice, payment));
    if (Math.random() < 1 / 20) planned.push(planEvent("price.created", { id: freshId("price"), object: "price" }));
    if (Math.random() < 1 / 10) planned.push(planned[Math.floor(Math.random() * planned.length)] as PlannedEvent);
  }
  return shuffled(planned.slice(0, count));
}

function shuffled<T>(items: T[]): T[] {
  for (let last = items.length - 1; last > 0; last -= 1) {
    const other = Math.floor(Math.random() * (last + 1));
    [items[last], items[other]] = [items[other] as T, items[last] as T];
  }
  return items;
}

function planEvent(type: string, object: Record<string, unknown>, payment?: Payment): PlannedEvent {
  const event = eventAround(type, object);
  return { id: event.id, bytes: Buffer.from(JSON.stringify(event, undefined, 2)), payment };
}
