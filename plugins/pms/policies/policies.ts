/** How a hotel runs its desk, where hotels differ. */
import { prepare, type Trx } from "../../../core/mod.ts";

/** What a guest pays who does not come. */
export const noShowCharges = ["none", "first_night", "full_stay"] as const;

/** What the close of the day does with guests who should have left: they get the night, or it is left to the desk. */
export const overstayPolicies = ["extend", "leave"] as const;

/** Whether guests may be put into a room that has not been cleaned: yes; once the desk insists; no. */
export const dirtyRoomPolicies = ["allow", "warn", "refuse"] as const;

export interface Policies {
  readonly no_show_charge: (typeof noShowCharges)[number];
  readonly overstays: (typeof overstayPolicies)[number];
  /** `HH:MM:SS`, as PostgreSQL writes a time: when a day that nobody closed is closed, on the day after; null: never. */
  readonly day_closes_at: string | null;
  /** `HH:MM:SS`: from when on its own date at the hotel a business day may be closed; null: at any time of that date. */
  readonly day_closes_from: string | null;
  /** Whether receptionists may close the day, or managers alone. */
  readonly receptionists_close_day: boolean;
  /** By how many percent of the rate a receptionist may agree a price below or above it. */
  readonly receptionist_discount_percent: number;
  readonly dirty_room_check_in: (typeof dirtyRoomPolicies)[number];
  readonly version: number;
}

/** The policies of a hotel that has changed none since its sign-up. */
export const usualPolicies: Policies = {
  no_show_charge: "first_night",
  overstays: "extend",
  day_closes_at: "04:00:00",
  day_closes_from: "18:00:00",
  receptionists_close_day: true,
  receptionist_discount_percent: 0,
  dirty_room_check_in: "allow",
  version: 1,
};

const readStatement = prepare<Policies>(
  "pms_read_policies",
  `SELECT no_show_charge, overstays, day_closes_at, day_closes_from, receptionists_close_day, receptionist_discount_percent,
     dirty_room_check_in, version FROM pms.policies WHERE hotel_id = $1`,
);

export async function readPolicies(trx: Trx, hotelId: string): Promise<Policies> {
  const [policies] = await readStatement.run(trx, [hotelId]);
  return policies ?? usualPolicies;
}

const lockStatement = prepare(
  "pms_lock_policies",
  "SELECT pg_advisory_xact_lock(hashtextextended('pms policies ' || $1, 0))",
);

/** The same, kept from others who change them: by no row lock, for a hotel has no row before its first change. */
export async function lockPolicies(trx: Trx, hotelId: string): Promise<Policies> {
  await lockStatement.run(trx, [hotelId]);
  return readPolicies(trx, hotelId);
}

/** Writes what changes. @param version that was read, for a hotel has no row before its first change */
export async function writePolicies(
  trx: Trx,
  hotelId: string,
  policies: Omit<Policies, "version">,
  version: number,
): Promise<void> {
  await trx("pms.policies")
    .insert({ hotel_id: hotelId, ...policies, version })
    .onConflict("hotel_id")
    .merge();
}
