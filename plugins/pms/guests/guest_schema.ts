import * as z from "zod";

import { textSchema } from "../../../core/mod.ts";

/** The contact of a guest in the body of a request. */
export const guestSchema = z
  .strictObject({
    name: textSchema(200).meta({ examples: ["Ada Lovelace"] }),
    email: z
      .email("is not an e-mail address")
      .max(254)
      .nullish()
      .meta({ examples: ["ada@example.com"] }),
    phone: textSchema(40)
      .nullish()
      .meta({ examples: ["+44 20 7946 0000"] }),
  })
  .meta({ id: "Guest" });
