/**
 * Whether the event is of the other Stripe mode than the key. A payment in test mode must never extend a hotel in live
 * mode. Without a key, or with a key that does not name its mode, the answer is false.
 */
export function isWrongMode(key: string | undefined, livemode: boolean | null | undefined): boolean {
  const mode = /^(?:sk|rk)_(live|test)_/.exec(key ?? "")?.[1];
  if (mode === undefined || typeof livemode !== "boolean") return false;
  return livemode !== (mode === "live");
}
