import type { Knex } from "knex";

/**
 * A night keeps the room type under which it was sold, whatever becomes of its room.
 *
 * The nights that exist get the type that their room has now: no other is known. One UPDATE rewrites the table, so a large
 * database needs free space of the table's size until the next vacuum.
 *
 * A trigger and not a foreign key protects the type: a foreign key would take a row lock on the type for each night that
 * is booked, and all desks of a hotel book the same few types. The trigger runs only when a type is deleted. It sees every
 * night of the type: a night is sold while its room's row is locked and has the type, and the foreign key of
 * the rooms refuses the deletion until the last room has left the type.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    ALTER TABLE pms.booking_nights ADD COLUMN room_type_id uuid;
    UPDATE pms.booking_nights n SET room_type_id = r.room_type_id
      FROM pms.rooms r WHERE r.hotel_id = n.hotel_id AND r.room_id = n.room_id;
    ALTER TABLE pms.booking_nights ALTER COLUMN room_type_id SET NOT NULL;
    COMMENT ON COLUMN pms.booking_nights.room_type_id IS
      'The room type under which the night was sold. A move to another room and another type of the room leave it.';

    CREATE FUNCTION pms.keep_sold_types() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        IF EXISTS (SELECT FROM pms.booking_nights n WHERE n.hotel_id = OLD.hotel_id AND n.room_type_id = OLD.room_type_id) THEN
          RAISE EXCEPTION 'Nights were sold under the room type.' USING ERRCODE = 'foreign_key_violation';
        END IF;
        RETURN OLD;
      END $$;
    CREATE TRIGGER keep_sold_types BEFORE DELETE ON pms.room_types
      FOR EACH ROW EXECUTE FUNCTION pms.keep_sold_types();
  `);
}
