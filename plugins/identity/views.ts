import * as z from "zod";

import {
  currencySchema,
  currentCurrencySchema,
  idSchema,
  instantOutSchema,
  textSchema,
  timeOfDaySchema,
  timeZoneSchema,
  daySchema,
} from "../../core/mod.ts";
import type { Hotel } from "./models/hotel.ts";
import type { User } from "./models/user.ts";
import { isSubscribed, roles } from "./port.ts";

export const roleSchema = z.enum(roles);

export const hotelFields = {
  name: textSchema(200).meta({ examples: ["Hotel Seeblick"] }),
  terms_and_conditions: textSchema(20_000, { lines: true }).nullable(),
  time_zone: timeZoneSchema,
  currency: currentCurrencySchema,
  check_in_time: timeOfDaySchema,
  check_out_time: timeOfDaySchema,
  desk_locks_after_minutes: z
    .number()
    .int()
    .min(0)
    .max(1440)
    .meta({
      description: "Minutes without input after which a page locks its session. 0 means never.",
      examples: [10],
    }),
};

export const hotelSchema = z
  .strictObject({
    hotel_id: idSchema,
    ...hotelFields,
    // An older hotel can have a name, terms, a zone or a currency that are refused today.
    name: z.string(),
    terms_and_conditions: z.string().nullable(),
    time_zone: z.string().meta({ examples: ["Europe/Berlin"] }),
    currency: currencySchema,
    business_date: daySchema.meta({ description: "The hotel's own day. The close of the day moves it forward." }),
    subscription_valid: z.boolean(),
    valid_to: instantOutSchema.meta({
      description: "The end of the paid period or of the trial, with the days of grace.",
    }),
  })
  .meta({ id: "Hotel" });

export const userSchema = z
  .strictObject({
    user_id: idSchema,
    username: z.string(),
    role: roleSchema,
    hotel_id: idSchema,
    active: z.boolean(),
    must_change_password: z.boolean().meta({
      description: "True if a manager has set the password. The user must change it before any other request.",
    }),
  })
  .meta({ id: "User" });

export function hotelView(hotel: Hotel): z.input<typeof hotelSchema> {
  return {
    hotel_id: hotel.hotel_id,
    name: hotel.name,
    terms_and_conditions: hotel.terms_and_conditions,
    time_zone: hotel.time_zone,
    currency: hotel.currency,
    check_in_time: hotel.check_in_time.slice(0, 5),
    check_out_time: hotel.check_out_time.slice(0, 5),
    desk_locks_after_minutes: hotel.desk_locks_after_minutes,
    business_date: hotel.business_date,
    subscription_valid: isSubscribed(hotel),
    valid_to: hotel.valid_to.toISOString(),
  };
}

export function userView(user: User): z.input<typeof userSchema> {
  return {
    user_id: user.user_id,
    username: user.username,
    role: user.role,
    hotel_id: user.hotel_id,
    active: user.active,
    must_change_password: user.must_change_password,
  };
}
