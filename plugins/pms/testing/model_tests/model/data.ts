/**
 * Declares the plain data of the model: days are numbers, and money is whole minor units of the hotel's currency.
 * Day 0 is the first business date of every model. Amounts of a night are for one night.
 */

/** The problem that the model predicts instead of a success. The model throws it before it changes anything. */
export class Refusal extends Error {
  /** The code of a problem, such as `ROOM_TAKEN`. */
  readonly code: string;
  /** The details of `ROOM_TAKEN`. */
  readonly roomTaken: RoomTakenDetails | undefined;
  constructor(code: string, roomTaken?: RoomTakenDetails) {
    super(code);
    this.code = code;
    this.roomTaken = roomTaken;
  }
}

export interface RoomTakenDetails {
  /** The requested nights in which another booking or a closure has the room. */
  readonly nights: readonly number[];
  /** The rooms that the answer offers instead. */
  readonly offeredRoomIds: readonly string[];
}

export interface ModelType {
  readonly id: string;
  readonly capacity: number;
  readonly rate: number;
}

export interface ModelRoom {
  readonly id: string;
  readonly number: string;
  readonly type: ModelType;
  /** Null if the room has the rate of its type. */
  rate: number | null;
  status: string;
  isDirty: boolean;
  /** The first night in which the room is no longer part of the hotel. */
  retiredFrom: number | null;
}

export interface ModelGuest {
  readonly id: string;
  name: string;
  email: string | null;
  isAnonymous: boolean;
  /** The guest that this one was merged into, and that has its bookings now. */
  mergedInto: ModelGuest | null;
  /** Whether the guest was ever part of a merge. */
  wasMerged: boolean;
}

/** A merge that was not undone. */
export interface ModelMerge {
  readonly duplicate: ModelGuest;
  readonly survivor: ModelGuest;
  /** The bookings that went from the duplicate to the survivor. */
  readonly bookings: readonly ModelBooking[];
}

export interface ModelNight {
  readonly room: ModelRoom;
  /** The room type under which the night was sold. */
  readonly type: ModelType;
  readonly rate: number;
  /** The rate without an agreed price. Equals `rate` if no price is agreed. */
  readonly rackRate: number;
  /** True even if the agreed price equals the rack rate. */
  readonly hasAgreedPrice: boolean;
}

export type ModelStatus = "confirmed" | "in_house" | "checked_out" | "canceled" | "no_show";

export interface ModelBooking {
  /** Empty until the desk's answer gives the id. */
  id: string;
  guest: ModelGuest;
  name: string;
  email: string | null;
  room: ModelRoom;
  roomLocked: boolean;
  status: ModelStatus;
  /** The business date of the last change of `status`. */
  statusOn: number;
  checkedInOn: number | null;
  arrival: number;
  departure: number;
  adults: number;
  children: number;
  /** The nights on the bill, by day. */
  nights: Map<number, ModelNight>;
  /** The nights that an early check-out or a no-show removed from the bill. An undo or `reinstate` puts them back. */
  releasedAtEnd: Map<number, ModelNight>;
  /** The nights that were on the bill before a waiver of the charge. Undefined without a waiver. */
  waivedNights: Map<number, ModelNight> | undefined;
  /** All stays that the booking had while it was confirmed. The restrictions allow an amendment back to one of them. */
  readonly stays: { readonly type: ModelType; readonly arrival: number; readonly departure: number }[];
  /** The nights that amendments removed from the bill, the latest last. A later amendment can put one of them back. */
  releasedByAmendments: ReleasedNight[];
  /** The nights in which the booking has its room allocated, so that no other booking can have the room. */
  allocatedNights: Set<number>;
}

export interface ReleasedNight {
  readonly day: number;
  readonly night: ModelNight;
  /** The type of the booking's room at the time of the release. */
  readonly roomType: ModelType;
}

export interface ModelClosure {
  readonly room: ModelRoom;
  readonly from: number;
  /** The day after the last closed night. */
  readonly to: number;
}

/** The price list and the restrictions of one room type on one day. */
export interface ModelRate {
  rate: number | null;
  minimumStay: number | null;
  closedToArrival: boolean;
}

/** The figures of a closed day, by the names in the API. */
export interface ModelFigures {
  readonly [name: string]: number;
}

/** 2025-03-27. Daylight saving changes soon after it, in the north and in the south. */
const firstDay = Date.UTC(2025, 2, 27);
const dayMs = 86_400_000;
export const dayText = (day: number): string => new Date(firstDay + day * dayMs).toISOString().slice(0, 10);
export const dayNumber = (text: string): number => (Date.parse(`${text}T00:00:00Z`) - firstDay) / dayMs;

/** Lists the days from `from` up to the day before `to`. */
export const range = (from: number, to: number): number[] =>
  Array.from({ length: Math.max(0, to - from) }, (_, index) => from + index);
