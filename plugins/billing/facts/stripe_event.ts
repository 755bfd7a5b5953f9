/** The envelope of an event, and the pieces that Stripe's objects are made of. Read leniently: Stripe adds fields. */
import { isUuid } from "../../../core/mod.ts";
import * as z from "zod";

import { billingProblems } from "../errors.ts";

/**
 * An id of an object: `evt_…`, `in_…`, or any text, because Stripe lets an account choose the ids of its customers. Refuses
 * - more than 255 characters, U+0000 and half surrogates, because PostgreSQL's text cannot keep them apart
 * - `.` and `..`, because in the path of a call they would lead to another resource
 */
export const stripeIdSchema = z.string().regex(/^(?!\.{1,2}$)[^\0\p{Cs}]{1,255}$/u);

/** An id, or the object itself where it was expanded. */
export const referenceSchema = z
  .union([stripeIdSchema, z.object({ id: stripeIdSchema }).transform(({ id }) => id)])
  .nullish();

/** Seconds since 1970, up to the year 9000: days of grace are added to them, and years of five digits have no format. */
export const secondsSchema = z.int().min(0).max(221_845_392_000);

export const metadataSchema = z.record(z.string(), z.unknown()).nullish();

/** A currency, which Stripe writes in small letters, in capitals. */
export const stripeCurrencySchema = z
  .string()
  .regex(/^[a-zA-Z]{3,10}$/)
  .toUpperCase();

/** The hotel that an object's metadata names. */
export function hotelIn(metadata: z.output<typeof metadataSchema>): string | undefined {
  const named = metadata?.["hotel_id"];
  const hotelId = typeof named === "string" ? named.trim().toLowerCase() : "";
  return isUuid(hotelId) ? hotelId : undefined;
}

export const instant = (seconds: number): Date => new Date(seconds * 1000);

export const optionalInstant = (seconds: number | null | undefined): Date | undefined =>
  typeof seconds === "number" ? instant(seconds) : undefined;

const eventSchema = z.object({
  id: stripeIdSchema,
  object: z.literal("event"),
  type: z.string().regex(/^[a-z0-9_.]{1,200}$/),
  // A preview's has more in it than a day and a name: `2020-08-27; orders_beta=v4`.
  api_version: z
    .string()
    .regex(/^[\x20-\x7e]{1,200}$/)
    .nullish(),
  // Old events have it as a string.
  created: z.union([secondsSchema, z.string().regex(/^\d+$/).transform(Number).pipe(secondsSchema)]).nullish(),
  livemode: z.boolean().nullish(),
  /** Set where the event is of an account that is connected to ours (Stripe Connect), whatever its form. */
  account: z.unknown().optional(),
  data: z.object({ object: z.record(z.string(), z.unknown()) }),
});

export type StripeEventBody = z.output<typeof eventSchema>;

/**
 * Reads a parsed body as an event.
 * @throws Problem STRIPE_EVENT_INVALID
 */
export function readEvent(json: unknown): StripeEventBody {
  const { success, data } = eventSchema.safeParse(json);
  if (success) return data;
  throw billingProblems.STRIPE_EVENT_INVALID("The body has no id, type and data.object as Stripe's events have.");
}
