/** The policies of a hotel: the settings of its front desk. */
import { prepare, type Trx } from "../../../core/mod.ts";

/** The charge of a no-show. */
export const noShowCharges = ["none", "first_night", "full_stay"] as const;

/** The close of the day extends overstays by the night, or leaves them to the desk. */
export const overstayPolicies = ["extend", "leave"] as const;

/** Whether a guest can get a dirty room: yes, only if the desk accepts the room, or no. */
export const dirtyRoomPolicies = ["allow", "warn", "refuse"] as const;

export interface Policies {
  readonly no_show_charge: (typeof noShowCharges)[number];
  readonly overstays: (typeof overstayPolicies)[number];
  /**
   * `HH:MM:SS`, as PostgreSQL writes a time. At this time of the next date, the schedule closes a day that is still
   * open. Null: the schedule never closes it.
   */
  readonly day_closes_at: string | null;
  /** `HH:MM:SS`. The earliest time on its own date at which a day can be closed. Null: at any time of that date. */
  readonly day_closes_from: string | null;
  /** Whether receptionists can close the day. If false, only managers and the schedule can. */
  readonly receptionists_close_day: boolean;
  /** By how many percent an agreed price of a receptionist can differ from the rate. */
  readonly receptionist_discount_percent: number;
  readonly dirty_room_check_in: (typeof dirtyRoomPolicies)[number];
  readonly version: number;
}

/** The policies of a hotel that has changed none of them since its sign-up. */
export const defaultPolicies: Policies = {
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
  `SELECT no_show_charge, overstays, day_closes_at, day_closes_from, receptionists_close_day,
     receptionist_discount_percent, dirty_room_check_in, version FROM pms.policies WHERE hotel_id = $1`,
);

export async function readPolicies(trx: Trx, hotelId: string): Promise<Policies> {
  const [policies] = await readStatement.run(trx, [hotelId]);
  return policies ?? defaultPolicies;
}

const lockStatement = prepare(
  "pms_lock_policies",
  "SELECT pg_advisory_xact_lock(hashtextextended('pms policies ' || $1, 0))",
);

/**
 * Reads the policies under an advisory lock, so that changes run one after the other. A row lock would not do: a hotel
 * has no row before its first change.
 */
export async function lockPolicies(trx: Trx, hotelId: string): Promise<Policies> {
  await lockStatement.run(trx, [hotelId]);
  return readPolicies(trx, hotelId);
}

/** Inserts or updates the policies of a hotel. @param version the new version */
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
