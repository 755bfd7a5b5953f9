/** A boot stops on a manifest or on parts whose shape differs from the types. Each test has one fault. */
import { expect } from "chai";

import { boot } from "../boot.ts";
import { type Fault, stopsOnEach, useFaultyPlugins } from "../../testing/faulty_plugins.ts";

const secret = { FAULTY_KEY: "hush-hush" };

const manifests: readonly Fault[] = [
  {
    title: "a misspelled key of the manifest",
    manifest: "permisions: {}",
    words: /^The manifest of faulty: permisions is an unknown key\. Remedy: .* as in core\/plugin\/manifest\.ts\.$/,
  },
  {
    title: "a misspelled permission",
    manifest: "permissions: { table: {} }",
    words: /: permissions\.table is an unknown key\. Remedy: remove it, or spell/,
  },
  {
    title: "a misspelled verb of a grant",
    manifest: 'requires: ["pms"], permissions: { tables: { "pms.rooms": { selct: ["room_id"] } } }',
    words: /: permissions\.tables\["pms\.rooms"\]\.selct is an unknown key/,
  },
  {
    title: "columns that are not a list",
    manifest: 'requires: ["pms"], permissions: { tables: { "pms.rooms": { select: "room_id" } } }',
    words:
      /: permissions\.tables\["pms\.rooms"\]\.select must be a list of columns\. Remedy: .*`select: \["note_id"\]`/,
  },
  {
    title: "an empty list of columns",
    manifest: 'requires: ["pms"], permissions: { tables: { "pms.rooms": { select: [] } } }',
    words: /\.select must be a list of columns\. Remedy: write at least one column, .* or "\*" for all/,
  },
  {
    title: "a table without a verb",
    manifest: 'requires: ["pms"], permissions: { tables: { "pms.rooms": {} } }',
    words: /^The plugin faulty asks for no privilege on pms\.rooms\. Remedy: add one, such as select, or remove it/,
  },
  {
    title: "a delete that is not true",
    manifest: 'requires: ["pms"], permissions: { tables: { "pms.rooms": { delete: false } } }',
    words: /\.delete must be true\. Remedy: write `delete: true`, or remove it/,
  },
  {
    title: "a table without its schema",
    manifest: 'permissions: { tables: { rooms: { select: "*" } } }',
    words: /: permissions\.tables\.rooms must be the name of a table\. Remedy: write `plugin\.table`/,
  },
  {
    title: "tables in a list",
    manifest: 'permissions: { tables: ["pms.rooms"] }',
    words: /: permissions\.tables is invalid .* Remedy: see core\/plugin\/manifest\.ts/,
  },
  {
    title: "a grant on the ledger of migrations",
    manifest: 'permissions: { tables: { "core.migrations": { update: "*" } } }',
    words: /The plugin faulty asks for core\.migrations, a table that only the core can use\. Remedy: remove it/,
  },
  {
    title: "a job that it names twice",
    manifest: 'permissions: { jobs: [job("faulty.note"), job("faulty.note")] }',
    words: /The plugin faulty names the job faulty\.note twice\. Remedy: remove one from permissions\.jobs/,
  },
  {
    title: "jobs that are not a list",
    manifest: "permissions: { jobs: {} }",
    words: /: permissions\.jobs must be a list\. Remedy: write `jobs: \[name\]`, with jobs of `defineJob`/,
  },
  {
    title: "a job that is only a name",
    manifest: 'permissions: { jobs: ["faulty.note"] }',
    words: /: permissions\.jobs\[0\] must be a job\. Remedy: make it with `defineJob`/,
  },
  {
    title: "hosts that are not a list",
    manifest: 'permissions: { net: "api.example.com" }',
    words: /: permissions\.net must be a list of hosts\. Remedy: write `net: \["api\.example\.com"\]`/,
  },
  ...[
    "https://api.example.com/",
    "api.example.com/v1",
    "*",
    "*.example.com",
    "API.example.com",
    "api.example.com:443",
    "api.example.com:99999",
    "",
    "localhost@example.com",
    ".",
  ].map((host) => ({
    title: `"${host}" as a host`,
    manifest: `permissions: { net: [${JSON.stringify(host)}] }`,
    words: /^The manifest of faulty: permissions\.net\[0\] must be a host\. Remedy: .*`net: \["api\.example\.com"\]`/,
  })),
  {
    title: "a host in a variable that its permissions do not name",
    manifest: 'permissions: { net: [{ env: "NOWHERE" }] }',
    words: /The plugin faulty names NOWHERE in permissions\.net, but not in permissions\.env\. Remedy: add NOWHERE/,
  },
  {
    title: "a location of files in a variable that its permissions do not name",
    manifest: 'permissions: { files: { reason: "notes", location: "NOWHERE" } }',
    words: /The plugin faulty names NOWHERE in permissions\.files\.location, but not in permissions\.env\. Remedy: add/,
  },
  {
    title: "files without a reason",
    manifest: "permissions: { files: {} }",
    words: /: permissions\.files\.reason must be a reason in words\. Remedy: write `reason: /,
  },
  {
    title: "a cross-tenant permission without a reason",
    manifest: 'permissions: { crossTenant: "" }',
    words: /: permissions\.crossTenant must be a reason in words\. Remedy: write `crossTenant: .*`, or remove it/,
  },
  {
    title: "a cross-tenant permission whose reason is a space",
    manifest: 'permissions: { crossTenant: " " }',
    words: /: permissions\.crossTenant must be a reason in words/,
  },
  {
    title: "a cross-tenant permission that is false",
    manifest: "permissions: { crossTenant: false }",
    words: /: permissions\.crossTenant must be a reason in words/,
  },
  {
    title: "a definer without a reason",
    manifest: 'permissions: { definers: { "faulty.look": "" } }',
    words:
      /: permissions\.definers\["faulty\.look"\] must be a reason in words\. Remedy: write why it runs as the owner/,
  },
  {
    title: "a variable whose schema is a string",
    manifest: 'permissions: { env: { FAULTY_KEY: "string" } }',
    words: /: permissions\.env\.FAULTY_KEY must be a zod schema\. Remedy: pass one, such as `z\.string\(\)`/,
  },
  {
    title: "a variable whose name no system can set",
    manifest: 'permissions: { env: { "faulty-key": z.string() } }',
    words: /: permissions\.env\["faulty-key"\] must be the name of a variable\. Remedy: write it in capitals/,
  },
  {
    title: "required plugins in a string",
    manifest: 'requires: "pms"',
    words: /: requires must be a list\. Remedy: write `requires: \["plugin"\]`/,
  },
  {
    title: "a manifest without a summary",
    manifest: "summary: undefined",
    words: /: summary must be a string\. Remedy: write it in quotes/,
  },
];

const values: readonly Fault[] = [
  {
    title: "an asynchronous schema",
    manifest: "permissions: { env: { FAULTY_KEY: z.string().refine(async () => true) } }",
    variables: secret,
    words:
      /^FAULTY_KEY has an asynchronous schema, which is not supported \(the plugin faulty reads it\)\. Remedy: set/,
  },
  {
    title: "a schema that throws its input",
    manifest:
      "permissions: { env: { FAULTY_KEY: z.string().transform((key) => { throw new Error(`bad: ${key}`); }) } }",
    variables: secret,
    words: /^FAULTY_KEY has a schema that throws \(the plugin faulty reads it\)/,
  },
  {
    title: "a schema that quotes its input",
    manifest:
      "permissions: { env: { FAULTY_KEY: " +
      "z.string().refine(() => false, { error: ({ input }) => `can't be ${input}` }) } }",
    variables: secret,
    words: /^FAULTY_KEY is invalid \(the plugin faulty reads it\)/,
  },
  {
    title: "a host in a variable that is not a URL",
    manifest: 'permissions: { env: { FAULTY_KEY: z.string() }, net: [{ env: "FAULTY_KEY" }] }',
    variables: secret,
    words:
      /^FAULTY_KEY must be an http:\/\/ or https:\/\/ URL, because the plugin faulty calls its host\. Remedy: correct/,
  },
];

const parts: readonly Fault[] = [
  {
    title: "a setup that throws",
    parts: '(() => { throw new Error("The tap is broken."); })()',
    words:
      /^The setup of faulty failed at mod\.ts:\d+: The tap is broken\. Remedy: correct it, or remove the folder\.$/,
  },
  {
    title: "a setup that quotes a variable",
    manifest: "permissions: { env: { FAULTY_KEY: z.string() } }",
    variables: secret,
    parts: "(() => { throw new Error(`Bad key ${ctx.env.FAULTY_KEY}`); })()",
    words: /^The setup of faulty failed at mod\.ts:\d+: the message is hidden because it quotes a variable\. Remedy/,
  },
  {
    title: "a setup that returns nothing",
    parts: "undefined",
    words: /^The setup of faulty must return an object\. Remedy: return `\{ routes, jobs, … \}`, or `\{\}`/,
  },
  {
    title: "an unknown part",
    parts: "{ route: [look()] }",
    words:
      /^The setup of faulty: route is an unknown key\. Remedy: remove it, or spell it as in core\/http\/route\.ts or/,
  },
  {
    title: "routes that are a string",
    parts: '{ routes: "look" }',
    words: /^The setup of faulty: routes must be a list\. Remedy: write `routes: \[route/,
  },
  {
    title: "handlers that are not a list",
    parts: "{ jobs: {} }",
    words: /^The setup of faulty: jobs must be a list\. Remedy: write `jobs: \[handleJob/,
  },
  {
    title: "a handler that handleJob did not make",
    parts: '{ jobs: [{ job: job("faulty.note"), handle: async () => {} }] }',
    words: /^faulty\.note of faulty: kind must be a kind of handler\. Remedy: make the handler with `handleJob/,
  },
  {
    title: "a method in lower case",
    parts: '{ routes: [look({ method: "get" })] }',
    words: /^get \/faulty\/look of faulty: method must be an HTTP method\. Remedy: write GET, POST/,
  },
  {
    title: "a route without a handler",
    parts: "{ routes: [look({ handler: undefined })] }",
    words: /^GET \/faulty\/look of faulty: handler must be a function\. Remedy: pass one/,
  },
  {
    title: "a DELETE route with a body",
    parts: '{ routes: [look({ method: "DELETE", body: "raw" })] }',
    words: /^DELETE \/faulty\/look of faulty: body must be left out of a DELETE route\. Remedy: remove it, or use POST/,
  },
  {
    title: "a path with a parameter in another notation",
    parts: '{ routes: [look({ path: "/faulty/:id" })] }',
    words: /^GET \/faulty\/:id of faulty: path must be a path\. Remedy: .*`\/words\/\{name\}`/,
  },
  {
    title: "a path without its first slash",
    parts: '{ routes: [look({ path: "faulty/look" })] }',
    words: /^GET faulty\/look of faulty: path must be a path\. Remedy: write a slash before each part/,
  },
  {
    title: "a parameter without a schema",
    parts: '{ routes: [look({ path: "/faulty/{id}" })] }',
    words: /^GET \/faulty\/\{id\} of faulty: params has schemas for nothing, and the path has id\. Remedy: write one/,
  },
  {
    title: "a route without a kind of transaction",
    parts: "{ routes: [look({ transaction: undefined })] }",
    words: /^GET \/faulty\/look of faulty: transaction must be a kind of transaction\. Remedy: write "tenant"/,
  },
  {
    title: "a misspelled kind of transaction",
    parts: '{ routes: [look({ transaction: "tennant" })] }',
    words: /^GET \/faulty\/look of faulty: transaction must be a kind of transaction/,
  },
  {
    title: "a misspelled field of a route",
    parts: "{ routes: [look({ ratelimit: { points: 1, seconds: 1 } })] }",
    words: /^GET \/faulty\/look of faulty: ratelimit is an unknown key/,
  },
  {
    title: "a limit of 0 requests",
    parts: "{ routes: [look({ rateLimit: { points: 0, seconds: 1 } })] }",
    words: /: rateLimit\.points must be a number of requests\. Remedy: write a whole number from 1/,
  },
  {
    title: "a schedule without an interval",
    parts: '{ schedules: [{ name: "tick", everyMs: 0, run: async () => {} }] }',
    words: /^tick of faulty: everyMs must be a time in milliseconds\. Remedy: write a whole number from 1/,
  },
  {
    title: "a schedule with two times",
    parts: '{ schedules: [{ name: "tick", everyMs: 1, cron: "0 3 * * *", run: async () => {} }] }',
    words: /^tick of faulty must have exactly one of everyMs and cron\. Remedy: add or remove one/,
  },
  {
    title: "a schedule with an invalid cron expression",
    parts: '{ schedules: [{ name: "tick", cron: "each night", run: async () => {} }] }',
    words: /^tick of faulty: cron must be a cron expression\. Remedy: write five fields/,
  },
  {
    title: "a gauge whose name Prometheus rejects",
    parts: '{ gauges: [{ name: "Events!", help: "x", label: "status", read: async () => ({}) }] }',
    words: /^Events! of faulty: name must be a name in lower case\. Remedy: write it like `events`/,
  },
  {
    title: "two schedules with one name",
    parts: '{ schedules: [1, 2].map((everyMs) => ({ name: "tick", everyMs, run: async () => {} })) }',
    words: /^The setup of faulty: schedules must have different names\. Remedy: rename or remove one/,
  },
  {
    title: "a concurrency of 0",
    parts: "{ concurrency: 0 }",
    words: /^The setup of faulty: concurrency must be a number of jobs at a time\. Remedy: write a whole number from 1/,
  },
  {
    title: "an authenticator that is not a function",
    parts: "{ authenticator: {} }",
    words: /^The setup of faulty: authenticator must be a function/,
  },
  {
    title: "a route for a role that is not a string",
    parts: "{ routes: [look({ access: [undefined] })] }",
    words: /^GET \/faulty\/look of faulty allows the unknown role undefined\. Remedy: write manager or receptionist/,
  },
  {
    title: "a route for a role that the authenticator does not return",
    parts:
      '{ authenticator: async () => undefined, roles: ["cook", "waiter"], ' +
      'routes: [look({ access: ["cook", "king"] })] }',
    variables: { PLUGINS: "faulty" },
    migrated: true,
    words: /^GET \/faulty\/look of faulty allows the unknown role "king"\. Remedy: write cook or waiter\.$/,
  },
];

const paths: readonly Fault[] = [
  ...["/health/ready", "/Health", "/metrics", "/openapi.json", "/docs/start.js"].map((path) => ({
    title: `${path}, which is reserved for the core`,
    parts: `{ routes: [look({ path: "${path}" })] }`,
    words: /^GET \/\S+ of faulty is reserved for the core\. Remedy: choose a path that begins with another word\.$/,
  })),
  {
    title: "two overlapping paths of which neither is narrower",
    parts: '{ routes: [at("/faulty/{x}/me"), at("/faulty/auth/{y}", "other")] }',
    words:
      /^GET \/faulty\/auth\/\{y\} of faulty matches requests of \/faulty\/\{x\}\/me of faulty\. Remedy: change one/,
  },
  {
    title: "a path with a parameter that covers another plugin's path",
    parts: '{ routes: [at("/hotels/{x}")] }',
    words: /^GET \/hotels\/\{x\} of faulty matches requests of \/hotels\/me of identity\. Remedy: change one/,
  },
  {
    title: "a path that another plugin's path with a parameter covers",
    parts: '{ routes: [look({ path: "/faulty/7" })] }',
    beside: { folder: "other", parts: '{ routes: [at("/faulty/{number}", "other")] }' },
    words: /^GET \/faulty\/\{number\} of other matches requests of \/faulty\/7 of faulty\. Remedy: change one/,
  },
];

describe("The boot, by the shape of a plugin", () => {
  const faulty = useFaultyPlugins();

  for (const faults of [manifests, values, parts, paths]) stopsOnEach(faults, faulty);

  it("A plugin with every possible field of a manifest and of the parts starts", async () => {
    await faulty.write("faulty", {
      manifest: `requires: ["identity", "pms"], permissions: {
        env: { FAULTY_KEY: z.string(), FAULTY_URL: z.string().optional(), FAULTY_PLACE: z.string().optional() },
        net: ["api.example.com", "api.example.com:8443", "127.0.0.1:1", "[::1]:1", { env: "FAULTY_URL" }],
        tables: { "pms.rooms": { select: "*", insert: ["room_id"], update: ["room_id"], delete: true } },
        jobs: [job("faulty.note")],
        crossTenant: "a test",
        files: { reason: "a test", location: "FAULTY_PLACE" },
        definers: { "faulty.look(text)": "a test" },
      }`,
      parts: `{
        routes: [
          at("/faulty/{id}"), at("/faulty/new", "newOne"),
          at("/faulty/{id}/{part}/", "part"), at("/faulty/new/{part}", "newPart"),
          look({ id: "all", path: "/faulty/", method: "POST", description: "All of it", access: ["manager"],
            transaction: "tenant", query: z.strictObject({}), body: z.strictObject({}), form: true, bodyLimit: 1,
            status: 201, result: z.strictObject({}), mediaType: "application/json", problems: ["NOT_FOUND"],
            idempotent: false, rateLimit: { points: 1, seconds: 1 }, prepare: async () => {} }),
          look({ id: "raw", path: "/faulty/raw", method: "PUT", body: "raw", transaction: "crossTenant" }),
        ],
        jobs: [core.handleLongJob(job("faulty.note"), async () => {}, async () => {})],
        schedules: [
          { name: "tick", everyMs: 1000, run: async () => {} },
          { name: "night", cron: "17 3 * * *", run: async () => {} },
        ],
        gauges: [{ name: "notes", help: "x", label: "kind", read: async () => ({}) }],
        concurrency: 1,
        close: async () => {},
      }`,
    });
    expect(
      await faulty.faultsOf(boot("web", faulty.variables({ ...secret, FAULTY_URL: "http://localhost:1" }))),
    ).to.deep.equal([]);
  });

  it("A plugin of a wrong shape causes one fault, and the plugins that require it cause none", async () => {
    await faulty.write("faulty", { manifest: "permissions: { net: 1 }" });
    await faulty.write("other", { manifest: 'requires: ["faulty"]' });
    expect(await faulty.faultsOf(boot("web", faulty.variables()))).to.have.length(1);
  });
});
