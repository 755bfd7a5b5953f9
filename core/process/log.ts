import pino from "pino";
import { memberOf } from "../values/unknown_value.ts";

/** A structured logger: an object of fields first, then a sentence. */
export type Logger = pino.Logger;

/**
 * Fields whose values are never logged. Bodies and headers are not logged either. This list is for an error object or a
 * field that contains one of them by mistake.
 */
const secrets = ["authorization", "cookie", "password", "access_token", "refresh_token", "secret", "api_key"];

/**
 * Makes a logger that writes JSON lines.
 * @param to 1 for standard output, or 2 for standard error if standard output is a command's answer
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

/** Picks the fields of an error that help to find its cause. pg's errors also have whole connections with passwords. */
function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const [code, constraint, table] = ["code", "constraint", "table"].map((name) => memberOf(error, name));
  return {
    type: error.name,
    message: error.message,
    stack: error.stack,
    ...(code === undefined ? {} : { code }),
    ...(constraint === undefined ? {} : { constraint, table }),
    ...(error.cause === undefined ? {} : { cause: describeError(error.cause) }),
  };
}
