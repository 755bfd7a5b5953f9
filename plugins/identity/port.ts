/** The exports of identity for other plugins. */
import { type Day, defineProblems, prepare, type Trx } from "../../core/mod.ts";

export { isOnTrial, requireDailyQuota, requireDailyQuotaLeft, requireQuota } from "./hotels/trial.ts";

/**
 * The roles. A manager can use all routes of the hotel, and a receptionist those of the front desk. A housekeeper can
 * use only the list of housekeeping, which has no names of guests.
 */
export const roles = ["manager", "receptionist", "housekeeper"] as const;
export type Role = (typeof roles)[number];

/** Access rules of routes. `staff` work at the desk. Routes for one's own session are open to all `roles`. */
export const staff: readonly Role[] = ["manager", "receptionist"];
export const housekeepingStaff: readonly Role[] = roles;
export const managers: readonly Role[] = ["manager"];

/** Returns whether a role has the rights of a manager. */
export const isManager = (role: string | undefined): boolean => managers.some((one) => one === role);

const hotelProblems = defineProblems({
  SUBSCRIPTION_LAPSED: { status: 402, title: "The hotel's subscription has lapsed" },
});

/** The columns of `identity.hotels` that other plugins read. Their manifests grant exactly these. */
export const hotelSettingsColumns = [
  "hotel_id",
  "time_zone",
  "currency",
  "check_in_time",
  "check_out_time",
  "business_date",
  "subscription_valid",
  "valid_to",
  "trial_ends_at",
] as const;

export interface HotelSettings {
  readonly hotel_id: string;
  readonly time_zone: string;
  readonly currency: string;
  /** `HH:MM:SS`, as PostgreSQL writes a time. */
  readonly check_in_time: string;
  readonly check_out_time: string;
  /** The hotel's own day. Only the close of the day moves it forward. */
  readonly business_date: Day;
  readonly subscription_valid: boolean;
  readonly valid_to: Date;
  readonly trial_ends_at: Date;
}

const readHotelStatement = prepare<HotelSettings>(
  "identity_read_hotel",
  `SELECT ${hotelSettingsColumns.join(", ")} FROM identity.hotels WHERE hotel_id = $1`,
);

/** Reads the settings of the tenant's hotel. */
export async function readHotel(trx: Trx, hotelId: string): Promise<HotelSettings> {
  const [hotel] = await readHotelStatement.run(trx, [hotelId]);
  if (hotel === undefined) throw new Error("The tenant has no hotel.");
  return hotel;
}

/**
 * Returns whether the hotel is paid for or in its trial. Billing computed the column at the last event, so `valid_to`
 * is compared with the time too.
 */
export function isSubscribed(hotel: Pick<HotelSettings, "subscription_valid" | "valid_to">, now = new Date()): boolean {
  return hotel.subscription_valid && hotel.valid_to > now;
}

/** Refuses a hotel that is not paid for. @throws Problem SUBSCRIPTION_LAPSED */
export function requireSubscription(hotel: Pick<HotelSettings, "subscription_valid" | "valid_to">): void {
  if (isSubscribed(hotel)) return;
  throw hotelProblems.SUBSCRIPTION_LAPSED(
    "You can read, check guests out and export. To book, check in or change rooms, a manager renews at " +
      "POST /billing/checkout.",
    { members: { valid_to: hotel.valid_to.toISOString() } },
  );
}
