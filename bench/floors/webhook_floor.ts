/** The floor of `bench:webhook`: a bare Koa that stores each body with one prepared INSERT, without any check. */
import { randomUUID } from "node:crypto";
import Koa from "koa";
import pg from "pg";
import rawBody from "raw-body";

import { processVariables } from "../../core/config/env.ts";

const pool = new pg.Pool({ connectionString: processVariables()["DATABASE_URL"], max: 10 });
await pool.query(
  `CREATE TABLE IF NOT EXISTS public.floor_events
     (event_id text PRIMARY KEY, received_at timestamptz DEFAULT now(), body text)`,
);
const app = new Koa();
app.use(async (ctx) => {
  const body = await rawBody(ctx.req, { encoding: "utf8" });
  const text = "INSERT INTO public.floor_events (event_id, body) VALUES ($1, $2)";
  await pool.query({ name: "floor", text, values: [randomUUID(), body] });
  ctx.body = { received: true };
});
const server = app.listen(0, "127.0.0.1", () => {
  const address = server.address();
  process.send?.({ ready: true, port: typeof address === "object" && address !== null ? address.port : 0 });
});
process.on("SIGTERM", () => process.exit(0));
