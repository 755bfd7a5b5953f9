/**
 * Schemas of the event envelope and of the parts that Stripe's objects share. They ignore unknown fields, because
 * Stripe adds fields.
 */
import { isUuid } from "../../../core/mod.ts";
import * as z from "zod";

import { billingProblems } from "../errors.ts";

/**
 * An id of an object: `evt_…`, `in_…`, or any text, because Stripe lets an account choose the ids of its customers.
 * Refuses
 * - more than 255 characters, U+0000 and lone surrogates, because PostgreSQL's text cannot store them or keep them
 *   apart
 * - `.` and `..`, because they would address another resource in the path of a call
 */
export const stripeIdSchema = z.string().regex(/^(?!\.{1,2}$)[^\0\p{Cs}]{1,255}$/u);

/** An id, or the object itself if it was expanded. */
export const referenceSchema = z
  .union([stripeIdSchema, z.object({ id: stripeIdSchema }).transform(({ id }) => id)])
  .nullish();

/**
 * Seconds since 1970, up to the year 9000. Days of grace are added to them, and years with five digits have no format.
 */
export const secondsSchema = z.int().min(0).max(221_845_392_000);

export const metadataSchema = z.record(z.string(), z.unknown()).nullish();

/** Converts a currency code, which Stripe writes in lowercase, to capitals. */
export const stripeCurrencySchema = z
  .string()
  .regex(/^[a-zA-Z]{3,10}$/)
  .toUpperCase();

/** Returns the hotel that an object's metadata names, if it is a UUID. */
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
  // A preview's version has more than a date and a name: `2020-08-27; orders_beta=v4`.
  api_version: z
    .string()
    .regex(/^[\x20-\x7e]{1,200}$/)
    .nullish(),
  // Old events have a string here.
  created: z.union([secondsSchema, z.string().regex(/^\d+$/).transform(Number).pipe(secondsSchema)]).nullish(),
  livemode: z.boolean().nullish(),
  /** Set if the event is of a connected account (Stripe Connect), in any form. */
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
  throw billingProblems.STRIPE_EVENT_INVALID("The body lacks the id, type or data.object of a Stripe event.");
}
