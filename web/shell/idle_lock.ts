import { useEffect } from "preact/hooks";

import { lockSession } from "../api/session.ts";

/** All tabs of a browser share the time of the last input. */
const key = "keyrack.last_input";
const lookEveryMs = 5_000;

/** Locks the session after so many minutes without input in any tab. 0: never. */
export function useIdleLock(minutes: number): void {
  useEffect(() => {
    if (minutes <= 0) return undefined;
    let noted = 0;
    const note = (): void => {
      if (Date.now() - noted < lookEveryMs) return;
      noted = Date.now();
      localStorage.setItem(key, String(noted));
    };
    note();
    const timer = setInterval(() => {
      const last = Number(localStorage.getItem(key) ?? noted);
      if (Date.now() - last > minutes * 60_000) void lockSession();
    }, lookEveryMs);
    const inputs = ["pointerdown", "keydown", "wheel"] as const;
    for (const input of inputs) document.addEventListener(input, note, { passive: true });
    return () => {
      clearInterval(timer);
      for (const input of inputs) document.removeEventListener(input, note);
    };
  }, [minutes]);
}
