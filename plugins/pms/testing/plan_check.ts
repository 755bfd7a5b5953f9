/** Whether a query finds its rows by an index: what is wrong with the plans that PostgreSQL ran for it. */
import type { Knex } from "knex";

import { databaseFor } from "../../../core/db/database.ts";
import { nodesOf, pairsCompared, plansOf, type PlanNode, rowsRead, type RunPlan } from "../../../testing/plans.ts";
import type { QueriedHotel, ReadQuery } from "./model_tests/read_queries.ts";

/** The tables that grow with the years: what is not to be read from end to end. */
const grown = new Set(["bookings", "booking_nights", "occupancies", "guests", "guest_contacts", "booking_history"]);
/** PostgreSQL thinks about a plan for all values after the fifth run of a prepared statement. */
export const runs = 7;

/** Asks several times as the plugin's own role in the hotel, and undoes it. @param gate a pool of one connection */
export function plansFor(gate: Knex, hotel: QueriedHotel, query: ReadQuery): Promise<RunPlan[]> {
  const db = databaseFor(gate, "pms", false);
  return plansOf(gate, async () => {
    for (let run = 0; run < runs; run += 1) {
      // Undone, so that each query meets the same tables.
      const undo = new Error("undone");
      try {
        await db.tenant(hotel.hotelId, async (trx) => {
          await query(trx, hotel);
          throw undo;
        });
      } catch (error) {
        if (error !== undo) throw error;
      }
    }
  });
}

const isGrown = (node: PlanNode): boolean => grown.has(node["Relation Name"] ?? "") && node.Schema === "pms";

/** How much a step works: rows that it reads of a table that grows, or pairs of rows that it compares in vain. */
const labourOf = (node: PlanNode): number =>
  Math.round(Math.max(isGrown(node) ? rowsRead(node) : 0, pairsCompared(node)));

/** The most that one step of these plans works. */
export function mostLabour(plans: readonly RunPlan[]): number {
  return Math.max(0, ...plans.flatMap(({ root }) => nodesOf(root)).map(labourOf));
}

/** The steps that read a grown table from end to end, or work more than they may. */
export function faultsOf(plans: readonly RunPlan[], most: number): string[] {
  const faulty = plans
    .flatMap(({ root }) => nodesOf(root))
    .filter((node) => (isGrown(node) && node["Node Type"] === "Seq Scan") || labourOf(node) > most)
    .map((node) => `${node["Node Type"]} of ${node["Relation Name"]} by ${node["Index Name"]}: ${labourOf(node)} rows`);
  return [...new Set(faulty)];
}
