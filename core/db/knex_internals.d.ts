/** Knex's own maker of the object that queries are built on; Knex ships no types for it. */
declare module "knex/lib/knex-builder/make-knex.js" {
  import type { Knex } from "knex";
  export default function makeKnex(client: unknown): Knex;
}
