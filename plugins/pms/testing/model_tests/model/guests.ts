/** The model of guests: how they are found again, changed, merged and forgotten. */
import { type ModelBooking, type ModelGuest, type ModelHotel, Refusal } from "./hotel.ts";

type Body = Readonly<Record<string, unknown>>;

const guestOf = (hotel: ModelHotel, id: unknown): ModelGuest => {
  const guest = hotel.guests.find((one) => one.id === id);
  if (guest === undefined) throw new Refusal("NOT_FOUND");
  return guest;
};

function requireKnown({ anonymous, mergedInto }: ModelGuest): void {
  if (anonymous) throw new Refusal("GUEST_ANONYMOUS");
  if (mergedInto !== null) throw new Refusal("GUEST_MERGED");
}

/**
 * Guests are found again by name and e-mail, as their profile has them. After that, as one of their bookings, or a guest
 * who was merged into them, shows them. Where several are called so, the first who came.
 */
export function guestFor(hotel: ModelHotel, name: string, email: string | null): ModelGuest {
  const isCalledSo = (one: { name: string; email: string | null }): boolean =>
    email !== null && one.email === email && one.name === name;
  const guests = hotel.guests
    .filter(({ anonymous, mergedInto }) => !anonymous && mergedInto === null)
    .sort((a, b) => (a.id < b.id ? -1 : 1));
  const former = guests.find(
    (guest) =>
      hotel.bookings.some((booking) => booking.guest === guest && isCalledSo(booking)) ||
      hotel.guests.some((other) => other.mergedInto === guest && isCalledSo(other)),
  );
  return (
    guests.find(isCalledSo) ?? former ?? { id: "", name, email, anonymous: false, mergedInto: null, wasMerged: false }
  );
}

/** A guest whose last booking is another's now is deleted, unless the profile has an address that the booking does not show. */
export function deleteLeftover(hotel: ModelHotel, guest: ModelGuest, { email }: ModelBooking): void {
  if (guest.anonymous || guest.wasMerged || hotel.bookings.some((booking) => booking.guest === guest)) return;
  if (guest.email === null || guest.email === email) hotel.guests.splice(hotel.guests.indexOf(guest), 1);
}

const isExpected = ({ status }: ModelBooking): boolean => status === "confirmed" || status === "in_house";

export function changeGuest(hotel: ModelHotel, id: unknown, body: Body): void {
  const guest = guestOf(hotel, id);
  requireKnown(guest);
  const contact = body as { name: string; email: string };
  Object.assign(guest, contact);
  for (const booking of hotel.bookings)
    if (booking.guest === guest && isExpected(booking)) Object.assign(booking, contact);
}

/** Forgets a guest, and all who are merged into it. */
export function anonymize(hotel: ModelHotel, id: unknown): void {
  const guest = guestOf(hotel, id);
  if (guest.mergedInto !== null) requireKnown(guest);
  const theirs = hotel.bookings.filter((booking) => booking.guest === guest);
  if (theirs.some(isExpected)) throw new Refusal("GUEST_EXPECTED");
  const nobody = { name: "Anonymous", email: null };
  for (const one of hotel.guests)
    if (one === guest || one.mergedInto === guest) Object.assign(one, nobody, { anonymous: true });
  for (const booking of theirs) Object.assign(booking, nobody);
}

/** Gives the bookings of a duplicate to another guest, and those who were merged into the duplicate. */
export function merge(hotel: ModelHotel, id: unknown, duplicateId: unknown): void {
  if (id === duplicateId) throw new Refusal("VALIDATION_FAILED");
  const [survivor, duplicate] = [guestOf(hotel, id), guestOf(hotel, duplicateId)];
  requireKnown(survivor);
  requireKnown(duplicate);
  const bookings = hotel.bookings.filter(({ guest }) => guest === duplicate);
  for (const booking of bookings) booking.guest = survivor;
  for (const one of hotel.guests) if (one === duplicate || one.mergedInto === duplicate) one.mergedInto = survivor;
  survivor.wasMerged = true;
  duplicate.wasMerged = true;
  hotel.merges.push({ duplicate, survivor, bookings });
}

/**
 * Makes a guest one of its own again. It gets those of its bookings that the other guest still has, and those guests who
 * had been merged into it, or into one of them.
 */
export function unmerge(hotel: ModelHotel, id: unknown): void {
  const guest = guestOf(hotel, id);
  const { mergedInto: owner } = guest;
  const taken = hotel.merges.find(({ duplicate }) => duplicate === guest);
  if (owner === null || taken === undefined) throw new Refusal("GUEST_NOT_MERGED");
  if (guest.anonymous) throw new Refusal("GUEST_ANONYMOUS");
  for (const booking of taken.bookings) if (booking.guest === owner) booking.guest = guest;
  hotel.merges = hotel.merges.filter((one) => one !== taken);
  guest.mergedInto = null;
  const bringBack = (survivor: ModelGuest): void => {
    for (const { duplicate } of hotel.merges.filter((one) => one.survivor === survivor)) {
      if (duplicate.mergedInto !== owner) continue;
      duplicate.mergedInto = guest;
      bringBack(duplicate);
    }
  };
  bringBack(guest);
}
