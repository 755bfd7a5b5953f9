/** Everything that the minibar adds to the front desk in the browser. Without this folder all of it is gone. */
import { currentAddress, defineScreens } from "#web/mod.ts";

export default defineScreens({
  nav: [{ path: "/minibar", label: "minibar.nav", icon: "wine", order: 60, needs: "chargeMinibar", key: "m" }],
  pages: [{ path: "/minibar", load: () => import("./charges/minibar_page.tsx") }],
  widgets: [
    { slot: "pms.booking.panel", load: () => import("./charges/booking_panel.tsx") },
    { slot: "pms.close_day.check", load: () => import("./charges/close_day_check.tsx") },
  ],
  commands: [
    {
      id: "minibar.charge",
      label: "minibar.command",
      key: "b",
      icon: "wine",
      needs: "chargeMinibar",
      run: () => currentAddress().go("/minibar"),
    },
  ],
});
