import { definePlugin } from "../../core/mod.ts";
import { browserRoutes } from "./login/routes_browser.ts";
import { createAuthentication } from "./login/authentication.ts";
import { lockRoutes } from "./lock/routes.ts";
import { manifest } from "./manifest.ts";
import { roles } from "./port.ts";
import { auditRoute } from "./staff/routes_audit.ts";
import { authRoutes } from "./login/routes.ts";
import { hotelRoutes } from "./hotels/routes.ts";
import { sessionRoutes } from "./sessions/routes.ts";
import { userRoutes } from "./staff/routes.ts";
import { sessionCleaning } from "./sessions/cleaning.ts";

export default definePlugin({
  manifest,
  setup: (ctx) => {
    const authentication = createAuthentication(ctx);
    return {
      routes: [
        ...hotelRoutes(ctx),
        ...authRoutes(ctx, authentication),
        ...browserRoutes(ctx, authentication),
        ...lockRoutes(ctx, authentication),
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
