import pino from "pino";

/** A structured logger: an object of fields first, then a sentence. */
export type Logger = pino.Logger;

/**
 * Bodies and headers are never logged; this list is the second line of defence, for an error object or a field that
 * carries one of them all the same.
 */
const secrets = ["authorization", "cookie", "password", "access_token", "refresh_token", "secret", "api_key"];

/**
 * A logger that writes JSON lines.
 * @param to 1: standard output; 2: standard error, where the output is a command's answer
 */
export function createLogger(level: string, fields: Record<string, unknown> = {}, to: 1 | 2 = 1): Logger {
  const options: pino.LoggerOptions = {
    level,
    base: fields,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    serializers: { err: describeError },
    redact: { paths: secrets.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]), censor: "[redacted]" },
  };
  return to === 1 ? pino(options) : pino(options, pino.destination({ fd: to, sync: true }));
}

/** What helps to find a fault. Not every field: pg hangs whole connections on its errors, and they know passwords. */
function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const { code, constraint, table } = error as Error & { code?: unknown; constraint?: unknown; table?: unknown };
  return {
    type: error.name,
    message: error.message,
    stack: error.stack,
    ...(code === undefined ? {} : { code }),
    ...(constraint === undefined ? {} : { constraint, table }),
    ...(error.cause === undefined ? {} : { cause: describeError(error.cause) }),
  };
}
