/** A plugin for the tests of the workers: jobs whose effect is a row, that fail on demand, or that take long. */
import { setTimeout as sleep } from "node:timers/promises";
import * as z from "zod";

import { defineJob, defineManifest, definePlugin, handleJob, handleLongJob, newId, route } from "../../../core/mod.ts";

const payload = z.strictObject({
  label: z.string(),
  failures: z.number().int().default(0),
  ms: z.number().int().default(0),
});
const note = defineJob({ name: "probe.note", payload, attempts: 3 });
const stretch = defineJob({ name: "probe.stretch", payload, attempts: 3 });

const manifest = defineManifest({
  id: "probe",
  summary: "For the tests of the workers.",
  permissions: { jobs: [note, stretch], crossTenant: "the tests have no tenant" },
});

export default definePlugin({
  manifest,
  setup: (ctx) => ({
    routes: [
      route({
        id: "enqueueProbe",
        method: "POST",
        path: "/probe/{job}",
        summary: "Enqueue a probe",
        access: "public",
        transaction: "crossTenant",
        params: z.strictObject({ job: z.enum(["note", "stretch"]) }),
        body: payload,
        status: 202,
        result: z.strictObject({ job_id: z.string() }),
        handler: async ({ params, body, trx }) => ({
          body: { job_id: await ctx.enqueue(trx, params.job === "note" ? note : stretch, body) },
        }),
      }),
      route({
        id: "answerSlowly",
        method: "GET",
        path: "/probe/slow",
        summary: "Answer after a second",
        access: "public",
        transaction: "none",
        status: 200,
        result: z.strictObject({ slow: z.boolean() }),
        handler: async () => {
          await sleep(1000);
          return { body: { slow: true } };
        },
      }),
      route({
        id: "lookAround",
        method: "GET",
        path: "/probe/environment",
        summary: "The names of the variables that a plugin finds without asking for them",
        access: "public",
        transaction: "none",
        status: 200,
        result: z.strictObject({ names: z.array(z.string()) }),
        handler: () => Promise.resolve({ body: { names: Object.keys(process.env) } }),
      }),
    ],
    jobs: [
      handleJob(note, async ({ payload: { label, failures }, attempt, trx }) => {
        await trx("probe.effects").insert({ effect_id: newId(), label });
        if (attempt <= failures) throw new Error(`Attempt ${attempt} fails on demand.`);
      }),
      handleLongJob(
        stretch,
        async ({ payload: { label, ms, failures }, attempt, signal, finish }) => {
          await sleep(ms, undefined, { signal });
          if (attempt <= failures) throw new Error(`Attempt ${attempt} fails on demand.`);
          await ctx.db.crossTenant(async (trx) => {
            await trx("probe.effects").insert({ effect_id: newId(), label });
            await finish(trx);
          });
        },
        async ({ payload: { label }, trx }) => {
          await trx("probe.effects").insert({ effect_id: newId(), label: `${label} is dead` });
        },
      ),
    ],
    schedules: [
      {
        name: "tick",
        everyMs: 500,
        run: async () => {
          await ctx.db.crossTenant(async (trx) => {
            await trx("probe.effects").insert({ effect_id: newId(), label: "tick" });
          });
        },
      },
    ],
  }),
});
