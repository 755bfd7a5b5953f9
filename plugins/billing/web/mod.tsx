import { defineScreens } from "#web/mod.ts";

export default defineScreens({
  nav: [{ path: "/billing", label: "nav.billing", icon: "card", order: 80, needs: "readSubscription" }],
  pages: [{ path: "/billing", load: () => import("./subscription/subscription_page.tsx") }],
  widgets: [{ slot: "shell.banner", load: () => import("./subscription/banner.tsx") }],
});
