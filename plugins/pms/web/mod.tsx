import { defineScreens } from "#web/mod.ts";

export default defineScreens({
  nav: [{ path: "/today", label: "nav.today", icon: "sun", order: 10, needs: "readBoard", key: "t" }],
  pages: [{ path: "/today", load: () => import("./today/today_page.tsx") }],
});
