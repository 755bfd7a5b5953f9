/** The state of a stay as the desk sees it: it follows from the status, the dates and the business date. */

export type StayState = "expected" | "due_in" | "in_house" | "due_out" | "late" | "left" | "canceled" | "no_show";

export interface StayFacts {
  readonly status: string;
  /** The first day, such as `2026-11-27`. */
  readonly arrival: string;
  readonly departure: string;
}

/** Derives the state of a stay on a business date. */
export function stayState({ status, arrival, departure }: StayFacts, today: string): StayState {
  switch (status) {
    case "confirmed":
      return arrival > today ? "expected" : arrival === today ? "due_in" : "late";
    case "in_house":
      return departure > today ? "in_house" : departure === today ? "due_out" : "late";
    case "no_show":
      return "no_show";
    case "canceled":
      return "canceled";
    default:
      return "left";
  }
}
