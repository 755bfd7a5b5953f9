import { randomBytes } from "node:crypto";

import { z } from "zod";

import { type DemoPart } from "../../core/mod.ts";

/** A hotel with its manager. */
export const demo: DemoPart = {
  order: 1,
  tryPaths: ["/hotels/me"],
  play: async (session) => {
    session.login = { username: `demo-${randomBytes(3).toString("hex")}`, password: randomBytes(9).toString("hex") };
    await session.call("POST", "/hotels/", {
      name: "Hotel Seeblick",
      ...session.login,
      time_zone: "Europe/Berlin",
      currency: "EUR",
      terms_and_conditions: "Quiet hours from 22:00 to 07:00.",
    });
    const { access_token: token } = await session.call("POST", "/auth/token", session.login);
    session.token = z.string().parse(token);
  },
};
