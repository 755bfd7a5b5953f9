import type { PmsApi } from "../../api.ts";

/** The profile of a guest. */
export type Guest = PmsApi["readGuest"]["result"];
