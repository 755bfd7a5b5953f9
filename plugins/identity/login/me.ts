/** The caller as the caller sees it: the answer of `GET /auth/me` and of a login in a browser. */
import * as z from "zod";

import { idSchema, type Trx } from "../../../core/mod.ts";
import { Hotel } from "../models/hotel.ts";
import { User } from "../models/user.ts";
import { hotelSchema, hotelView, roleSchema } from "../views.ts";

export const meSchema = z
  .strictObject({
    user_id: idSchema,
    username: z.string(),
    role: roleSchema,
    must_change_password: z.boolean().meta({
      description:
        "If true, only this route, POST /users/me/password, POST /auth/revoke and DELETE /auth/session are allowed.",
    }),
    has_pin: z.boolean().meta({ description: "Whether the user can unlock a session by PIN." }),
    hotel: hotelSchema,
  })
  .meta({ id: "Me" });

/** Reads a user with its hotel. */
export async function readMe(trx: Trx, hotelId: string, userId: string): Promise<z.input<typeof meSchema>> {
  const user = await User.query(trx).findById([hotelId, userId]).throwIfNotFound();
  const hotel = await Hotel.query(trx).findById(hotelId).throwIfNotFound();
  return {
    user_id: user.user_id,
    username: user.username,
    role: user.role,
    must_change_password: user.must_change_password,
    has_pin: user.pin_hash !== null,
    hotel: hotelView(hotel),
  };
}
