import * as z from "zod";

import {
  amountSchema,
  decodeCursor,
  formatAmount,
  idSchema,
  pageOf,
  pageQuery,
  route,
  textSchema,
  toPage,
} from "#core/mod.ts";
import { readHotel, staff } from "#plugins/identity/port.ts";

import { charge, readBookingStatus, takeBack } from "./charges.ts";
import type { MinibarContext } from "./context.ts";
import { Charge } from "./models/charge.ts";
import { chargeSchema, chargeView } from "./views.ts";

export function chargeRoutes(ctx: MinibarContext) {
  return [
    route({
      id: "chargeMinibar",
      method: "POST",
      path: "/minibar/charges",
      summary: "Charge something from the minibar to a guest in the house",
      // Names the roles of the callers. There is no default. The transaction `trx` sees the rows of the caller's hotel.
      access: staff,
      transaction: "tenant",
      body: z.strictObject({
        booking_id: idSchema,
        item: textSchema(80).meta({ examples: ["Cola 0.33 l"] }),
        quantity: z.number().int().min(1).max(99).default(1),
        unit_price: amountSchema.meta({ description: "In the hotel's currency.", examples: ["3.50"] }),
      }),
      status: 201,
      result: chargeSchema,
      // Names the operation that takes the change back. The answer gets a member `undo` with it.
      undo: ["takeBackMinibarCharge"],
      // Adds to the problems of every route. `npm start` shows them all at /docs.
      problems: ["NOT_FOUND", "GUEST_NOT_IN_HOUSE"],
      handler: async ({ actor, body, request, trx }) => {
        const hotel = await readHotel(trx, actor.tenantId);
        const made = await charge(ctx, trx, hotel, actor, body);
        const subject = { type: "booking", id: body.booking_id };
        ctx.audit.record(trx, { kind: "charged", actor, request, subject, details: { item: made.item } });
        const undo = { operation: "takeBackMinibarCharge", params: { charge_id: made.charge_id } };
        return { body: chargeView(made, hotel.currency), undo };
      },
    }),
    route({
      id: "takeBackMinibarCharge",
      method: "DELETE",
      path: "/minibar/charges/{charge_id}",
      summary: "Take back a charge while its guest is in the house",
      access: staff,
      transaction: "tenant",
      params: z.strictObject({ charge_id: idSchema }),
      status: 200,
      undo: ["chargeMinibar"],
      problems: ["NOT_FOUND", "GUEST_NOT_IN_HOUSE"],
      handler: async ({ actor, params, request, trx }) => {
        const { booking_id, item, quantity, unit_price } = await takeBack(ctx, trx, actor.tenantId, params.charge_id);
        const subject = { type: "booking", id: booking_id };
        ctx.audit.record(trx, { kind: "taken_back", actor, request, subject, details: { item } });
        return { undo: { operation: "chargeMinibar", body: { booking_id, item, quantity, unit_price } } };
      },
    }),
    route({
      id: "listMinibarCharges",
      method: "GET",
      path: "/minibar/charges",
      summary: "List the charges of one booking in the order of their creation, with their sum",
      access: staff,
      transaction: "tenant",
      query: z.strictObject({ booking_id: idSchema, ...pageQuery }),
      status: 200,
      result: pageOf(chargeSchema).extend({
        total_amount: z.string().meta({ description: "The sum over all pages." }),
        currency: z.string(),
      }),
      problems: ["NOT_FOUND"],
      handler: async ({ actor, query, trx }) => {
        await readBookingStatus(trx, actor.tenantId, query.booking_id);
        const { currency } = await readHotel(trx, actor.tenantId);
        const ofBooking = Charge.query(trx).where({ hotel_id: actor.tenantId, booking_id: query.booking_id });
        // A v7 UUID sorts by its creation time. The cursor comes from the caller, so its shape is checked.
        const after = decodeCursor(query.cursor, z.tuple([idSchema]));
        const list = ofBooking.clone();
        if (after !== undefined) void list.where("charge_id", ">", after[0]);
        const charges = await list.orderBy("charge_id").limit(query.limit + 1);
        const sum = (await ofBooking.clone().sum("amount as total").first()) as { total?: string | null } | undefined;
        const page = toPage(
          charges,
          query.limit,
          (row) => chargeView(row, currency),
          (row) => [row.charge_id],
        );
        return { body: { ...page, total_amount: formatAmount(sum?.total ?? "0", currency), currency } };
      },
    }),
  ];
}
