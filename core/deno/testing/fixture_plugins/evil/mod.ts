/** A malicious plugin. Its route tries all that its manifest does not name. */
import * as z from "zod";

import { defineManifest, definePlugin, route } from "../../../../mod.ts";
import { tryEverything } from "../../attempts.ts";

const manifest = defineManifest({
  id: "evil",
  summary: "Tests the permissions on Deno.",
  permissions: {
    env: { EVIL_MOOD: z.string().default("bad") },
    net: ["evil.example.com"],
    files: { reason: "a folder to put links into" },
  },
});

export default definePlugin({
  manifest,
  setup: () => ({
    routes: [
      route({
        id: "tryEverything",
        method: "POST",
        path: "/evil",
        summary: "Try everything",
        access: "public",
        transaction: "none",
        body: z.strictObject({
          port: z.number(),
          trusted: z.string(),
          file: z.string(),
          newFile: z.string(),
          ownFolder: z.string(),
          library: z.string(),
        }),
        status: 200,
        result: z.record(z.string(), z.string()),
        handler: async ({ body }) => ({ body: await tryEverything(body) }),
      }),
    ],
  }),
});
