import { route } from "../route.ts";
import type { LiveStreams } from "./streams.ts";

/** Makes the route of the event stream. @param roles every role of the platform */
export function liveRoute(streams: LiveStreams, roles: readonly string[]) {
  return route({
    id: "streamChanges",
    method: "GET",
    path: "/events/stream",
    summary: "Hear of each change of your tenant while it happens",
    description:
      "Sends server-sent events named `changed`. The data is `{topics, ids, by, at}`. `topics` are the parts of the " +
      "API that can answer differently now. `ids` are the changed things, and empty if any can " +
      "have changed. `by` is the user, and null for a job. Nothing is sent again. So read everything again after " +
      "each connection. The stream ends when the session ends or is locked.",
    access: roles,
    transaction: "none",
    status: 200,
    mediaType: "text/event-stream",
    handler: ({ actor }) =>
      Promise.resolve({
        stream: streams.open(actor),
        headers: { "Cache-Control": "no-store, no-transform", "X-Accel-Buffering": "no" },
      }),
  });
}
