/** How much a benchmark does. `BENCH_BRIEF=1` makes each run in seconds, so that the tests notice one that no longer runs; its figures say nothing. */
import { processVariables } from "../core/config/env.ts";

export const isBrief = processVariables()["BENCH_BRIEF"] === "1";

/** The first for a measurement, the second for a brief run. */
export const amount = (full: number, brief: number): number => (isBrief ? brief : full);
