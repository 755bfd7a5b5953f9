/** The public face of the core: all that a plugin may import from it. */
export { type AuditEvent, changedFields } from "./audit/event.ts";
export { auditDays, type AuditFilter, type StoredEvent } from "./audit/list.ts";
export type { AuditLog } from "./audit/log.ts";
export { copyOut } from "./db/copy.ts";
export type { CountDaily } from "./db/daily_usage.ts";
export { forEachTenant } from "./db/each_tenant.ts";
export { type NamedStatement, prepareNamed } from "./db/named_statement.ts";
export { prepare, type Statement } from "./db/prepared_statement.ts";
export { query, queryOne } from "./db/query.ts";
export { constraintOf, type Database, isOutage, sqlStateOf, type Trx } from "./db/database.ts";
export { ReportsDatabaseFault } from "./db/reports_database.ts";
export { tenantTable } from "./db/migrate/tenant_table.ts";
export { defineProblems, type FieldError, Problem, type ProblemDetails, problems } from "./errors.ts";
export { secretKeysSchema } from "./config/env.ts";
export { type ByteRange, FileMissing, type FileStore } from "./files/store.ts";
export type { Actor, Authenticator, ConfirmActor } from "./http/actor.ts";
export { type Count, type Counts, type CounterState, tooMany } from "./http/limits/counters.ts";
export { requireMatch } from "./http/request/etag.ts";
export { isSameOrigin } from "./http/same_origin.ts";
export { fieldErrorsOf } from "./http/request/input.ts";
export { decodeCursor, encodeCursor, pageOf, pageQuery, toPage } from "./http/request/pagination.ts";
export { queryNumber } from "./http/request/query.ts";
export {
  type Answer,
  type ApiOf,
  type NoUndo,
  type RequestFacts,
  type Route,
  route,
  type UndoCall,
} from "./http/route.ts";
export { idSchema, isUuid, newId } from "./values/ids.ts";
export { jobRows } from "./jobs/dead_letters.ts";
export { handleJob, handleLongJob, DeferJob, type Schedule } from "./jobs/job.ts";
export { defineJob, type JobDefinition } from "./jobs/job_definition.ts";
export {
  type Command,
  type CommandContext,
  defineCommand,
  type FieldValues,
  flag,
  type Progress,
  UsageError,
} from "./plugin/command.ts";
export type { DemoPart, DemoSession } from "./plugin/demo_part.ts";
export type { Logger } from "./process/log.ts";
export {
  amountSchema,
  currencyDecimals,
  currencySchema,
  currentCurrencySchema,
  divideAmount,
  formatAmount,
  isSameAmount,
  isWithinPercent,
  normalizeAmount,
  ratioOf,
  splitAmount,
  subtractAmount,
  sumAmounts,
  sumSchema,
} from "./values/money.ts";
export {
  definePlugin,
  type Plugin,
  type PluginContext,
  type PluginGauge,
  type PluginParts,
} from "./plugin/contract.ts";
export { defineManifest, type Manifest } from "./plugin/manifest.ts";
export { defined, pick } from "./values/objects.ts";
export { labelSchema, printable, textSchema } from "./values/text.ts";
export {
  addDays,
  type Day,
  dayAt,
  daysBetween,
  daySchema,
  eachDay,
  earliestDay,
  instantOf,
  instantOutSchema,
  instantSchema,
  latestDay,
  timeOfDaySchema,
  timeZoneHint,
  timeZoneSchema,
} from "./values/time.ts";
export { networkOf, networksOf } from "./values/ip_network.ts";
export { retry } from "./values/retry.ts";
export { asError, memberOf } from "./values/unknown_value.ts";
