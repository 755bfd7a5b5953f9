/** The shapes of answers. The core checks answers too, so no other column can leave. */
import * as z from "zod";

import { currencySchema, daySchema, formatAmount, idSchema, instantOutSchema } from "#core/mod.ts";
import type { Charge } from "./models/charge.ts";
import type { RestockLine } from "./models/restock_line.ts";

const moneySchema = z.string().meta({ examples: ["7.50"] });

export const chargeSchema = z
  .strictObject({
    charge_id: idSchema,
    hotel_id: idSchema,
    booking_id: idSchema,
    day: daySchema.meta({ description: "The business date of the charge." }),
    item: z.string(),
    quantity: z.number().int(),
    unit_price: moneySchema,
    amount: moneySchema,
    currency: currencySchema,
    charged_by: z.string(),
    charged_at: instantOutSchema,
  })
  .meta({ id: "MinibarCharge" });

export function chargeView(charge: Charge, currency: string): z.input<typeof chargeSchema> {
  const { charge_id, hotel_id, booking_id, day, item, quantity, charged_by } = charge;
  return {
    charge_id,
    hotel_id,
    booking_id,
    day,
    item,
    quantity,
    unit_price: formatAmount(charge.unit_price, currency),
    amount: formatAmount(charge.amount, currency),
    currency,
    charged_by,
    charged_at: charge.charged_at.toISOString(),
  };
}

export const restockLineSchema = z
  .strictObject({
    item: z.string(),
    quantity: z.number().int(),
    amount: moneySchema.meta({ description: "The charged amount." }),
    currency: currencySchema,
  })
  .meta({ id: "MinibarRestockLine" });

export function restockLineView(line: RestockLine, currency: string): z.input<typeof restockLineSchema> {
  const { item, quantity, amount } = line;
  return { item, quantity, amount: formatAmount(amount, currency), currency };
}
