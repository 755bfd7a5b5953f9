import type { Problem } from "../api/problem.ts";

/** Finds the fault of a field in a refusal: `fault("/guest/name")`. */
export function faultsByField(problem: Problem | undefined): (pointer: string) => string | undefined {
  return (pointer) => problem?.errors.find((error) => error.pointer === pointer)?.detail;
}
