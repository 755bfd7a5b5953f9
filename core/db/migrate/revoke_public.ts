/** What PostgreSQL gives to everybody, and what would let one statement step round our walls. */
import type { Knex } from "knex";

import type { Logger } from "../../process/log.ts";
import { queueRole } from "../role_names.ts";

/**
 * - `set_config` is `SET` as an expression: a SELECT that was tricked could take another role, or another tenant's name.
 *   Our own units use SET LOCAL, a statement of its own.
 * - A DO block in an inline language (plpgsql) can say SET. Functions that are there already run all the same.
 * - Large objects are nobody's table: one plugin could leave there what another, or itself in another tenant, reads.
 */
const openFunctions = `
  SELECT oid::regprocedure::text FROM pg_proc
  WHERE pronamespace = 'pg_catalog'::regnamespace AND (proname = 'set_config' OR proname ~ '^lo_|^lo(read|write)$')
    AND has_function_privilege('public', oid, 'EXECUTE') ORDER BY 1`;
const openLanguages = `
  SELECT quote_ident(lanname) FROM pg_language
  WHERE lanpltrusted AND laninline <> 0 AND has_language_privilege('public', oid, 'USAGE') ORDER BY 1`;

/** BullMQ names its connections by it. */
const ofTheQueue = `GRANT EXECUTE ON FUNCTION pg_catalog.set_config(text, text, boolean) TO ${queueRole};`;

/**
 * Takes these from everybody and leaves them to the database's owner. Only a superuser may; for another owner it tells
 * what a superuser is to run.
 */
export async function closeToEverybody(owner: Knex, log: Logger): Promise<void> {
  const { rows } = (await owner.raw(`
    SELECT rolsuper AS may, quote_ident((SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database())) AS heir,
      ARRAY(${openFunctions}) AS functions, ARRAY(${openLanguages}) AS languages
    FROM pg_roles WHERE rolname = current_user`)) as {
    rows: { may: boolean; heir: string; functions: string[]; languages: string[] }[];
  };
  const [{ may, heir, functions, languages }] = rows as [(typeof rows)[number]];
  const sql = [...closing("FUNCTION", functions, heir), ...closing("LANGUAGE", languages, heir), ofTheQueue];
  if (may) await owner.transaction((trx) => trx.raw(sql.join("\n")));
  else if (functions.length + languages.length > 0) {
    log.warn(
      { remedy: sql },
      "One SELECT can still take another plugin's role or another tenant's name: PostgreSQL lets everybody do that, and only a superuser can end it. Remedy: the statements in `remedy`, run by a superuser in this database.",
    );
  }
}

function closing(kind: string, names: readonly string[], heir: string): string[] {
  if (names.length === 0) return [];
  const list = `${kind} ${names.join(", ")}`;
  return [`REVOKE ALL ON ${list} FROM PUBLIC;`, `GRANT ALL ON ${list} TO ${heir};`];
}
