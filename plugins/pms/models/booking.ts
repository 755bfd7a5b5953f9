import { Model, type ModelObject } from "objection";

import type { BookingStatus } from "../port.ts";

/** A booking. It has a room from its creation on. */
export class Booking extends Model {
  static override tableName = "pms.bookings";
  static override idColumn = ["hotel_id", "booking_id"];
  declare hotel_id: string;
  declare booking_id: string;
  /** The room of the present night, or of the first one. */
  declare room_id: string;
  /** The booking keeps its room: it can't be moved or repacked until it is unlocked. */
  declare room_locked: boolean;
  declare guest_id: string;
  declare guest_name: string;
  declare guest_email: string | null;
  declare guest_phone: string | null;
  declare adults: number;
  declare children: number;
  declare arrival: string;
  declare departure: string;
  declare check_in_at: Date;
  declare expected_check_out_at: Date;
  declare checked_in_at: Date | null;
  declare checked_out_at: Date | null;
  declare status: BookingStatus;
  /** The business date of the last transition. */
  declare status_on: string;
  /** The business date of the check-in. */
  declare checked_in_on: string | null;
  declare total_amount: string;
  /** The total at the rack rates. Null if the booking has no agreed price. */
  declare rack_amount: string | null;
  /** The waived charge of a no-show or a cancellation. Null if it has no waiver. */
  declare waived_amount: string | null;
  declare currency: string;
  declare terms_accepted_at: Date | null;
  declare notes: string | null;
  declare created_by: string;
  declare created_at: Date;
  declare version: number;
}

/** A booking's columns, without the members of the model. */
export type BookingFacts = Omit<ModelObject<Booking>, "created_at">;
