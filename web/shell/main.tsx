import "../style/tokens.css";
import "../style/reset.css";
import { QueryClientProvider } from "@tanstack/preact-query";
import { render } from "preact";
import { LocationProvider } from "preact-iso";

import { noteRefusal, readSession } from "../api/session.ts";
import { queryClient } from "../api/query_client.ts";
import { Problem } from "../api/problem.ts";
import { loadMessages } from "../i18n/messages.ts";
import { App } from "./app.tsx";
import { listenForKeys } from "./keys.ts";
import { loadPlugins } from "./plugins.ts";
import { startTheme } from "./theme.ts";

startTheme();
listenForKeys();
const noteError = (error: unknown): void => {
  if (error instanceof Problem) noteRefusal(error);
};
queryClient.getQueryCache().subscribe((event) => {
  if (event.type === "updated" && event.action.type === "error") noteError(event.action.error);
});
await Promise.all([loadMessages(), loadPlugins(), readSession()]);
const root = document.getElementById("app");
if (root !== null) {
  render(
    <LocationProvider scope="/app">
      <QueryClientProvider client={queryClient}>
        <App />
      </QueryClientProvider>
    </LocationProvider>,
    root,
  );
}
