import type { Knex } from "knex";

import { openPool } from "../../../core/db/pool.ts";
import { loginRole, urlAs } from "../../../core/db/role_names.ts";
import { createTestDatabase, testSecret } from "#testing/mod.ts";

/** A database for tests that call the desk's routes directly (`directDesk`). */
export interface DeskDatabase {
  /** Connections of the owner, without tenant isolation. Tests use them to prepare and to read rows. */
  readonly owner: Knex;
  /** Connections of the run-time login, as a web process has them. */
  readonly pool: Knex;
  close(): Promise<void>;
}

/** Creates a database for one test file. @param most the most connections of each pool */
export async function openDeskDatabase(most = { owner: 2, pool: 4 }): Promise<DeskDatabase> {
  const database = await createTestDatabase();
  const owner = openPool({ url: database.url, max: most.owner, name: "test owner" });
  const pool = openPool({ url: urlAs(database.url, loginRole, testSecret), max: most.pool, name: "test desks" });
  return {
    owner,
    pool,
    close: async () => {
      await pool.destroy();
      await owner.destroy();
      await database.drop();
    },
  };
}
