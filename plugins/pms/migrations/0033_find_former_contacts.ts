import type { Knex } from "knex";

/**
 * Former contacts can be searched alone. A search with more guests than it can name looks at rows one by one, and had to
 * read the former contacts of each guest on the way.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(
    `-- As pms.find_guests, of former contacts alone (docs/decisions/0007, 0013).
     CREATE FUNCTION pms.find_former_contacts(patterns text[], most integer) RETURNS SETOF uuid
       LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
       AS $$
         (SELECT guest_id FROM pms.guest_contacts
          WHERE hotel_id = core.tenant_id() AND pms.like_pattern(patterns[1]) IS NOT NULL
            AND search_text LIKE pms.like_pattern(patterns[1]) AND search_text LIKE coalesce(pms.like_pattern(patterns[2]), '%')
            AND (cardinality(patterns) = 1 OR search_text ~ ALL (patterns)) LIMIT most)
         UNION ALL
         (SELECT guest_id FROM pms.guest_contacts
          WHERE hotel_id = core.tenant_id() AND pms.like_pattern(patterns[1]) IS NULL
            AND search_text ~ patterns[1] AND search_text LIKE coalesce(pms.like_pattern(patterns[2]), '%')
            AND search_text ~ ALL (patterns) LIMIT most) $$`,
  );
}
