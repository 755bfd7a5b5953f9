/** The places of the PMS where other plugins can add to its screens. */
import type { PmsApi } from "../api.ts";

declare module "#web/slots.ts" {
  interface Slots {
    /** A panel in the drawer of a booking. */
    "pms.booking.panel": { readonly booking: PmsApi["readBooking"]["result"] };
    /** A check before the close of the day, on its page. */
    "pms.close_day.check": { readonly businessDate: string };
  }
}
