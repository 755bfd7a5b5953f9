/**
 * The hotel as clients know it who work in it at the same time: from answers alone, so it can be out of date.
 * It is exact enough to choose the next step.
 */
import type { Call, Outcome } from "./direct_desk.ts";
import { dayNumber, type ModelHotel } from "./model/hotel.ts";
import type { DeskView, SeenBooking } from "./steps.ts";

interface Answered {
  readonly booking_id: string;
  readonly guest_id: string;
  readonly status: string;
  readonly arrival: string;
  readonly departure: string;
}

export class StaleView implements DeskView {
  today: number;
  touched: string | undefined;
  readonly closures: { room: { id: string }; from: number }[] = [];
  readonly rooms: DeskView["rooms"];
  readonly types: DeskView["types"];
  readonly #bookings = new Map<string, SeenBooking>();
  readonly #guests = new Map<string, DeskView["guests"][number]>();
  readonly text: DeskView["text"];

  constructor(inserted: ModelHotel) {
    this.today = inserted.today;
    this.rooms = inserted.rooms;
    this.types = inserted.types;
    this.text = (minor) => inserted.text(minor);
  }

  get bookings(): SeenBooking[] {
    return [...this.#bookings.values()];
  }

  get guests(): DeskView["guests"] {
    return [...this.#guests.values()];
  }

  observe({ id, params = {}, body: sent = {} }: Call, { code, body }: Outcome): void {
    if (code !== "OK") return;
    if (id === "closeDay") {
      this.today = Math.max(this.today, dayNumber(body.business_date as string) + 1);
      return;
    }
    if (id === "closeRoom") {
      this.closures.push({ room: { id: body.room_id as string }, from: dayNumber(body.from as string) });
      return;
    }
    if (id === "mergeGuest") return this.#observeGuest(sent["duplicate_id"] as string, this);
    if (id === "unmergeGuest") return this.#observeGuest(params["guest_id"] ?? "", null);
    const booking = body as Answered;
    if (typeof booking.booking_id !== "string") return;
    const { booking_id, guest_id, status, arrival, departure } = booking;
    const seen = { id: booking_id, status, arrival: dayNumber(arrival), departure: dayNumber(departure) };
    this.#bookings.set(booking_id, seen);
    this.#observeGuest(guest_id, null);
    this.touched = booking_id;
  }

  #observeGuest(id: string, mergedInto: object | null): void {
    this.#guests.set(id, { id, mergedInto });
  }
}
