/** The filters of the list of bookings, as the address has them. */
import type { PmsApi } from "../../api.ts";

type Query = NonNullable<PmsApi["listBookings"]["query"]>;

const statusOf = {
  coming: "confirmed",
  in_house: "in_house",
  left: "checked_out",
  canceled: "canceled",
  no_show: "no_show",
  all: undefined,
} as const;

export const stateFilters = ["coming", "in_house", "left", "canceled", "no_show", "all"] as const;
export type StateFilter = (typeof stateFilters)[number];

export type Parameters = Readonly<Record<string, string>>;

/** The names of the days in the address. */
const dayFilters = ["from", "to", "leaves_from", "leaves_to"] as const;
export type DayFilter = (typeof dayFilters)[number];

/** The names of the days in the query. */
const queryNames = {
  from: "arrival_from",
  to: "arrival_to",
  leaves_from: "departure_from",
  leaves_to: "departure_to",
} as const;

/** The state filter. A text alone searches all bookings, because the person may look for a past one. */
export function stateOf({ state, q }: Parameters): StateFilter {
  return stateFilters.find((value) => value === state) ?? (q === undefined ? "coming" : "all");
}

/** Whether a text or a day narrows the list. */
export function hasFilters(parameters: Parameters): boolean {
  return ["q", ...dayFilters].some((name) => parameters[name] !== undefined);
}

/** Makes the query of the list. Guests who are expected or in house come by arrival, others with the latest first. */
export function queryOf(parameters: Parameters): Query {
  const state = stateOf(parameters);
  const status = statusOf[state];
  const days: Partial<Record<(typeof queryNames)[DayFilter], string>> = {};
  for (const name of dayFilters) {
    const day = parameters[name];
    if (day !== undefined && /^\d{4}-\d{2}-\d{2}$/.test(day)) days[queryNames[name]] = day;
  }
  const { q } = parameters;
  return {
    ...(status === undefined ? {} : { status }),
    ...(q === undefined ? {} : { guest: q }),
    ...days,
    order: state === "coming" || state === "in_house" ? "asc" : "desc",
  };
}
