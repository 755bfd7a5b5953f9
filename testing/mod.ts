/**
 * The face of `testing/` for the tests of plugins. It has a running platform, a client, hotels, a worker, databases and
 * plans of queries. Helpers for special cases have their own files, which `testing/README.md` lists.
 */
export { type CallOptions, type TestAnswer, TestClient, withoutUndo } from "./client.ts";
export { type CliResult, cliProgram, runCli } from "./command_line.ts";
export {
  nodesOf,
  pairsCompared,
  planSettings,
  type PlanNode,
  plansOf,
  rowsRead,
  type RunPlan,
  sendPlans,
} from "./plans.ts";
export {
  eventually,
  fixturePlugins,
  logIn,
  onBothStores,
  signUpHotel,
  startTestPlatform,
  type StoreKind,
  type TestHotel,
  type TestPlatform,
  type TestPlatformOptions,
  testWebhookSecret,
  withWorker,
} from "./platform.ts";
export { poisonRows } from "./poison.ts";
export { createEmptyDatabase, createTestDatabase, type TestDatabase, testSecret } from "./postgres.ts";
export { noRefusals } from "./refusals.ts";
export { startWebProcesses, type WebProcesses } from "./web_processes.ts";
