import { Model } from "objection";

export const roomStatuses = ["available", "out_of_order", "out_of_service"] as const;
export const housekeepingStates = ["clean", "dirty", "inspected"] as const;
export type HousekeepingState = (typeof housekeepingStates)[number];

/** A room. `out_of_order` is not part of the inventory. `out_of_service` is sold for later days, but not for today. */
export class Room extends Model {
  static override tableName = "pms.rooms";
  static override idColumn = ["hotel_id", "room_id"];
  declare hotel_id: string;
  declare room_id: string;
  declare room_number: string;
  /** The order of lists. PostgreSQL generates it from the number. */
  declare readonly sort_key: string;
  declare room_type_id: string;
  /** The floor or building, as the hotel calls it. */
  declare floor: string | null;
  /** Null means the rate of the room type. */
  declare rate: string | null;
  declare status: (typeof roomStatuses)[number];
  declare housekeeping: HousekeepingState;
  /** The first night for which the room is no longer part of the hotel. Null if it is not retired. */
  declare retired_from: string | null;
  declare created_at: Date;
  declare version: number;
}
