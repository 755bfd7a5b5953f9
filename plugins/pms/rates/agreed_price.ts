/**
 * A price that the desk agrees with a guest instead of the rate, for each night or for the whole stay.
 *
 * It applies to the nights for which it was agreed, in any room:
 * - A night that is added later costs its rate, until a price is agreed for it too.
 * - A night that replaces a night with an agreed price gets that price (carried_prices.ts).
 * - Another room type has its own rates.
 * - Nights of closed days keep their prices, because their figures are written.
 *
 * A night with an agreed price also stores its rate from before the agreement (`rack_rate`). Later agreements are
 * compared with it. It is stored even if the agreed price equals the rate, so that a more expensive night that replaces
 * this one keeps the price.
 */
import * as z from "zod";

import {
  amountSchema,
  type Day,
  isSameAmount,
  isWithinPercent,
  normalizeAmount,
  splitAmount,
  subtractAmount,
  sumAmounts,
  textSchema,
  type Trx,
} from "../../../core/mod.ts";
import { isManager } from "../../identity/port.ts";
import { readPolicies } from "../policies/policies.ts";
import { fieldFault, pmsProblems } from "../errors.ts";

const reason = textSchema(500).meta({ examples: ["corporate contract"] });

const prices = {
  per_night: amountSchema.optional().meta({ description: "The price of each night." }),
  total: amountSchema.optional().meta({
    description:
      "The price of the whole stay. Nights of closed days keep their prices. The remainder is split over the other " +
      "nights in proportion to their rates, by the largest remainder, so that the sum is exact.",
  }),
};

const onlyOne = "must have exactly one price";

/** The agreed price in a booking's request. */
export const agreedPriceSchema = z
  .strictObject({ ...prices, reason })
  .refine((body) => (body.per_night === undefined) !== (body.total === undefined), {
    message: onlyOne,
    path: ["per_night"],
  })
  .meta({
    id: "AgreedPrice",
    examples: [{ per_night: "89.00", reason: "corporate contract" }],
    oneOf: [{ required: ["per_night"] }, { required: ["total"] }],
  });

/** The agreed price in an amendment's request. */
export const newAgreedPriceSchema = z
  .strictObject({
    ...prices,
    withdrawn: z
      .literal(true)
      .optional()
      .meta({ description: "Ends the agreement. The nights cost their rates again." }),
    reason,
  })
  .refine((body) => [body.per_night, body.total, body.withdrawn].filter((price) => price !== undefined).length === 1, {
    message: onlyOne,
    path: ["per_night"],
  })
  .meta({
    id: "NewAgreedPrice",
    examples: [{ total: "178.00", reason: "corporate contract" }],
    oneOf: [{ required: ["per_night"] }, { required: ["total"] }, { required: ["withdrawn"] }],
  });

export type AgreedPrice = z.output<typeof newAgreedPriceSchema>;

/** A night with its price. */
export interface PricedNight {
  readonly date: Day;
  readonly rate: string;
  readonly rack_rate: string | null;
}

/** Makes a night without an agreed price. */
export const atRate = (night: { readonly date: Day; readonly rate: string }): PricedNight => ({
  ...night,
  rack_rate: null,
});

export const rackOf = ({ rate, rack_rate: rack }: PricedNight): string => rack ?? rate;

export const isAgreed = ({ rack_rate: rack }: Pick<PricedNight, "rack_rate">): boolean => rack !== null;

/** Removes the agreed price from a night. */
export const withoutAgreement = <N extends PricedNight>(night: N): N => ({
  ...night,
  rate: rackOf(night),
  rack_rate: null,
});

/** Reads by how many percent a role can differ from the rate. @returns undefined for no limit */
export async function discountLimit(trx: Trx, hotelId: string, role: string | undefined): Promise<number | undefined> {
  if (isManager(role)) return undefined;
  return (await readPolicies(trx, hotelId)).receptionist_discount_percent;
}

export interface Agreement {
  readonly price: Pick<AgreedPrice, "per_night" | "total" | "withdrawn">;
  readonly currency: string;
  /** The business date. Nights before it keep their prices. */
  readonly today: Day;
  /** By how many percent the price can differ from the rate. Undefined for no limit. */
  readonly percent: number | undefined;
  /** The nights before the change, with the prices that are replaced. Default: none. */
  readonly replaced?: readonly PricedNight[];
  /** Makes the error for one of the amounts. Default: a fault in the body's `agreed_price`. */
  readonly fault?: (field: "per_night" | "total", detail: string) => Error;
}

const bodyFault = (field: string, detail: string): Error => fieldFault("body", `/agreed_price/${field}`, detail);

/**
 * Sets the nights to the agreed price.
 * @throws Problem VALIDATION_FAILED for an amount that is not valid in the currency or for the stay
 * @throws Problem WRONG_DAY if all nights are of closed days
 * @throws Problem PRICE_NOT_ALLOWED if the policy does not allow it
 */
export function agreeOn<N extends PricedNight>(nights: readonly N[], agreement: Agreement): N[] {
  const { price, currency, today, percent, replaced = [] } = agreement;
  const open = nights.filter(({ date }) => date >= today);
  if (open.length === 0) {
    throw pmsProblems.WRONG_DAY(
      `All nights of the stay are before the business date ${today}, and those days are closed.`,
      {
        members: { business_date: today },
      },
    );
  }
  const closed = nights.filter(({ date }) => date < today);
  const rates = ratesOf(agreement, open, closed);
  const agreed = open.map((night, index): N => {
    const [rack, rate] = [rackOf(night), rates[index] ?? night.rate];
    return { ...night, rate, rack_rate: price.withdrawn === true ? null : rack };
  });
  if (percent !== undefined) {
    const before = replaced.filter(({ date }) => date >= today);
    requireReplaceable(before, percent, { currency, after: agreed });
    if (!isWithinPolicy(agreed, percent, agreement)) throw notAllowed(agreed, percent, currency);
  }
  return [...closed, ...agreed];
}

function ratesOf(
  { price, currency, fault = bodyFault }: Agreement,
  open: readonly PricedNight[],
  closed: readonly PricedNight[],
): readonly string[] {
  if (price.withdrawn === true) return open.map(rackOf);
  const amountIn = (amount: string, field: "per_night" | "total"): string => {
    const normal = normalizeAmount(amount, currency);
    if (normal === undefined) throw fault(field, `has more decimals than ${currency}`);
    return normal;
  };
  if (price.per_night !== undefined) {
    const rate = amountIn(price.per_night, "per_night");
    return open.map(() => rate);
  }
  const spent = sumOf(closed, rateOf, currency);
  const left = subtractAmount(amountIn(price.total ?? "0", "total"), spent, currency);
  if (left === undefined) throw fault("total", `must be at least ${spent}, the price of the nights of closed days`);
  return splitAmount(left, open.map(rackOf), currency);
}

const rateOf = ({ rate }: PricedNight): string => rate;
const sumOf = (nights: readonly PricedNight[], amount: (night: PricedNight) => string, currency: string): string =>
  sumAmounts(nights.map(amount), currency);

/**
 * Says whether a receptionist can agree a price:
 * - It differs from the rate by at most the policy's percentage, down or up. A price above the rate costs the guest
 *   money, as one below it costs the hotel.
 * - With a price per night, each night must keep the limit, so that a cheap night can't hide a discount on another one.
 * - A total must keep the limit as a whole, because it is split in proportion to the rates.
 * - A free night needs a manager.
 */
export function isWithinPolicy(
  nights: readonly PricedNight[],
  percent: number,
  { price, currency }: Pick<Agreement, "price" | "currency">,
): boolean {
  const isInAll = isWithinPercent(sumOf(nights, rateOf, currency), sumOf(nights, rackOf, currency), percent);
  const isByNight = price.per_night === undefined || nights.every((n) => isWithinPercent(n.rate, rackOf(n), percent));
  const isFree = nights.some((n) => isSameAmount(n.rate, "0") && !isSameAmount(rackOf(n), "0"));
  return isInAll && isByNight && !isFree;
}

/**
 * Checks that the replaced price is within the policy too: only a manager can change another one. The check covers
 * only the nights with an agreed price, because added nights at their rates would hide the difference.
 * @param before the nights whose price is replaced or ends
 * @throws Problem PRICE_NOT_ALLOWED
 */
export function requireReplaceable(
  before: readonly PricedNight[],
  percent: number,
  { currency, after }: { readonly currency: string; readonly after: readonly PricedNight[] },
): void {
  const agreed = before.filter(isAgreed);
  if (isWithinPercent(sumOf(agreed, rateOf, currency), sumOf(agreed, rackOf, currency), percent)) return;
  throw notAllowed(after, percent, currency);
}

function notAllowed(after: readonly PricedNight[], percent: number, currency: string): Error {
  return pmsProblems.PRICE_NOT_ALLOWED(
    percent === 0
      ? "The hotel's policy lets receptionists agree only the rate itself. Other prices need a manager."
      : `The hotel's policy lets receptionists agree and change prices within ${percent} percent of the rate. ` +
          "A free night needs a manager.",
    { members: { receptionist_discount_percent: percent, rack_amount: sumOf(after, rackOf, currency) } },
  );
}
