/**
 * Is the event of the other of Stripe's two worlds? Money of the test world must open no hotel of the live one. Told by the
 * key: without one, or with one that does not say, it is not judged.
 */
export function isOtherMode(key: string | undefined, livemode: boolean | null | undefined): boolean {
  const world = /^(?:sk|rk)_(live|test)_/.exec(key ?? "")?.[1];
  if (world === undefined || typeof livemode !== "boolean") return false;
  return livemode !== (world === "live");
}
