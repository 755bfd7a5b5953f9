import { defineScreens } from "#web/mod.ts";

export default defineScreens({
  nav: [{ path: "/reports", label: "nav.reports", icon: "reports", order: 70, needs: "listReports", key: "p" }],
  pages: [{ path: "/reports", load: () => import("./reports/reports_page.tsx") }],
});
