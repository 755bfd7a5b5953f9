/**
 * Who sent these bytes? Answered over the bytes as they came, before anything in them is read. The HMAC is the SDK's;
 * what it leaves open is closed here: it takes a timestamp from the future, and it decodes the bytes on the way (a byte
 * order mark and broken UTF-8 vanish), so that other bytes than those that were signed could pass.
 */
import { billingProblems } from "./errors.ts";
import { loadStripe } from "./stripe_sdk.ts";

/** How far the header's time may be from ours, in seconds, either way. */
export const toleranceSeconds = 300;

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
 * @throws Problem STRIPE_SIGNATURE_INVALID; STRIPE_EVENT_INVALID for signed bytes that are no JSON, or a thin event
 */
export async function verifyDelivery(
  raw: Buffer,
  header: string | string[] | undefined,
  secrets: readonly string[],
  now: number,
): Promise<VerifiedBody> {
  if (typeof header !== "string") throw refused("There is no Stripe-Signature header.");
  const timestamp = timestampOf(header);
  if (timestamp === undefined) throw refused("The Stripe-Signature header has no timestamp.");
  if (Math.abs(Math.floor(now / 1000) - timestamp) > toleranceSeconds)
    throw refused(`The signature's time is more than ${toleranceSeconds} s away from ours.`);
  const text = exactText(raw);
  if (text === undefined) throw refused("The body is not the UTF-8 that Stripe signs.");

  const Stripe = await loadStripe();
  for (const secret of secrets) {
    try {
      const json: unknown = await Stripe.webhooks.constructEventAsync(
        raw,
        header,
        secret,
        toleranceSeconds,
        undefined,
        now,
      );
      return { text, json };
    } catch (error) {
      if (error instanceof Stripe.errors.StripeSignatureVerificationError) continue;
      // Signed by Stripe, but no JSON (a SyntaxError) or a thin event (a plain Error). The error quotes the body: not passed on.
      throw billingProblems.STRIPE_EVENT_INVALID("The signed body is no snapshot event in JSON.");
    }
  }
  throw refused("No v1 signature of the Stripe-Signature header fits the body.");
}

const refused = (why: string) => billingProblems.STRIPE_SIGNATURE_INVALID(why);

/** The header's one `t`, in seconds. Of two the SDK would take the last; a header that Stripe made has one. */
function timestampOf(header: string): number | undefined {
  const times = header.split(",").filter((item) => item.startsWith("t="));
  const digits = /^t=(\d{1,12})$/.exec(times[0] ?? "")?.[1];
  return times.length === 1 && digits !== undefined ? Number(digits) : undefined;
}

function exactText(raw: Buffer): string | undefined {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(raw);
    return text.startsWith("\uFEFF") ? undefined : text;
  } catch {
    return undefined;
  }
}
