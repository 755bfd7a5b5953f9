import { currentAddress, defineScreens } from "#web/mod.ts";
import { findInHotel } from "./search/find_in_hotel.ts";

export default defineScreens({
  nav: [
    { path: "/today", label: "nav.today", icon: "sun", order: 10, needs: "readBoard", key: "t" },
    { path: "/chart", label: "nav.chart", icon: "chart", order: 20, needs: "readChart", key: "c" },
    {
      path: "/housekeeping",
      label: "nav.housekeeping",
      icon: "housekeeping",
      order: 50,
      needs: "readHousekeeping",
      key: "h",
    },
    { path: "/bookings", label: "nav.bookings", icon: "bookings", order: 30, needs: "listBookings", key: "b" },
    { path: "/guests", label: "nav.guests", icon: "guests", order: 40, needs: "listGuests", key: "u" },
    { path: "/rates", label: "nav.rates", icon: "rates", order: 60, needs: "readCalendar", key: "r" },
  ],
  pages: [
    { path: "/today", load: () => import("./today/today_page.tsx") },
    { path: "/chart", load: () => import("./chart/chart_page.tsx") },
    { path: "/housekeeping", load: () => import("./housekeeping/housekeeping_page.tsx") },
    { path: "/bookings", load: () => import("./bookings/bookings_page.tsx") },
    { path: "/rates", load: () => import("./rates/rates_page.tsx") },
    { path: "/close-day", load: () => import("./close_day/close_day_page.tsx") },
    { path: "/guests", load: () => import("./guests/guests_page.tsx") },
    { path: "/guests/:guest_id", load: () => import("./guests/guest_page.tsx") },
  ],
  drawers: [
    { parameter: "booking", load: () => import("./booking/booking_drawer.tsx") },
    { parameter: "new", load: () => import("./new_booking/new_booking.tsx") },
  ],
  commands: [
    {
      id: "pms.new_booking",
      label: "command.new_booking",
      key: "n",
      icon: "plus",
      isInBar: true,
      needs: "createBooking",
      run: () => currentAddress().set("new", "booking"),
    },
    {
      id: "pms.walk_in",
      label: "command.walk_in",
      key: "w",
      icon: "walk_in",
      isInBar: true,
      needs: "createBooking",
      run: () => currentAddress().set("new", "walk_in"),
    },
    {
      id: "pms.close_day",
      label: "command.close_day",
      icon: "close_day",
      isOnDate: true,
      needs: "closeDay",
      run: () => currentAddress().go("/close-day"),
    },
  ],
  finders: [{ needs: "listBookings", find: findInHotel }],
});
