import { defineScreens } from "#web/mod.ts";

export default defineScreens({
  nav: [
    { path: "/staff", label: "nav.staff", icon: "id", order: 85, needs: "listUsers" },
    { path: "/settings", label: "nav.settings", icon: "settings", order: 90, needs: "whoAmI", key: "s" },
  ],
  pages: [
    { path: "/staff", load: () => import("./staff/staff_page.tsx") },
    { path: "/settings", load: () => import("./settings/settings_page.tsx") },
  ],
  widgets: [
    { slot: "shell.login", load: () => import("./login/login.tsx") },
    { slot: "shell.lock", load: () => import("./login/unlock.tsx") },
    { slot: "shell.new_password", load: () => import("./login/new_password.tsx") },
  ],
});
