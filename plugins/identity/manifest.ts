import { defineManifest, secretKeysSchema } from "../../core/mod.ts";
import * as z from "zod";

export const manifest = defineManifest({
  id: "identity",
  summary: "Hotels, their staff, and the caller of each request.",
  web: {
    calls: [
      "changeHotel",
      "changeOwnPassword",
      "changeUser",
      "createUser",
      "deactivateUser",
      "endUserSessions",
      "listUsers",
      "openBrowserSession",
      "readHotel",
      "removePin",
      "setPin",
      "signUpHotel",
      "unlockSession",
      "whoAmI",
    ],
  },
  permissions: {
    env: {
      SECRET_KEY: secretKeysSchema,
      TRIAL_DAYS: z.coerce.number().int().min(0).max(365).default(14),
      TRIAL_USERS: z.coerce.number().int().min(1).default(250),
      SIGN_UPS_PER_HOUR: z.coerce.number().int().min(1).default(20),
      LOGINS_PER_MINUTE: z.coerce.number().int().min(1).default(60),
      FAILED_LOGINS: z.coerce.number().int().min(1).default(10),
    },
    crossTenant: "a sign-up creates a hotel, a login finds its hotel by the username, and old sessions are removed",
  },
});
