import * as z from "zod";

import { daySchema, idSchema, instantOutSchema, route, sumSchema } from "../../../core/mod.ts";
import { staff } from "../../identity/port.ts";
import { changeContextOf } from "../booking_record/change.ts";
import type { PmsContext } from "../context.ts";
import { figuresView } from "./close_day.ts";
import { previewClose } from "./preview_close.ts";
import { figuresSchema, requireCanCloseDay } from "./routes.ts";

const affectedFields = {
  booking_id: idSchema,
  guest_name: z.string(),
  room_id: idSchema,
  room_number: z.string(),
  arrival: daySchema,
  departure: daySchema,
};
const chargedSchema = z.strictObject({ ...affectedFields, charge: sumSchema }).meta({ id: "ChargedBooking" });

export function closePreviewRoutes({ db }: Pick<PmsContext, "db">) {
  return [
    route({
      id: "previewClose",
      method: "GET",
      path: "/operations/close-day",
      summary: "Preview the close of the business date: no-shows, overstays, charges and figures. Changes nothing",
      description:
        "The answer has what POST to this address would do now, with `early` if the day is not over. " +
        "The desk waits while the preview runs, as for a close. So ask for it once, and not after each change. " +
        "A receptionist can preview the close unless the policy `receptionists_close_day` is false.",
      access: staff,
      transaction: "none",
      status: 200,
      result: z.strictObject({
        business_date: daySchema,
        closable_from: instantOutSchema.nullable().meta({
          description: "The earliest time of a close without `early`. Null if the day can be closed now.",
        }),
        no_shows: z.array(chargedSchema).meta({
          description: "Guests that have not arrived. The charge follows from the policy `no_show_charge`.",
        }),
        overstays: z.array(chargedSchema).meta({
          description: "Guests due out that get the nights up to the close. The charge is the price of these nights.",
        }),
        overdue: z.array(z.strictObject(affectedFields)).meta({
          description: "Guests due out that stay overdue: by the policy, or because their room is not free.",
        }),
        figures: figuresSchema.omit({ closed_at: true, closed_by: true }).meta({ id: "ExpectedFigures" }),
      }),
      problems: ["WRONG_DAY"],
      handler: async ({ actor, request }) => {
        await db.tenant(actor.tenantId, (trx) => requireCanCloseDay(trx, actor), { readOnly: true });
        const { figures, no_shows, overstays, overdue, ...preview } = await previewClose(
          db,
          changeContextOf(actor, request),
        );
        const { closed_at: _at, closed_by: _by, ...expected } = figuresView(figures);
        return {
          body: {
            ...preview,
            no_shows: [...no_shows],
            overstays: [...overstays],
            overdue: [...overdue],
            figures: expected,
          },
        };
      },
    }),
  ];
}
