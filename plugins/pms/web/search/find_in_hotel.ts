import { apiOf, currentAddress, dayRange, type Finding } from "#web/mod.ts";
import type { PmsApi } from "../../api.ts";

/** Most bookings that the palette shows. */
const most = 8;

/** Finds bookings by their guest, for the palette. The nearest to today come first in the server's list. */
export async function findInHotel(text: string, signal: AbortSignal): Promise<readonly Finding[]> {
  const api = apiOf<PmsApi>("pms");
  const { body } = await api.listBookings({ query: { guest: text, limit: most } }, { signal });
  return body.items.map((booking) => ({
    key: booking.booking_id,
    label: booking.guest.name,
    note: `${booking.room_number}, ${dayRange(booking.arrival, booking.departure)}`,
    icon: "bed" as const,
    open: () => currentAddress().set("booking", booking.booking_id),
  }));
}
