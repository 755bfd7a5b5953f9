/** Revokes from PUBLIC the functions with which a single statement could change its role or its tenant. */
import type { Knex } from "knex";

import type { Logger } from "../../process/log.ts";
import { queueRole } from "../role_names.ts";
import { queryOne } from "../query.ts";

/**
 * - `set_config` is `SET` as an expression. With SQL injection, a SELECT could take another role or another tenant.
 *   Keyrack's own transactions use SET LOCAL, which is a statement.
 * - A DO block in an inline language (plpgsql) can run SET. Existing functions of the language still run.
 * - Large objects have no row-level security. A plugin could write there, and another plugin or tenant could read it.
 */
const openFunctions = `
  SELECT oid::regprocedure::text FROM pg_proc
  WHERE pronamespace = 'pg_catalog'::regnamespace AND (proname = 'set_config' OR proname ~ '^lo_|^lo(read|write)$')
    AND has_function_privilege('public', oid, 'EXECUTE') ORDER BY 1`;
const openLanguages = `
  SELECT quote_ident(lanname) FROM pg_language
  WHERE lanpltrusted AND laninline <> 0 AND has_language_privilege('public', oid, 'USAGE') ORDER BY 1`;

/** BullMQ calls `set_config` to name its connections. */
const ofTheQueue = `GRANT EXECUTE ON FUNCTION pg_catalog.set_config(text, text, boolean) TO ${queueRole};`;

/**
 * Revokes these from PUBLIC and grants them to the database's owner. Only a superuser can do that. For another owner it
 * logs the statements that a superuser must run.
 */
export async function revokeFromPublic(owner: Knex, log: Logger): Promise<void> {
  const { may, heir, functions, languages } = await queryOne<{
    may: boolean;
    heir: string;
    functions: string[];
    languages: string[];
  }>(
    owner,
    `
    SELECT rolsuper AS may,
      quote_ident((SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database())) AS heir,
      ARRAY(${openFunctions}) AS functions, ARRAY(${openLanguages}) AS languages
    FROM pg_roles WHERE rolname = current_user`,
  );
  const sql = [...closing("FUNCTION", functions, heir), ...closing("LANGUAGE", languages, heir), ofTheQueue];
  if (may) await owner.transaction((trx) => trx.raw(sql.join("\n")));
  else if (functions.length + languages.length > 0) {
    log.warn(
      { remedy: sql },
      "One SELECT can still take another plugin's role or another tenant. " +
        "PostgreSQL allows that by default, and only a superuser can revoke it. " +
        "Remedy: run the statements in `remedy` as a superuser in this database.",
    );
  }
}

function closing(kind: string, names: readonly string[], heir: string): string[] {
  if (names.length === 0) return [];
  const list = `${kind} ${names.join(", ")}`;
  return [`REVOKE ALL ON ${list} FROM PUBLIC;`, `GRANT ALL ON ${list} TO ${heir};`];
}
