import type { Knex } from "knex";

/**
 * Makes the database refuse every change of one tenant's rows in some tables, as a bad row does.
 * @param column of the tenant's id
 * @returns a function that ends the refusals
 */
export async function poisonRows(
  owner: Knex,
  tables: readonly string[],
  { column, id }: { readonly column: "hotel_id" | "tenant_id"; readonly id: string },
): Promise<() => Promise<void>> {
  await owner.raw(`
    CREATE FUNCTION public.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'a bad row'; END $$;
    ${tables
      .map(
        (table) =>
          `CREATE TRIGGER poison BEFORE UPDATE OR DELETE ON ${table} FOR EACH ROW WHEN (OLD.${column} = '${id}')
             EXECUTE FUNCTION public.refuse();`,
      )
      .join("")}`);
  return async () => {
    await owner.raw(
      `${tables.map((table) => `DROP TRIGGER poison ON ${table};`).join("")} DROP FUNCTION public.refuse()`,
    );
  };
}
