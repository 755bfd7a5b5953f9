import { defineScreens } from "#web/mod.ts";

export default defineScreens({
  widgets: [{ slot: "shell.login", load: () => import("./login/login.tsx") }],
});
