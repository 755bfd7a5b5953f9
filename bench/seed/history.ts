/**
 * The history of the seed's bookings. Each has its first line (`book`). Later lines exist only for bookings that a
 * desk still works with: future ones, guests in house, and those that ended since yesterday. For all three
 * million, the lines would be half of the whole database.
 */
import { type DayNumber, dayText, instantText, msAt, msPerDay } from "./days.ts";
import { personOf } from "./people.ts";
import { idOf } from "./random.ts";
import { type BookingFacts, ended, factsOf, nothing, totalOf } from "./facts.ts";
import type { SeedStay } from "./stays.ts";

interface Step {
  readonly action: string;
  readonly at: number;
  /** The values that change from then on. */
  readonly after: Readonly<Record<string, unknown>>;
}

/** Returns the lines of one booking. Each contains the values before and after its action. */
export function historyOf(stay: SeedStay, today: DayNumber): string[] {
  const facts = factsOf(stay);
  const first = asBooked(stay, facts);
  const isOld = ended(stay) && stay.statusOn < today - 1;
  const steps: Step[] = [{ action: "book", at: stay.createdAt, after: {} }, ...(isOld ? [] : stepsOf(stay, facts))];
  let before: Record<string, unknown> | undefined;
  return steps.map(({ action, at, after }, index) => {
    const now: Record<string, unknown> = { ...(before ?? first), ...after };
    const entryId = idOf("entry", at, stay.hotel.index, 4 * stay.number + index);
    const was = before === undefined ? nothing : JSON.stringify(before);
    before = now;
    const { id, manager } = stay.hotel;
    return `${[id, entryId, facts.id, instantText(at), manager, action, was, JSON.stringify(now)].join("\t")}\n`;
  });
}

/** Returns the values of a new booking, as plugins/pms/booking_record/history.ts writes them. */
function asBooked(stay: SeedStay, facts: BookingFacts): Record<string, unknown> {
  const { name, email, phone } = personOf(stay.hotel.index, stay.guest);
  return {
    room_id: facts.firstRoom.id,
    room_locked: stay.locked,
    status: "confirmed",
    arrival: dayText(stay.arrival),
    departure: dayText(stay.booked),
    check_in_at: instantText(facts.checkInAt),
    expected_check_out_at: instantText(facts.checkOutAt),
    checked_in_at: null,
    checked_out_at: null,
    total_amount: totalOf(stay, facts, stay.booked - stay.arrival),
    guest_id: facts.guestId,
    guest_name: name,
    guest_email: email,
    guest_phone: phone,
    adults: stay.adults,
    children: stay.children,
    notes: facts.notes,
    terms_accepted_at: null,
  };
}

function stepsOf(stay: SeedStay, facts: BookingFacts): Step[] {
  const { status, move, statusOn, hotel, departure } = stay;
  const steps: Step[] = [];
  if (facts.checkedInAt !== undefined) {
    const at = facts.checkedInAt;
    steps.push({ action: "check_in", at, after: { status: "in_house", checked_in_at: instantText(at) } });
  }
  if (move !== undefined) {
    const at = msAt(move.on, "07:00", hotel.zone);
    steps.push({ action: "move", at, after: { room_id: facts.lastRoom.id } });
  }
  if (facts.checkedOutAt !== undefined) {
    const total = totalOf(stay, facts, facts.billed);
    const after = {
      status,
      checked_out_at: instantText(facts.checkedOutAt),
      departure: dayText(departure),
      total_amount: total,
    };
    steps.push({ action: "check_out", at: facts.checkedOutAt, after });
  }
  if (status === "canceled") steps.push({ action: "cancel", at: statusOn * msPerDay, after: { status } });
  if (status === "no_show") {
    const after = { status, total_amount: totalOf(stay, facts, facts.billed) };
    steps.push({ action: "no_show", at: statusOn * msPerDay, after });
  }
  return steps;
}
