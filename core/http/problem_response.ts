/** The one place where an error becomes an answer. */
import type { Context } from "koa";

import { isContention, isOutage, isTimeout, isUnstorable } from "../db/database.ts";
import { Problem, problems, TransientError } from "../errors.ts";
import type { Logger } from "../process/log.ts";
import { UnknownTimeZone } from "../values/time.ts";

/** Answers with `application/problem+json` (RFC 9457) and logs what the caller must not see. */
export function answerProblem(ctx: Context, error: unknown, requestId: string, log: Logger): void {
  const problem = problemOf(error);
  // A deliberate refusal, such as a full queue, is not logged as an error. The request line in the log shows it.
  const isRefusal = problem === error && problem.retryable && problem.cause === undefined;
  if (problem.status >= 500 && !isRefusal) log.error({ err: error, request_id: requestId }, problem.title);
  ctx.remove("ETag");
  ctx.status = problem.status;
  ctx.set({ ...problem.headers });
  if ((problem.status === 429 || problem.status === 503) && !ctx.res.hasHeader("Retry-After"))
    ctx.set("Retry-After", "1");
  ctx.type = "application/problem+json";
  ctx.body = JSON.stringify(problemBody(problem, requestId));
}

export function problemBody(problem: Problem, requestId: string): Readonly<Record<string, unknown>> {
  return {
    // First, so that none of them can replace a member of the standard.
    ...problem.members,
    type: `urn:keyrack:problem:${problem.code.toLowerCase()}`,
    title: problem.title,
    status: problem.status,
    detail: problem.message,
    code: problem.code,
    request_id: requestId,
    ...(problem.errors.length > 0 ? { errors: problem.errors } : {}),
  };
}

function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof UnknownTimeZone) return problems.TIME_ZONE_UNKNOWN(error.message, { cause: error });
  const isTransient = error instanceof TransientError && error.retryable;
  if (isTransient || isOutage(error) || isContention(error))
    return problems.SERVICE_UNAVAILABLE("Please try again in a moment.", { cause: error });
  if (isTimeout(error))
    return problems.SERVICE_UNAVAILABLE("The database took too long. Please try again in a moment.", { cause: error });
  // The schemas refuse such text in the fields that they know. This is for all other fields.
  if (isUnstorable(error))
    return problems.VALIDATION_FAILED("A value contains a character that can't be stored.", { cause: error });
  return problems.INTERNAL("The request failed. The error is logged under the request id.");
}
