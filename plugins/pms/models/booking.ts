import { Model, type ModelObject } from "objection";

import type { BookingStatus } from "../port.ts";

/** A booking. It has a room from the moment that it is made. */
export class Booking extends Model {
  static override tableName = "pms.bookings";
  static override idColumn = ["hotel_id", "booking_id"];
  declare hotel_id: string;
  declare booking_id: string;
  /** Where the guest sleeps now, or will first. */
  declare room_id: string;
  /** It stays there: no repacking and no move, until it is unlocked. */
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
  /** The business date on which it came into this state. */
  declare status_on: string;
  /** The business date of the check-in. */
  declare checked_in_on: string | null;
  declare total_amount: string;
  /** The total at the rates before a price was agreed; null: nothing was agreed. */
  declare rack_amount: string | null;
  /** The charge of a no-show or a cancellation that was waived; null: none is. */
  declare waived_amount: string | null;
  declare currency: string;
  declare terms_accepted_at: Date | null;
  declare notes: string | null;
  declare created_by: string;
  declare created_at: Date;
  declare version: number;
}

/** A booking's columns, without what a model adds to them. */
export type BookingFacts = Omit<ModelObject<Booking>, "created_at">;
