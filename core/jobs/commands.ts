/** The operator's commands about jobs of any plugin: `npm run -s cli -- jobs <command>`. */
import type { Blueprint } from "../boot.ts";
import { type Command, UsageError } from "../command.ts";
import { openUnit, type Trx } from "../db/database.ts";
import { isUuid } from "../ids.ts";
import { coreRole, gateRole } from "../permissions.ts";
import { openToolPool } from "../plugin_context.ts";
import { deadJobs, reviveJobs } from "./dead_letters.ts";

const most = 1000;

export function jobCommands(blueprint: Blueprint): Readonly<Record<string, Command>> {
  const asCore = async <T>(work: (trx: Trx) => PromiseLike<T>): Promise<T> => {
    const pool = await openToolPool(blueprint, gateRole);
    try {
      return await openUnit(pool, { role: coreRole }, work);
    } finally {
      await pool.destroy();
    }
  };
  return {
    dead: {
      summary: "dead: list the jobs that failed too often, with their errors",
      run: async (args, { print }) => {
        if (args.length > 0) throw new UsageError("jobs dead takes no argument.");
        const dead = await asCore((trx) => deadJobs(trx, most));
        for (const { job_id, job, tenant_id, payload, failures, dead_at, last_error } of dead) {
          print(`${job_id}  ${job}  dead since ${dead_at.toISOString()} after ${failures} attempts`);
          print(`  ${tenant_id === null ? "" : `tenant ${tenant_id}, `}${JSON.stringify(payload)}`);
          print(`  ${last_error ?? ""}`);
        }
        print(dead.length === 0 ? "No job is dead." : `${dead.length}${dead.length === most ? " or more" : ""} dead.`);
      },
    },
    retry: {
      summary: "retry <job_id> | --dead: have a dead job, or all of them, tried again",
      options: { dead: { type: "boolean" } },
      run: async ([jobId, ...more], { options, print }) => {
        const all = options["dead"] === true;
        if (more.length > 0 || all === (jobId !== undefined)) throw new UsageError("Name one job, or --dead.");
        if (jobId !== undefined && !isUuid(jobId)) throw new UsageError(`${jobId} is no id of a job.`);
        const count = await asCore((trx) => reviveJobs(trx, jobId === undefined ? undefined : [jobId]));
        if (count === 0 && jobId !== undefined) throw new Error(`${jobId} is no dead job.`);
        print(`${count} to be tried again.`);
      },
    },
  };
}
