/**
 * The catalog of problems. An error that a caller can see is declared once, with `defineProblems`, and thrown by
 * calling its name. `http/problem_response.ts` turns it into an RFC 9457 answer. Any other error is a defect or an
 * outage. It is logged in full, and the answer has a generic body.
 */

/** One invalid field. `pointer` is an RFC 6901 JSON pointer into the part of the request that `in` names. */
export interface FieldError {
  readonly in: "body" | "query" | "path" | "header";
  readonly pointer: string;
  readonly detail: string;
}

export interface ProblemDeclaration {
  /** HTTP status of the answer. */
  readonly status: number;
  /** A short sentence that does not vary from case to case. */
  readonly title: string;
  /** Whether the same request can succeed later, unchanged. */
  readonly retryable?: boolean;
}

export interface ProblemDetails {
  /** Extension members of the answer (RFC 9457, 3.2), in snake_case. */
  readonly members?: Readonly<Record<string, unknown>>;
  readonly errors?: readonly FieldError[];
  readonly headers?: Readonly<Record<string, string>>;
  readonly cause?: unknown;
}

/** An error that the caller may see. */
export class Problem extends Error {
  override readonly name = "Problem";
  readonly code: string;
  readonly status: number;
  readonly title: string;
  readonly retryable: boolean;
  readonly members: Readonly<Record<string, unknown>>;
  readonly errors: readonly FieldError[];
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: string, declaration: ProblemDeclaration, detail: string, more: ProblemDetails = {}) {
    super(detail, more.cause === undefined ? undefined : { cause: more.cause });
    this.code = code;
    this.status = declaration.status;
    this.title = declaration.title;
    this.retryable = declaration.retryable ?? false;
    this.members = more.members ?? {};
    this.errors = more.errors ?? [];
    this.headers = more.headers ?? {};
  }
}

export type ProblemFactory = (detail: string, more?: ProblemDetails) => Problem;

const catalog = new Map<string, ProblemDeclaration>();

/** Returns all declared problems by code, for the OpenAPI document. */
export function problemCatalog(): ReadonlyMap<string, ProblemDeclaration> {
  return catalog;
}

/**
 * Declares problems and returns a function per code that makes one to throw.
 * @throws Error if a code is declared twice with different meanings, because a client could not distinguish them
 */
export function defineProblems<const D extends Record<string, ProblemDeclaration>>(
  declarations: D,
): Readonly<Record<keyof D, ProblemFactory>> {
  const factories: Record<string, ProblemFactory> = {};
  for (const [code, declaration] of Object.entries(declarations)) {
    if (!/^[A-Z][A-Z0-9_]*$/.test(code)) throw new Error(`The problem code ${code} is not SCREAMING_SNAKE.`);
    const known = catalog.get(code);
    if (known !== undefined && (known.status !== declaration.status || known.title !== declaration.title)) {
      throw new Error(`The problem code ${code} is declared twice with different meanings.`);
    }
    catalog.set(code, declaration);
    factories[code] = (detail, more) => new Problem(code, declaration, detail, more);
  }
  // The loop has made one factory for each code of the declarations.
  return Object.freeze(factories) as Readonly<Record<keyof D, ProblemFactory>>;
}

/** The problems that any route can answer with. */
export const problems = defineProblems({
  VALIDATION_FAILED: { status: 400, title: "Validation failed" },
  MALFORMED_BODY: { status: 400, title: "The body can't be read" },
  UNAUTHENTICATED: { status: 401, title: "A valid access token is needed" },
  DRY_RUN_NOT_SUPPORTED: { status: 400, title: "This request has no dry run" },
  FORBIDDEN: { status: 403, title: "Your role has no permission for this" },
  CROSS_ORIGIN: { status: 403, title: "A page of another origin can't use the session" },
  NOT_FOUND: { status: 404, title: "Not found" },
  METHOD_NOT_ALLOWED: { status: 405, title: "The method is not allowed here" },
  CONFLICT: { status: 409, title: "The request conflicts with the present state" },
  TIME_ZONE_UNKNOWN: { status: 409, title: "The stored time zone is not known" },
  IN_USE: { status: 409, title: "It is still in use" },
  IDEMPOTENCY_IN_FLIGHT: { status: 409, title: "The same request is still being answered", retryable: true },
  PRECONDITION_FAILED: { status: 412, title: "It has changed since you read it" },
  PAYLOAD_TOO_LARGE: { status: 413, title: "The body is too large" },
  UNSUPPORTED_MEDIA_TYPE: { status: 415, title: "The media type is not supported" },
  IDEMPOTENCY_KEY_REUSED: { status: 422, title: "The Idempotency-Key was used for another request" },
  SESSION_LOCKED: { status: 423, title: "The session is locked" },
  RATE_LIMITED: { status: 429, title: "Too many requests", retryable: true },
  INTERNAL: { status: 500, title: "Something went wrong on our side" },
  SERVICE_UNAVAILABLE: { status: 503, title: "Temporarily not available", retryable: true },
});

/**
 * An error of a service that can succeed later, such as S3 while it is overloaded. A request answers it with 503.
 * Subclasses say which service failed.
 */
export class TransientError extends Error {
  readonly retryable: boolean;

  constructor(message: string, retryable: boolean, options?: ErrorOptions) {
    super(message, options);
    this.retryable = retryable;
  }
}

/** The error of a failed boot. A process prints all of its faults at once, each with its remedy, before it stops. */
export class BootError extends Error {
  override readonly name = "BootError";
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(`Keyrack can't start:\n${faults.map((fault) => `  - ${fault}`).join("\n")}`);
    this.faults = faults;
  }
}
