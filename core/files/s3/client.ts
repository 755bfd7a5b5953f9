/**
 * Calls S3. A request goes to one origin, ends at a deadline, and is repeated if another attempt can succeed. An error
 * names the request and the code of the answer only, because S3's answer to a wrong signature quotes the request.
 */
import { S3mini, S3ServiceError } from "s3mini";

import { retry } from "../../values/retry.ts";
import type { S3Settings } from "./settings.ts";
import { TransientError } from "../../errors.ts";

export interface S3Limits {
  /** The longest time for one request. In a download, it limits the wait for the headers and each pause. */
  readonly answerMs: number;
  /** The number of attempts of one request. */
  readonly attempts: number;
  /** The pause before the second attempt. Each further pause is twice as long. */
  readonly backoffMs: number;
  /** The size of a part. S3 requires at least 5 MiB, except for the last. It allows 10,000 parts of a file: 50 GB. */
  readonly partBytes: number;
  /** The number of files in one page of a list. S3 returns 1000 at most. */
  readonly pageSize: number;
}

export const usualLimits: S3Limits = {
  answerMs: 60_000,
  attempts: 4,
  backoffMs: 200,
  partBytes: 5 * 1024 * 1024,
  pageSize: 1000,
};

/** Reports that S3 refused a request or did not answer it. */
export class S3Fault extends TransientError {
  override readonly name = "S3Fault";
  /** Undefined if there was no answer. */
  readonly status: number | undefined;
  /** S3's error code, such as `NoSuchKey`. */
  readonly code: string | undefined;

  constructor(
    message: string,
    {
      status,
      code,
      retryable = false,
      cause,
    }: { status?: number; code?: string | undefined; retryable?: boolean; cause?: unknown } = {},
  ) {
    super(message, retryable, cause === undefined ? undefined : { cause });
    this.status = status;
    this.code = code;
  }
}

export interface CallOptions extends Partial<S3Limits> {
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs a request to its end.
 * @param what names the request in an error message, such as "read reports/a.csv"
 * @param request gets a client, and a controller that aborts its requests, also after the end of this call
 */
export type S3Call = <T>(
  what: string,
  request: (s3: S3mini, stop: AbortController) => Promise<T>,
  options?: CallOptions,
) => Promise<T>;

export function s3Calls(settings: S3Settings, limits: S3Limits): S3Call {
  const { endpoint, bucket, region, accessKeyId, secretAccessKey } = settings;
  return async (what, request, { signal, ...own } = {}) => {
    const { answerMs, attempts, backoffMs } = { ...limits, ...own };
    const tryOnce = async () => {
      const stop = new AbortController();
      const onAbort = (): void => stop.abort(signal?.reason);
      signal?.addEventListener("abort", onAbort, { once: true });
      const timer = setTimeout(() => {
        stop.abort(new S3Fault(`S3 did not answer within ${answerMs} ms when asked to ${what}.`, { retryable: true }));
      }, answerMs);
      const fetch = fetchFrom(new URL(endpoint).origin, stop.signal);
      const s3 = new S3mini({ endpoint: `${endpoint}/${bucket}`, region, accessKeyId, secretAccessKey, fetch });
      try {
        return await request(s3, stop);
      } catch (error) {
        throw faultOf(what, error);
      } finally {
        clearTimeout(timer);
        signal?.removeEventListener("abort", onAbort);
      }
    };
    const isRetryable = (error: unknown): boolean => error instanceof S3Fault && error.retryable;
    return retry(tryOnce, { attempts, firstPauseMs: backoffMs, isRetryable, signal });
  };
}

/** Returns a `fetch` for one origin. It does not follow redirects, because the signature would be sent along. */
function fetchFrom(origin: string, signal: AbortSignal): typeof fetch {
  return (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input);
    if (url.origin !== origin) throw new S3Fault(`The file store must not call ${url.host}.`);
    // Asks for the bytes as they were stored. The header is not signed, because a proxy can change it.
    const headers = { ...(init?.headers as Record<string, string>), "accept-encoding": "identity" };
    return fetch(url, { ...init, headers, signal, redirect: "manual" });
  };
}

function faultOf(what: string, error: unknown): S3Fault {
  if (error instanceof S3Fault) return error;
  if (error instanceof S3ServiceError) {
    const { status } = error;
    // Reads the code from the body, because the library parses only one spelling of the content type.
    const code =
      /<Code>(\w+)<\/Code>/.exec(error.body ?? "")?.[1] ??
      (error.serviceCode === "Unknown" ? undefined : error.serviceCode);
    const retryable = [429, 500, 502, 503, 504].includes(status) || code === "RequestTimeout";
    const words = code === undefined ? "" : ` (${code})`;
    return new S3Fault(`S3 answered ${status}${words} when asked to ${what}.`, { status, code, retryable });
  }
  return new S3Fault(`The connection to S3 failed when it was asked to ${what}.`, { retryable: true, cause: error });
}
