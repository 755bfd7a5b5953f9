/**
 * Reads the plans that PostgreSQL really ran, from its module auto_explain. EXPLAIN does not show the plans of prepared
 * statements, which change after some runs, and the plans inside of functions.
 */
import type { Knex } from "knex";

/** A node of a plan, in the format of `EXPLAIN (FORMAT JSON, ANALYZE)`. */
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

/** Settings of PostgreSQL that send the plans of a connection to its client. Only a superuser can set them. */
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

/** Changes `planSettings` for all new connections to one database. */
export async function sendPlans(owner: Knex): Promise<void> {
  const { rows } = (await owner.raw("SELECT quote_ident(current_database()) AS name")) as { rows: { name: string }[] };
  for (const [setting, value] of Object.entries(planSettings)) {
    await owner.raw(`ALTER DATABASE ${rows[0]?.name} SET ${setting} = '${value}'`);
  }
}

/** The events of a `pg` connection that carry the plans. */
interface PlanSender {
  on(event: "notice", listener: (notice: { message?: string | undefined }) => void): void;
  off(event: "notice", listener: (notice: { message?: string | undefined }) => void): void;
}

/** Runs work on a pool of one connection. @returns the plans of all statements that it ran */
export async function plansOf(pool: Knex, work: () => Promise<unknown>): Promise<RunPlan[]> {
  const plans: RunPlan[] = [];
  const listen = ({ message = "" }: { message?: string | undefined }): void => {
    const [, json] = /^duration: .*? plan:\s*(\{[\s\S]*)$/.exec(message) ?? [];
    if (json === undefined) return;
    const { "Query Text": statement, Plan: root } = JSON.parse(json) as { "Query Text": string; Plan: PlanNode };
    plans.push({ statement, root });
  };
  // Knex does not type its driver's connection.
  const connection = (await pool.client.acquireConnection()) as PlanSender;
  await pool.client.releaseConnection(connection);
  connection.on("notice", listen);
  try {
    await work();
  } finally {
    connection.off("notice", listen);
  }
  return plans;
}

/** Lists all nodes of a plan. */
export function nodesOf(node: PlanNode): PlanNode[] {
  return [node, ...(node.Plans ?? []).flatMap(nodesOf)];
}

/** Counts the pairs of rows that a join compared without a match. A join without an index or a hash has many. */
export function pairsCompared(node: PlanNode): number {
  return (node["Rows Removed by Join Filter"] ?? 0) * (node["Actual Loops"] ?? 1);
}

/** Counts the rows that a node read, including those that it removed. Counts an index's searches if there are more. */
export function rowsRead(node: PlanNode): number {
  const each =
    (node["Actual Rows"] ?? 0) + (node["Rows Removed by Filter"] ?? 0) + (node["Rows Removed by Index Recheck"] ?? 0);
  return Math.max(each * (node["Actual Loops"] ?? 1), node["Index Searches"] ?? 0);
}
