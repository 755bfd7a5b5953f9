import type { Knex } from "knex";

/** The trigger of each table. It runs only in a dry run, so other writes pay for one comparison of a setting. */
const trigger = "collect_change";

/**
 * Gives each table of the plugins the trigger that collects the changes of a dry run. It is safe to repeat. A plugin's
 * migration does not name the trigger, so it can't forget it.
 */
export async function watchTables(owner: Knex, schemas: readonly string[]): Promise<void> {
  await owner.raw(
    `DO $$ DECLARE found record; BEGIN
      FOR found IN
        SELECT c.oid::regclass AS name,
          string_agg(quote_literal(a.attname), ', ' ORDER BY a.attnum) AS key_columns
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
          JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary
          JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY (i.indkey)
        WHERE n.nspname IN (${schemas.map((name) => `'${name}'`).join(", ")})
          AND c.relkind IN ('r', 'p') AND NOT c.relispartition
          AND NOT EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = c.oid AND t.tgname = '${trigger}')
        GROUP BY c.oid
      LOOP
        EXECUTE format(
          'CREATE TRIGGER ${trigger} AFTER INSERT OR UPDATE OR DELETE ON %s FOR EACH ROW
           WHEN (current_setting(''keyrack.dry_run'', true) = ''on'') EXECUTE FUNCTION core.collect_change(%s)',
          found.name, found.key_columns);
      END LOOP; END $$;`,
  );
}
