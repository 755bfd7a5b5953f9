/** The floor of `bench:api`: a bare Koa that runs one prepared statement and answers without any check. */
import Koa from "koa";
import pg from "pg";

const pool = new pg.Pool({ connectionString: process.env["DATABASE_URL"], max: 10 });
const app = new Koa();
app.use(async (ctx) => {
  const { rows } = await pool.query({ name: "floor", text: "SELECT $1::int AS n", values: [1] });
  ctx.body = rows[0];
});
const server = app.listen(0, "127.0.0.1", () => {
  const address = server.address();
  process.send?.({ ready: true, port: typeof address === "object" && address !== null ? address.port : 0 });
});
process.on("SIGTERM", () => process.exit(0));
