/**
 * Determines which period an invoice pays for. An invoice can have lines for several periods:
 *
 * - the plan's month
 * - an add-on's year
 * - the rest of a month after a change (a proration)
 * - the usage of the last month
 *
 * The rules:
 *
 * 1. The lines of the sold price (`STRIPE_PRICE_ID`) determine the period. If there is none, as after a change of the
 *    price, the lines of the shortest interval do. An add-on that is paid by the year must not extend a plan that is
 *    paid by the month. The line that ends last counts.
 * 2. A proration with a positive amount counts only if no such line pays for a whole interval. A subscription that is
 *    resumed in the middle of its month is paid by nothing else. Prorations of the sold price come first, then the one
 *    that ends first.
 */
import * as z from "zod";

import { instant, metadataSchema, referenceSchema, secondsSchema } from "./stripe_event.ts";
import type { PaidInvoiceFact } from "./event_facts.ts";

const reference = referenceSchema.catch(undefined);

export const lineSchema = z.object({
  type: z.string().nullish(),
  proration: z.boolean().nullish(),
  /** In the currency's smallest unit; negative for a credit. */
  amount: z.int().nullish().catch(undefined),
  period: z.object({ start: secondsSchema, end: secondsSchema }),
  metadata: metadataSchema,
  /** The field before "basil". `plan` is older still. */
  price: reference,
  plan: reference,
  pricing: z
    .object({ price_details: z.object({ price: reference }).nullish() })
    .nullish()
    .catch(undefined),
  parent: z
    .object({
      type: z.string(),
      subscription_item_details: z.object({ proration: z.boolean().nullish() }).nullish(),
    })
    .nullish(),
});

export type InvoiceLine = z.output<typeof lineSchema>;

/** Lengths of one interval differ by less than this factor: February and January do, a month and a quarter do not. */
const sameInterval = 1.5;

/** @param soldPrice the id of the price that hotels subscribe to */
export function servicePeriod(lines: readonly InvoiceLine[], soldPrice: string | undefined): PaidInvoiceFact["period"] {
  const ofSubscription = lines.filter(isOfSubscription);
  const isSold = (line: InvoiceLine) => soldPrice !== undefined && priceOf(line) === soldPrice;
  const whole = ofSubscription.filter((line) => !isProration(line));
  const sold = whole.filter(isSold);
  if (whole.length > 0) return periodOf(lastOf(sold.length > 0 ? sold : ofShortestInterval(whole)));
  const prorations = ofSubscription.filter(({ amount }) => (amount ?? 0) > 0);
  const soldProrations = prorations.filter(isSold);
  return periodOf(soldProrations.length > 0 ? lastOf(soldProrations) : firstOf(prorations));
}

const isOfSubscription = ({ type, parent }: InvoiceLine): boolean =>
  parent === undefined || parent === null ? type === "subscription" : parent.type === "subscription_item_details";

const isProration = ({ proration, parent }: InvoiceLine): boolean =>
  (parent === undefined || parent === null ? proration : parent.subscription_item_details?.proration) === true;

const priceOf = ({ price, plan, pricing }: InvoiceLine): string | undefined =>
  pricing?.price_details?.price ?? price ?? plan ?? undefined;

const lengthOf = ({ period }: InvoiceLine): number => period.end - period.start;

function ofShortestInterval(lines: readonly InvoiceLine[]): InvoiceLine[] {
  const lengths = lines.map(lengthOf).filter((length) => length > 0);
  const longest = Math.min(...lengths) * sameInterval;
  return lines.filter((line) => lengthOf(line) <= longest);
}

const byEnd = (one: InvoiceLine, other: InvoiceLine): number =>
  one.period.end - other.period.end || one.period.start - other.period.start;
const lastOf = (lines: readonly InvoiceLine[]): InvoiceLine | undefined => lines.toSorted(byEnd).at(-1);
const firstOf = (lines: readonly InvoiceLine[]): InvoiceLine | undefined => lines.toSorted(byEnd)[0];

const periodOf = (line: InvoiceLine | undefined): PaidInvoiceFact["period"] =>
  line && { start: instant(line.period.start), end: instant(line.period.end) };
