/**
 * Remembers what concurrent clients know about a hotel from the answers that they got. Another client may have changed
 * the hotel since. The view is exact enough to choose the next step.
 */
import type { Call, Outcome } from "./direct_desk.ts";
import { dayNumber } from "./model/data.ts";
import type { ModelHotel } from "./model/hotel.ts";
import type { DeskView, BookingInView } from "./steps.ts";

/** The members of an answer with a booking that the view reads. */
interface BookingAnswer {
  readonly booking_id: string;
  readonly guest_id: string;
  readonly status: string;
  readonly arrival: string;
  readonly departure: string;
}

export class StaleView implements DeskView {
  today: number;
  latestBookingId: string | undefined;
  readonly closures: { room: { id: string }; from: number }[] = [];
  readonly rooms: DeskView["rooms"];
  readonly types: DeskView["types"];
  readonly #bookings = new Map<string, BookingInView>();
  readonly #guests = new Map<string, DeskView["guests"][number]>();
  readonly text: DeskView["text"];

  constructor(inserted: ModelHotel) {
    this.today = inserted.today;
    this.rooms = inserted.rooms;
    this.types = inserted.types;
    this.text = (minor) => inserted.text(minor);
  }

  get bookings(): BookingInView[] {
    return [...this.#bookings.values()];
  }

  get guests(): DeskView["guests"] {
    return [...this.#guests.values()];
  }

  /** Updates the view by the answer to a request. Refused requests change nothing. */
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
    const booking = body as BookingAnswer;
    if (typeof booking.booking_id !== "string") return;
    const { booking_id, guest_id, status, arrival, departure } = booking;
    const inView = { id: booking_id, status, arrival: dayNumber(arrival), departure: dayNumber(departure) };
    this.#bookings.set(booking_id, inView);
    this.#observeGuest(guest_id, null);
    this.latestBookingId = booking_id;
  }

  #observeGuest(id: string, mergedInto: object | null): void {
    this.#guests.set(id, { id, mergedInto });
  }
}
