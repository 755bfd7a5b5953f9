/**
 * Other desks' changes, as they happen. One tab of a browser has the stream and passes the events on, because a browser
 * opens only six connections to a server over HTTP/1.1.
 */
import { queryClient, refreshReads } from "./query_client.ts";
import { readSession } from "./session.ts";

const channelName = "keyrack-live";
/** Events of this time (ms) are one refresh. A random part keeps many desks from asking at once. */
const gatherMs = 100;
const jitterMs = 150;

let timer: ReturnType<typeof setTimeout> | undefined;

function refreshSoon(): void {
  timer ??= setTimeout(
    () => {
      timer = undefined;
      void refreshReads();
      // The session has the business date, which a close at another desk moves.
      void readSession();
    },
    gatherMs + Math.random() * jitterMs,
  );
}

/** Opens the stream until the signal aborts. The browser connects again by itself. */
function listen(signal: AbortSignal, pass: () => void): Promise<void> {
  return new Promise((resolve) => {
    const source = new EventSource("/events/stream");
    let wasOpen = false;
    source.addEventListener("open", () => {
      // Changes during the gap are not sent again.
      if (wasOpen) pass();
      wasOpen = true;
    });
    source.addEventListener("changed", pass);
    source.addEventListener("error", () => {
      // A refused stream stays closed: the session has ended, or there are too many. A read says which.
      if (source.readyState === EventSource.CLOSED) void queryClient.invalidateQueries();
    });
    signal.addEventListener("abort", () => {
      source.close();
      resolve();
    });
  });
}

/** Follows the hotel's changes. @returns a function that stops */
export function followChanges(): () => void {
  const stop = new AbortController();
  const { signal } = stop;
  const channel = new BroadcastChannel(channelName);
  channel.addEventListener("message", refreshSoon);
  const pass = (): void => {
    refreshSoon();
    // A channel reaches its own origin alone, so it has no target. The rule knows the messages of windows.
    // oxlint-disable-next-line unicorn/require-post-message-target-origin
    channel.postMessage("changed");
  };
  // Web Locks are missing on http addresses other than localhost. There, each tab has a stream of its own.
  if ("locks" in navigator) {
    navigator.locks.request(channelName, { signal }, () => listen(signal, pass)).catch(() => undefined);
  } else void listen(signal, pass);
  return () => {
    stop.abort();
    channel.close();
  };
}
