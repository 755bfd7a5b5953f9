/**
 * Who sent these bytes? Answered over the bytes as they came, before anything in them is read: HMAC-SHA256 of the header's
 * time, a dot and the body, as Stripe documents it, compared in constant time. The SDK has the same, but to load it is to
 * load its clients for the network (170 ms), which a process that only takes events never uses; the tests sign with it.
 */
import { createHmac, timingSafeEqual } from "node:crypto";

import { billingProblems } from "../errors.ts";

/** How far the header's time may be from ours, in seconds, either way. */
const toleranceSeconds = 300;

export interface VerifiedBody {
  /** The bytes as text, which encodes to exactly the same bytes again. */
  readonly text: string;
  /** Parsed from it; not yet known to be an event. */
  readonly json: unknown;
}

/**
 * Verifies a delivery and then parses it.
 * @param header `Stripe-Signature`, as it came
 * @param secrets any of which may have signed it: there are several while one is rolled
 * @param now in milliseconds since 1970
 * @throws Problem STRIPE_SIGNATURE_INVALID; STRIPE_EVENT_INVALID for signed bytes that are no JSON
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
  if (!isSigned) throw refused("No v1 signature of the Stripe-Signature header fits the body.");
  try {
    return { text, json: JSON.parse(text) as unknown };
  } catch {
    // Signed by Stripe, but no JSON. The error quotes the body: not passed on.
    throw billingProblems.STRIPE_EVENT_INVALID("The signed body is no JSON.");
  }
}

const refused = (why: string) => billingProblems.STRIPE_SIGNATURE_INVALID(why);

/** The header's one `t`, in seconds, as Stripe writes it. */
function timestampOf(header: string): number | undefined {
  const times = header.split(",").filter((item) => item.startsWith("t="));
  const digits = /^t=(0|[1-9]\d{0,11})$/.exec(times[0] ?? "")?.[1];
  return times.length === 1 && digits !== undefined ? Number(digits) : undefined;
}

/** Those of the scheme `v1`; there is one for each secret while one is rolled. Others (`v0`) are for Stripe's own tests. */
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
