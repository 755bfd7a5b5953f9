import * as z from "zod";

import {
  currencyDecimals,
  currencySchema,
  currentCurrencySchema,
  requireMatch,
  route,
  type Trx,
  query,
} from "../../../core/mod.ts";
import { managers } from "../../identity/port.ts";
import type { PmsContext } from "../context.ts";
import { lockBusinessDate } from "../business_date/lock_business_date.ts";
import { fieldFault, pmsProblems } from "../errors.ts";

export function currencyRoutes({ audit }: Pick<PmsContext, "audit">) {
  return [
    route({
      id: "changeCurrency",
      method: "PUT",
      path: "/hotels/me/currency",
      summary: "Correct the currency of a hotel without bookings",
      description:
        "Rates keep their numbers: 100.00 EUR becomes 100.00 USD. " +
        "After the first booking, even a canceled one, the currency can't change.",
      access: managers,
      transaction: "tenant",
      changes: ["hotels", "rates", "room-types"],
      body: z.strictObject({ currency: currentCurrencySchema }),
      status: 200,
      result: z.strictObject({ currency: currencySchema }),
      undo: ["changeCurrency"],
      problems: ["HOTEL_HAS_BOOKINGS", "PRECONDITION_FAILED"],
      handler: async ({ actor, body: { currency }, trx, request }) => {
        const hotelId = actor.tenantId;
        // A concurrent booking waits for this lock, and reads the currency after it.
        await lockBusinessDate(trx, hotelId, "exclusive");
        const hotel = await lockHotel(trx, hotelId);
        requireMatch(request.ifMatch, hotel.version);
        const undo = { operation: "changeCurrency", body: { currency: hotel.currency } };
        if (hotel.currency === currency) return { body: { currency }, etag: hotel.version, undo };
        await requireNoBooking(trx, hotelId, hotel.currency);
        await requireRatesFit(trx, hotelId, currency);
        const version = hotel.version + 1;
        await trx("identity.hotels").where({ hotel_id: hotelId }).update({ currency, version });
        const details = { currency: [hotel.currency, currency] };
        audit.record(trx, { kind: "currency_changed", actor, request, details });
        return { body: { currency }, etag: version, undo };
      },
    }),
  ];
}

interface LockedHotel {
  readonly currency: string;
  readonly version: number;
}

async function lockHotel(trx: Trx, hotelId: string): Promise<LockedHotel> {
  const [hotel] = await trx("identity.hotels")
    .where({ hotel_id: hotelId })
    .forUpdate()
    .select<LockedHotel[]>("currency", "version");
  if (hotel === undefined) throw new Error("The tenant has no hotel.");
  return hotel;
}

async function requireNoBooking(trx: Trx, hotelId: string, currency: string): Promise<void> {
  const [booking] = await trx("pms.bookings").where({ hotel_id: hotelId }).limit(1).select<object[]>("booking_id");
  if (booking !== undefined)
    throw pmsProblems.HOTEL_HAS_BOOKINGS(`The hotel has bookings in ${currency}, so its currency can't change.`);
}

/** @throws Problem VALIDATION_FAILED if a rate would lose decimals */
async function requireRatesFit(trx: Trx, hotelId: string, currency: string): Promise<void> {
  const decimals = currencyDecimals(currency);
  const rows = await query<object>(
    trx,
    `SELECT FROM (
       SELECT rate FROM pms.room_types WHERE hotel_id = :hotelId
       UNION ALL SELECT rate FROM pms.rooms WHERE hotel_id = :hotelId
       UNION ALL SELECT rate FROM pms.rates WHERE hotel_id = :hotelId
     ) AS known WHERE scale(trim_scale(rate)) > :decimals LIMIT 1`,
    { hotelId, decimals },
  );
  if (rows.length > 0)
    throw fieldFault("body", "/currency", `has ${decimals} decimals, and a rate of the hotel has more: round it first`);
}
