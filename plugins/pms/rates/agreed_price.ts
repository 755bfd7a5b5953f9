/**
 * A price that the desk agrees with a guest instead of the rate: for each night, or for the whole stay.
 *
 * It holds for the nights that it was agreed for, whatever room they are slept in. A night that is added later costs
 * its rate, until a price is agreed for it too; a night that takes the place of an agreed one takes its price
 * (carried_prices.ts); another room type has its own rates. Nights of days that are closed keep what they cost,
 * because their figures are written.
 *
 * Beside the agreed price a night keeps its rate of before (`rack_rate`), by which each later agreement is measured.
 * It has one also where the agreed price is the rate, so that the price stands when the night changes for a dearer
 * one.
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
  per_night: amountSchema.optional().meta({ description: "What each night costs." }),
  total: amountSchema.optional().meta({
    description:
      "What the whole stay costs. Nights of closed days keep their prices; the rest is split over the other nights in " +
      "proportion to their rates, by the largest remainder, so that the parts sum exactly.",
  }),
};

const onlyOne = "name exactly one price";

/** As a booking takes it. */
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

/** As an amendment takes it. */
export const newAgreedPriceSchema = z
  .strictObject({
    ...prices,
    withdrawn: z.literal(true).optional().meta({ description: "The nights cost their rates again." }),
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

/** A night at its rate. */
export const atRate = (night: { readonly date: Day; readonly rate: string }): PricedNight => ({
  ...night,
  rack_rate: null,
});

export const rackOf = ({ rate, rack_rate: rack }: PricedNight): string => rack ?? rate;

export const isAgreed = ({ rack_rate: rack }: Pick<PricedNight, "rack_rate">): boolean => rack !== null;

/** A night without the price that was agreed for it. */
export const withoutAgreement = <N extends PricedNight>(night: N): N => ({
  ...night,
  rate: rackOf(night),
  rack_rate: null,
});

/** By how many percent a role may differ from the rate; undefined: by any. */
export async function discountLimit(trx: Trx, hotelId: string, role: string | undefined): Promise<number | undefined> {
  if (isManager(role)) return undefined;
  return (await readPolicies(trx, hotelId)).receptionist_discount_percent;
}

export interface Agreement {
  readonly price: Pick<AgreedPrice, "per_night" | "total" | "withdrawn">;
  readonly currency: string;
  /** The nights before this day keep their prices. */
  readonly today: Day;
  /** By how many percent the price may differ from the rate; undefined: by any. */
  readonly percent: number | undefined;
  /** The nights as they were: the price that is replaced. Default: none. */
  readonly replaced?: readonly PricedNight[];
  /** The refusal of one of the amounts; default: as of a body's `agreed_price`. */
  readonly fault?: (field: "per_night" | "total", detail: string) => Error;
}

const bodyFault = (field: string, detail: string): Error => fieldFault("body", `/agreed_price/${field}`, detail);

/**
 * The nights at the agreed price.
 * @throws Problem VALIDATION_FAILED for an amount that the currency or the stay can't have; WRONG_DAY where all nights
 *   are
 *   closed; PRICE_NOT_ALLOWED
 */
export function agreeOn<N extends PricedNight>(nights: readonly N[], agreement: Agreement): N[] {
  const { price, currency, today, percent, replaced = [] } = agreement;
  const open = nights.filter(({ date }) => date >= today);
  if (open.length === 0) {
    throw pmsProblems.WRONG_DAY(`Each night of the stay is before the business date ${today}: those days are closed.`, {
      members: { business_date: today },
    });
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
  if (left === undefined) throw fault("total", `is less than the nights of closed days cost, which is ${spent}`);
  return splitAmount(left, open.map(rackOf), currency);
}

const rateOf = ({ rate }: PricedNight): string => rate;
const sumOf = (nights: readonly PricedNight[], amount: (night: PricedNight) => string, currency: string): string =>
  sumAmounts(nights.map(amount), currency);

/**
 * Whether a receptionist may agree a price. It may differ from the rate by the policy's percentage, down as well as
 * up: a price above the rate costs the guest money as one below it costs the hotel. Each night is measured, so that no
 * discount on a dear night hides behind a cheap one; a price in all is measured in all, because it is split in
 * proportion to the rates. A night for nothing is for a manager.
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
 * The price that is replaced or ends must be within the policy too: what a manager agreed beyond it, a manager
 * changes. The agreed nights alone are measured, so that no nights at their rates are added to hide them.
 * @param before the nights that lose their price
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
      ? "The hotel's policy lets receptionists agree no price but the rate, and change none that a manager agreed."
      : `The hotel's policy lets receptionists agree and change prices that differ from the rate by ${percent} percent at most, and no night for nothing.`,
    { members: { receptionist_discount_percent: percent, rack_amount: sumOf(after, rackOf, currency) } },
  );
}
