import { definePlugin } from "../../core/mod.ts";
import { createAuthentication } from "./authentication.ts";
import { manifest } from "./manifest.ts";
import { roles } from "./port.ts";
import { auditRoute } from "./routes_audit.ts";
import { authRoutes } from "./routes_auth.ts";
import { hotelRoutes } from "./routes_hotels.ts";
import { sessionRoutes } from "./routes_sessions.ts";
import { userRoutes } from "./routes_users.ts";
import { sessionCleaning } from "./session_cleaning.ts";

export default definePlugin({
  manifest,
  setup: (ctx) => {
    const authentication = createAuthentication(ctx);
    return {
      routes: [
        ...hotelRoutes(ctx),
        ...authRoutes(ctx, authentication),
        ...userRoutes(ctx, authentication),
        ...sessionRoutes(ctx, authentication.sessions),
        auditRoute(ctx),
      ],
      authenticator: authentication.authenticate,
      confirmActor: authentication.confirmActor,
      roles,
      schedules: [sessionCleaning(ctx)],
    };
  },
});
