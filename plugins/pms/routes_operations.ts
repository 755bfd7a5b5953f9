import * as z from "zod";

import { type Actor, idSchema, type Route, route, type RequestFacts, type Trx } from "../../core/mod.ts";
import { staff } from "../identity/port.ts";
import { cancel, checkIn, checkOut } from "./operations.ts";
import { bookingRows, bookingSchema, bookingView } from "./views.ts";

const params = z.strictObject({ booking_id: idSchema });

/** An operation on one booking: changes it and records the change. */
export type Operation = (trx: Trx, actor: Actor, bookingId: string, request: RequestFacts) => Promise<void>;

export function operationRoutes(): Route[] {
  return [
    operation("checkIn", "check-in", "The guest has arrived: confirmed to in_house", checkIn, [
      "WRONG_DAY",
      "ROOM_NOT_READY",
      "SUBSCRIPTION_LAPSED",
    ]),
    operation(
      "checkOut",
      "check-out",
      "The guest leaves: in_house to checked_out; nights that are left are free at once",
      checkOut,
    ),
    operation(
      "cancelBooking",
      "cancel",
      "The guest does not come: confirmed to canceled; the nights are free at once",
      cancel,
    ),
  ];
}

function operation(id: string, path: string, summary: string, run: Operation, problems: readonly string[] = []): Route {
  return route({
    id,
    method: "PATCH",
    path: `/operations/${path}/{booking_id}`,
    summary,
    access: staff,
    unit: "tenant",
    params,
    body: z.strictObject({}),
    status: 200,
    result: bookingSchema,
    problems: ["ILLEGAL_TRANSITION", "PRECONDITION_FAILED", ...problems],
    handler: async ({ actor, params: { booking_id: bookingId }, trx, request }) => {
      await run(trx, actor, bookingId, request);
      const [row] = await bookingRows(trx, actor.tenantId).where("b.booking_id", bookingId);
      if (row === undefined) throw new Error("A booking that was just changed is not there.");
      return { body: bookingView(row), etag: row.version };
    },
  });
}
