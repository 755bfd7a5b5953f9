/** The calls of a front desk, as loads. */
import { addDays, type Day } from "../core/mod.ts";
import { type Desk, json } from "./desk.ts";
import type { Bench, Load } from "./harness.ts";
import { firstManager, seedPassword } from "./seed/mod.ts";
import { signedEvent } from "./signed_event.ts";

export function loadsOf({ client }: Bench, small: Desk, grand: Desk, next: () => { room: string; day: Day }): Load[] {
  const get = (name: string, { headers }: Desk, where: string): Load => ({
    name,
    url: client.url + encodeURI(where),
    headers,
  });
  const on = ({ today }: Desk, days: number): Day => addDays(today, days);
  const stay = (desk: Desk): string => `check_in=${on(desk, 10)}&check_out=${on(desk, 12)}`;
  return [
    get("rooms/available, small", small, `/rooms/available?${stay(small)}`),
    get("rooms/available, grand", grand, `/rooms/available?${stay(grand)}`),
    {
      name: "POST /bookings/",
      url: `${client.url}/bookings/`,
      method: "POST",
      headers: small.headers,
      next: () => {
        const { room, day } = next();
        const order = {
          room_id: room,
          guest: { name: "Ada Lovelace" },
          check_in_at: day,
          expected_check_out_at: addDays(day, 2),
        };
        return { body: JSON.stringify(order) };
      },
    },
    get("bookings by arrival", grand, `/bookings/?arrival_from=${on(grand, 1)}&arrival_to=${on(grand, 3)}`),
    get("bookings by departure", grand, `/bookings/?departure_from=${on(grand, 0)}&departure_to=${on(grand, 0)}`),
    get("bookings by state", grand, `/bookings/?status=confirmed&arrival_from=${on(grand, 5)}`),
    get("bookings, rare name", grand, "/bookings/?guest=barabe"),
    get("bookings, one address", grand, "/bookings/?guest=müller77@"),
    get("bookings, common name", grand, "/bookings/?guest=müller"),
    get("bookings, two letters", grand, "/bookings/?guest=zo"),
    get("guests, rare name", grand, "/guests/?query=barabe"),
    get("guests, phone number", grand, "/guests/?query=0171 234"),
    get("guests, one letter of Han", grand, "/guests/?query=東"),
    get("guests, two words", grand, "/guests/?query=barabe anna"),
    get("operations/today, small", small, "/operations/today"),
    get("operations/today, grand", grand, "/operations/today"),
    get("rooms/chart, small", small, `/rooms/chart?from=${on(small, -3)}&to=${on(small, 28)}`),
    // Answers of several megabytes, so only a few run at a time.
    {
      ...get("rooms/chart, grand, 4 at once", grand, `/rooms/chart?from=${on(grand, -3)}&to=${on(grand, 28)}`),
      connections: 4,
    },
    {
      name: "POST /auth/token",
      url: `${client.url}/auth/token`,
      method: "POST",
      headers: json,
      next: () => ({ body: JSON.stringify({ username: firstManager, password: seedPassword }) }),
    },
    {
      name: "POST /billing/webhook",
      url: `${client.url}/billing/webhook`,
      method: "POST",
      headers: json,
      next: () => signedEvent(small.hotelId),
    },
  ];
}
