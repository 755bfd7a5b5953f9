/** A field that the server refused. `pointer` is a JSON pointer, such as `/guest/name`. */
export interface FieldProblem {
  readonly in: string;
  readonly pointer: string;
  readonly detail: string;
}

/** The code of a request that got no answer. */
export const noAnswer = "NO_ANSWER";

interface ProblemFields {
  readonly status: number;
  readonly code: string;
  readonly title: string;
  readonly detail: string;
  readonly requestId?: string;
  readonly errors?: readonly FieldProblem[];
  /** Further members of the answer, such as `free_rooms`. */
  readonly members?: Readonly<Record<string, unknown>>;
  /** Seconds from the header `Retry-After`. */
  readonly retryAfter?: number | undefined;
}

/** A refusal or a failure of the server (RFC 9457), or a missing answer (`NO_ANSWER`, status 0). */
export class Problem extends Error {
  override readonly name = "Problem";
  readonly status: number;
  readonly code: string;
  readonly title: string;
  readonly requestId: string;
  readonly errors: readonly FieldProblem[];
  readonly members: Readonly<Record<string, unknown>>;
  readonly retryAfter: number | undefined;

  constructor({ status, code, title, detail, requestId = "", errors = [], members = {}, retryAfter }: ProblemFields) {
    super(detail);
    this.status = status;
    this.code = code;
    this.title = title;
    this.requestId = requestId;
    this.errors = errors;
    this.members = members;
    this.retryAfter = retryAfter;
  }
}

/** Reads the problem of an answer. */
export async function problemOf(response: Response): Promise<Problem> {
  const { status, statusText } = response;
  const seconds = Number(response.headers.get("Retry-After") ?? Number.NaN);
  const retryAfter = Number.isFinite(seconds) ? seconds : undefined;
  const body: unknown = await response.json().catch(() => undefined);
  return problemIn(body, { status, title: statusText, retryAfter });
}

/** Makes the problem of a body. An answer of a proxy in between has no code of ours. */
export function problemIn(
  body: unknown,
  { status, title: otherTitle, retryAfter }: Pick<ProblemFields, "status" | "title" | "retryAfter">,
): Problem {
  if (typeof body !== "object" || body === null || !("code" in body)) {
    return new Problem({ status, code: "UNKNOWN", title: otherTitle, detail: otherTitle, retryAfter });
  }
  const {
    title,
    detail,
    code,
    request_id: requestId,
    errors,
    type: _type,
    status: _status,
    ...members
  }: Record<string, unknown> = { ...body };
  return new Problem({
    status,
    code: String(code),
    title: String(title),
    detail: String(detail),
    requestId: String(requestId),
    errors: Array.isArray(errors) ? errors : [],
    members,
    retryAfter,
  });
}
