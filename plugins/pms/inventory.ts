/** What the routes of rooms and of room types have in common. */
import { constraintOf, problems, sqlStateOf } from "../../core/mod.ts";
import { pmsProblems } from "./errors.ts";

const uniqueNames = new Set(["room_types_name", "rooms_number"]);

/** Runs a write; a taken name and a thing that others still point at become problems that say so. */
export async function write<T>(work: PromiseLike<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (uniqueNames.has(constraintOf(error) ?? "")) {
      throw pmsProblems.NAME_TAKEN("Another one in this hotel is called the same.", { cause: error });
    }
    if (sqlStateOf(error) === "23503") {
      throw problems.IN_USE("Bookings or rooms still point at it.", { cause: error });
    }
    throw error;
  }
}
