/** What clients who work at one hotel at once have heard of it: answers only, so it may be behind. Enough to choose what to do. */
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

export class Rumour implements DeskView {
  today: number;
  touched: string | undefined;
  readonly closures: { room: { id: string }; from: number }[] = [];
  readonly rooms: DeskView["rooms"];
  readonly types: DeskView["types"];
  readonly #bookings = new Map<string, SeenBooking>();
  readonly #guests = new Map<string, DeskView["guests"][number]>();
  readonly text: DeskView["text"];

  constructor(planted: ModelHotel) {
    this.today = planted.today;
    this.rooms = planted.rooms;
    this.types = planted.types;
    this.text = (minor) => planted.text(minor);
  }

  get bookings(): SeenBooking[] {
    return [...this.#bookings.values()];
  }

  get guests(): DeskView["guests"] {
    return [...this.#guests.values()];
  }

  hear({ id, params = {}, body: given = {} }: Call, { code, body }: Outcome): void {
    if (code !== "OK") return;
    if (id === "closeDay") {
      this.today = Math.max(this.today, dayNumber(body.business_date as string) + 1);
      return;
    }
    if (id === "closeRoom") {
      this.closures.push({ room: { id: body.room_id as string }, from: dayNumber(body.from as string) });
      return;
    }
    if (id === "mergeGuest") return this.#hearOf(given["duplicate_id"] as string, this);
    if (id === "unmergeGuest") return this.#hearOf(params["guest_id"] ?? "", null);
    const booking = body as Answered;
    if (typeof booking.booking_id !== "string") return;
    const { booking_id, guest_id, status, arrival, departure } = booking;
    const seen = { id: booking_id, status, arrival: dayNumber(arrival), departure: dayNumber(departure) };
    this.#bookings.set(booking_id, seen);
    this.#hearOf(guest_id, null);
    this.touched = booking_id;
  }

  #hearOf(id: string, mergedInto: object | null): void {
    this.#guests.set(id, { id, mergedInto });
  }
}
