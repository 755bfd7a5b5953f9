/** Runs a query of the desk, and finds the faults of the plans that PostgreSQL ran for it. */
import type { Knex } from "knex";

import { databaseFor } from "../../../core/db/database.ts";
import { nodesOf, pairsCompared, type PlanNode, plansOf, rowsRead, type RunPlan } from "#testing/mod.ts";
import type { QueriedHotel, ReadQuery } from "./read_queries.ts";

/** The tables that grow with the years. A plan must not read one of them from end to end. */
const growingTables = new Set([
  "bookings",
  "booking_nights",
  "occupancies",
  "guests",
  "guest_contacts",
  "booking_history",
]);
/** PostgreSQL considers a generic plan after the fifth run of a prepared statement. */
export const runsPerQuery = 7;

/**
 * Runs a query several times as the plugin's role in the hotel, and returns the plans. Each run is rolled back.
 * @param pool a pool of one connection, of the run-time login
 */
export function plansFor(pool: Knex, hotel: QueriedHotel, query: ReadQuery): Promise<RunPlan[]> {
  const db = databaseFor(pool, "pms", false);
  return plansOf(pool, async () => {
    for (let run = 0; run < runsPerQuery; run += 1) {
      // The rollback gives each run the same tables.
      const rollback = new Error("rollback");
      try {
        await db.tenant(hotel.hotelId, async (trx) => {
          await query(trx, hotel);
          throw rollback;
        });
      } catch (error) {
        if (error !== rollback) throw error;
      }
    }
  });
}

const readsGrowingTable = (node: PlanNode): boolean =>
  growingTables.has(node["Relation Name"] ?? "") && node.Schema === "pms";

/**
 * Counts the work of a step: the rows that it reads from a growing table, or the pairs of rows that it compares and
 * discards. Returns the larger number.
 */
const workOf = (node: PlanNode): number =>
  Math.round(Math.max(readsGrowingTable(node) ? rowsRead(node) : 0, pairsCompared(node)));

/** Returns the work of the most expensive step of the plans. */
export function mostWork(plans: readonly RunPlan[]): number {
  return Math.max(0, ...plans.flatMap(({ root }) => nodesOf(root)).map(workOf));
}

/** Describes the steps that read a growing table from end to end, or that exceed the limit of work. */
export function findPlanFaults(plans: readonly RunPlan[], most: number): string[] {
  const faulty = plans
    .flatMap(({ root }) => nodesOf(root))
    .filter((node) => (readsGrowingTable(node) && node["Node Type"] === "Seq Scan") || workOf(node) > most)
    .map((node) => `${node["Node Type"]} of ${node["Relation Name"]} by ${node["Index Name"]}: ${workOf(node)} rows`);
  return [...new Set(faulty)];
}
