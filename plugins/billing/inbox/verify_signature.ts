/**
 * Verifies that Stripe sent these bytes, before anything in them is parsed. The signature is an HMAC-SHA256 of the
 * header's time, a dot and the body, as Stripe documents it. The comparison takes constant time.
 *
 * The SDK can verify it too. But loading the SDK takes 170 ms, because it loads its network clients, and a process that
 * only receives events never needs them. The tests sign with the SDK.
 */
import { createHmac, timingSafeEqual } from "node:crypto";

import { billingProblems } from "../errors.ts";

/** The greatest difference between the header's time and ours, in seconds. */
const toleranceSeconds = 300;

export interface VerifiedBody {
  /** The bytes as text. It encodes to exactly the same bytes again. */
  readonly text: string;
  /** The parsed text, not yet validated as an event. */
  readonly json: unknown;
}

/**
 * Verifies a delivery and then parses it.
 * @param header `Stripe-Signature`, as received
 * @param secrets any of them may have signed; there are several while a new secret is introduced
 * @param now in milliseconds since 1970
 * @throws Problem STRIPE_SIGNATURE_INVALID; STRIPE_EVENT_INVALID for signed bytes that are not JSON
 */
export function verifyDelivery(
  raw: Buffer,
  header: string | string[] | undefined,
  secrets: readonly string[],
  now: number,
): VerifiedBody {
  if (typeof header !== "string") throw refused("There is no Stripe-Signature header.");
  const timestamp = timestampOf(header);
  if (timestamp === undefined) throw refused("The Stripe-Signature header has no timestamp.");
  if (Math.abs(Math.floor(now / 1000) - timestamp) > toleranceSeconds)
    throw refused(`The signature's time is more than ${toleranceSeconds} s away from ours.`);
  const text = exactText(raw);
  if (text === undefined) throw refused("The body is not the UTF-8 that Stripe signs.");

  const signatures = signaturesOf(header);
  const isSigned = secrets.some((secret) => {
    const expected = createHmac("sha256", secret).update(`${timestamp}.`).update(raw).digest();
    return signatures.some((signature) => timingSafeEqual(signature, expected));
  });
  if (!isSigned) throw refused("No v1 signature of the Stripe-Signature header matches the body.");
  try {
    return { text, json: JSON.parse(text) };
  } catch {
    // Signed by Stripe, but not JSON. The parser's error quotes the body, so it is not passed on.
    throw billingProblems.STRIPE_EVENT_INVALID("The signed body must be JSON.");
  }
}

const refused = (why: string) => billingProblems.STRIPE_SIGNATURE_INVALID(why);

/** Reads the header's `t`, in seconds. The header must have exactly one. */
function timestampOf(header: string): number | undefined {
  const times = header.split(",").filter((item) => item.startsWith("t="));
  const digits = /^t=(0|[1-9]\d{0,11})$/.exec(times[0] ?? "")?.[1];
  return times.length === 1 && digits !== undefined ? Number(digits) : undefined;
}

/**
 * Reads the signatures of the scheme `v1`. There is one for each secret while a new secret is introduced. Other schemes
 * (`v0`) are for Stripe's own tests.
 */
function signaturesOf(header: string): Buffer[] {
  return header.split(",").flatMap((item) => {
    const hex = /^v1=([0-9a-f]{64})$/.exec(item)?.[1];
    return hex === undefined ? [] : [Buffer.from(hex, "hex")];
  });
}

function exactText(raw: Buffer): string | undefined {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(raw);
    return text.startsWith("\uFEFF") ? undefined : text;
  } catch {
    return undefined;
  }
}
