/** Opens the database connection of an operator's command. */
import type { Knex } from "knex";

import { runningServerUrl } from "../../embedded/running_server.ts";
import type { Blueprint } from "../boot.ts";
import { stopOnFaults, failBoot } from "../config/env.ts";
import { isOutage, runTransaction, sqlStateOf, wrongPassword } from "../db/database.ts";
import { openPool } from "../db/pool.ts";
import { coreRole, urlAs } from "../db/role_names.ts";
import { asError } from "../values/unknown_value.ts";

/**
 * Opens a pool with a login, to the database in `DATABASE_URL` or to that of an `npm start` on this machine.
 * @throws BootError if the database can't be reached or rejects the password
 */
export async function openToolPool({ env }: Blueprint, login: string): Promise<Knex> {
  const address = env.DATABASE_URL ?? (await runningServerUrl(env.DATA_DIR));
  if (address === undefined)
    failBoot("DATABASE_URL is missing, and no npm start runs on DATA_DIR. Remedy: set it, or start one.");
  const url = urlAs(address, login, env.SECRET_KEY);
  const knex = openPool({ url, max: 2, name: "keyrack cli" });
  try {
    await runTransaction(knex, { role: coreRole }, (trx) => trx.raw("SELECT 1"), { readOnly: true });
    return knex;
  } catch (error) {
    await knex.destroy();
    if (sqlStateOf(error) === wrongPassword) {
      stopOnFaults([
        `${login} can't log in, because its password is derived from SECRET_KEY. ` +
          "Remedy: set this platform's SECRET_KEY, or run npm run migrate.",
      ]);
    }
    if (isOutage(error))
      stopOnFaults([
        `The database can't be reached (${asError(error).message}). Remedy: start it, or correct DATABASE_URL.`,
      ]);
    throw error;
  }
}
