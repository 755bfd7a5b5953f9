import { definePlugin } from "../../core/mod.ts";
import { buildHandler } from "./build/build.ts";
import { downloadRoute } from "./download/download.ts";
import { eventsRoute } from "./download/events.ts";
import { expirySchedule } from "./expiry.ts";
import { manifest } from "./manifest.ts";
import { createReportRoutes, reportRoutes } from "./requests/routes.ts";
import { scheduleRoutes } from "./schedules/routes.ts";
import { dueReportsSchedule } from "./schedules/run_due.ts";

export default definePlugin({
  manifest,
  setup: (ctx) => ({
    routes: [
      ...scheduleRoutes(ctx),
      ...createReportRoutes(ctx),
      ...reportRoutes(ctx),
      downloadRoute(ctx),
      eventsRoute(ctx),
    ],
    jobs: [buildHandler(ctx)],
    schedules: [expirySchedule(ctx), dueReportsSchedule(ctx)],
    // Each build uses a connection and a snapshot until it ends.
    concurrency: 2,
    background: true,
  }),
});
