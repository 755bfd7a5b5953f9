/**
 * The length of a benchmark. `BENCH_BRIEF=1` makes each run in seconds, so that the tests notice a broken one. The
 * figures of such a run have no meaning.
 */
import { processVariables } from "../core/config/env.ts";

export const isBrief = processVariables()["BENCH_BRIEF"] === "1";

/** Returns the first for a measurement, the second for a brief run. */
export const amount = (full: number, brief: number): number => (isBrief ? brief : full);
