import { definePlugin, handleJob } from "#core/mod.ts";
import { listRestock } from "./jobs.ts";
import { manifest } from "./manifest.ts";
import { writeRestockList } from "./restock.ts";
import { chargeRoutes } from "./routes_charges.ts";
import { restockRoutes } from "./routes_restock.ts";

export default definePlugin({
  manifest,
  setup: (ctx) => ({
    routes: [...chargeRoutes(ctx), ...restockRoutes()],
    jobs: [handleJob(listRestock, ({ payload, tenantId, trx }) => writeRestockList(trx, tenantId, payload.day))],
  }),
});
