import type { Knex } from "knex";

/**
 * Room numbers and names of room types that look alike are the same: `pms.name_key` is what they are compared by.
 *
 * An existing hotel may have two rooms whose numbers look alike. The first that was made keeps `duplicate` 0, the others are
 * numbered, and all of them stay as they are until a manager renames them: a name that changes is compared as a new one.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(keys(await caseCollation(knex)));
  for (const [table, column, id, index] of [
    ["rooms", "room_number", "room_id", "rooms_number"],
    ["room_types", "name", "room_type_id", "room_types_name"],
  ] as const) {
    await knex.raw(`
      ALTER TABLE pms.${table} ADD COLUMN duplicate smallint NOT NULL DEFAULT 0;
      COMMENT ON COLUMN pms.${table}.duplicate IS
        'Tells apart names that looked alike before that was refused; 0 for any other. A changed name is 0 again.';
      UPDATE pms.${table} t SET duplicate = alike.nth FROM (
        SELECT hotel_id, ${id}, row_number() OVER (
          PARTITION BY hotel_id, pms.name_key(${column}) ORDER BY created_at, ${id}) - 1 AS nth FROM pms.${table}
      ) AS alike WHERE t.hotel_id = alike.hotel_id AND t.${id} = alike.${id} AND alike.nth > 0;
      DROP INDEX pms.${index};
      CREATE UNIQUE INDEX ${index} ON pms.${table} (hotel_id, pms.name_key(${column}), duplicate);

      CREATE FUNCTION pms.renew_${table}_duplicate() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          IF pms.name_key(NEW.${column}) <> pms.name_key(OLD.${column}) THEN NEW.duplicate := 0; END IF;
          RETURN NEW;
        END $$;
      CREATE TRIGGER renew_duplicate BEFORE UPDATE OF ${column} ON pms.${table}
        FOR EACH ROW WHEN (OLD.duplicate <> 0) EXECUTE FUNCTION pms.renew_${table}_duplicate();
    `);
  }
}

/** Lower case by Unicode, whatever the database's locale is: PostgreSQL's own from 17 on, ICU's before. */
async function caseCollation(knex: Knex): Promise<string> {
  const { rows } = (await knex.raw(
    `SELECT collname FROM pg_collation WHERE collnamespace = 'pg_catalog'::regnamespace
       AND collname IN ('pg_c_utf8', 'und-x-icu') ORDER BY collname = 'pg_c_utf8' DESC LIMIT 1`,
  )) as { rows: { collname: string }[] };
  return rows[0]?.collname ?? "default";
}

/** Default_Ignorable_Code_Point of Unicode: what no reader sees. */
const invisible = String.raw`\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff`;
/** White space, which compatible forms (NFKC) mostly make of U+0020. */
const blanks = String.raw`[\u0009-\u000d\u0020\u0085\u1680\u2028\u2029]+`;

const keys = (collation: string): string => String.raw`
  CREATE FUNCTION pms.name_key(name text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN btrim(regexp_replace(
      lower(normalize(regexp_replace(name, '[${invisible}]+', '', 'g'), NFKC) COLLATE "${collation}"), '${blanks}', ' ', 'g'));
  COMMENT ON FUNCTION pms.name_key IS
    'What room numbers and names of room types are compared by: without invisible characters, NFKC, in lower case.';
`;
