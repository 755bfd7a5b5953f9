/** The operator's commands for the jobs of all plugins: `keyrack jobs <command>`. */
import * as z from "zod";

import type { Blueprint } from "../boot.ts";
import { type Command, defineCommand, flag, UsageError } from "../plugin/command.ts";
import { runTransaction, type Trx } from "../db/database.ts";
import { coreRole, loginRole } from "../db/role_names.ts";
import { openToolPool } from "./tool_pool.ts";
import { deadJobs, reviveJobs } from "../jobs/dead_letters.ts";

/** The most dead jobs that one call lists. */
const most = 1000;

/**
 * Declares the commands.
 * @param readBlueprint reads the settings. A command calls it when it runs, not for its help.
 */
export function jobCommands(readBlueprint: () => Promise<Blueprint>): Readonly<Record<string, Command>> {
  const asCore = async <T>(work: (trx: Trx) => PromiseLike<T>): Promise<T> => {
    const pool = await openToolPool(await readBlueprint(), loginRole);
    try {
      return await runTransaction(pool, { role: coreRole }, work);
    } finally {
      await pool.destroy();
    }
  };
  return {
    dead: defineCommand({
      summary: "List the jobs that failed too often, with their errors",
      run: async (_input, { print }) => {
        const dead = await asCore((trx) => deadJobs(trx, most));
        for (const { job_id, job, tenant_id, payload, failures, dead_at, last_error } of dead) {
          print(`${job_id}  ${job}  dead since ${dead_at.toISOString()} after ${failures} attempts`);
          print(`  ${tenant_id === null ? "" : `tenant ${tenant_id}, `}${JSON.stringify(payload)}`);
          print(`  ${last_error ?? ""}`);
        }
        print(dead.length === 0 ? "No job is dead." : `${dead.length}${dead.length === most ? " or more" : ""} dead.`);
      },
    }),
    retry: defineCommand({
      summary: "Retry a dead job, or all of them",
      args: { job_id: z.uuid().optional().describe("A dead job, as `jobs dead` lists it") },
      options: { dead: flag("Retry all dead jobs") },
      run: async ({ args: { job_id }, options: { dead } }, { print }) => {
        if (dead === (job_id !== undefined)) throw new UsageError("Name one job, or --dead.");
        const count = await asCore((trx) => reviveJobs(trx, job_id === undefined ? undefined : [job_id]));
        if (count === 0 && job_id !== undefined) throw new Error(`The job ${job_id} is not dead or does not exist.`);
        print(`${count} to be tried again.`);
      },
    }),
  };
}
