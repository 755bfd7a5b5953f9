/**
 * The plans that PostgreSQL has really run, told by its own auto_explain: those of prepared statements, which change after
 * some runs, and those inside of functions, which EXPLAIN does not show.
 */
import type { Knex } from "knex";

/** A node of a plan, as `EXPLAIN (FORMAT JSON, ANALYZE)` has it. */
export interface PlanNode {
  readonly "Node Type": string;
  readonly "Relation Name"?: string;
  readonly Schema?: string;
  readonly "Index Name"?: string;
  readonly "Actual Rows"?: number;
  readonly "Actual Loops"?: number;
  readonly "Rows Removed by Filter"?: number;
  readonly "Rows Removed by Index Recheck"?: number;
  readonly "Rows Removed by Join Filter"?: number;
  readonly "Index Searches"?: number;
  readonly Plans?: readonly PlanNode[];
}

export interface RunPlan {
  readonly statement: string;
  readonly root: PlanNode;
}

/** PostgreSQL's settings that have each connection tell its plans. Only a superuser may make them. */
export const planSettings = {
  session_preload_libraries: "auto_explain",
  "auto_explain.log_min_duration": "0",
  "auto_explain.log_nested_statements": "on",
  "auto_explain.log_analyze": "on",
  "auto_explain.log_timing": "off",
  "auto_explain.log_verbose": "on",
  "auto_explain.log_format": "json",
  "auto_explain.log_level": "notice",
};

/** Makes them for the connections to one database that are opened from now on. */
export async function tellPlans(owner: Knex): Promise<void> {
  const { rows } = (await owner.raw("SELECT quote_ident(current_database()) AS name")) as { rows: { name: string }[] };
  for (const [setting, value] of Object.entries(planSettings)) {
    await owner.raw(`ALTER DATABASE ${rows[0]?.name} SET ${setting} = '${value}'`);
  }
}

interface Teller {
  on(event: "notice", listener: (notice: { message?: string | undefined }) => void): void;
  off(event: "notice", listener: (notice: { message?: string | undefined }) => void): void;
}

/** Runs work on a pool of one connection, and gives back the plans of all statements that it ran. */
export async function plansOf(pool: Knex, work: () => Promise<unknown>): Promise<RunPlan[]> {
  const plans: RunPlan[] = [];
  const listen = ({ message = "" }: { message?: string | undefined }): void => {
    const [, json] = /^duration: .*? plan:\s*(\{[\s\S]*)$/.exec(message) ?? [];
    if (json === undefined) return;
    const { "Query Text": statement, Plan: root } = JSON.parse(json) as { "Query Text": string; Plan: PlanNode };
    plans.push({ statement, root });
  };
  const connection = (await pool.client.acquireConnection()) as Teller;
  await pool.client.releaseConnection(connection);
  connection.on("notice", listen);
  try {
    await work();
  } finally {
    connection.off("notice", listen);
  }
  return plans;
}

/** All nodes of a plan. */
export function nodesOf(node: PlanNode): PlanNode[] {
  return [node, ...(node.Plans ?? []).flatMap(nodesOf)];
}

/** Pairs of rows that a join has compared in vain: many of them, where it has no index and no hash. */
export function pairsCompared(node: PlanNode): number {
  return (node["Rows Removed by Join Filter"] ?? 0) * (node["Actual Loops"] ?? 1);
}

/** Rows that a node has looked at, those that it threw away among them, or the searches that an index took for them. */
export function rowsRead(node: PlanNode): number {
  const each =
    (node["Actual Rows"] ?? 0) + (node["Rows Removed by Filter"] ?? 0) + (node["Rows Removed by Index Recheck"] ?? 0);
  return Math.max(each * (node["Actual Loops"] ?? 1), node["Index Searches"] ?? 0);
}
