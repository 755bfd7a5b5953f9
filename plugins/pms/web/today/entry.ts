import type { PmsApi } from "../../api.ts";

/** A stay on the board. */
export type Entry = PmsApi["readBoard"]["result"]["arrivals"][number];
