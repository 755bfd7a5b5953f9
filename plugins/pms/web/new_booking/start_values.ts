/** The first values of a new booking, from its parameter in the address. */
export interface StartValues {
  readonly isWalkIn: boolean;
  readonly arrival: string | undefined;
  readonly departure: string | undefined;
  readonly roomId: string | undefined;
  /** The guest who books again. */
  readonly guestId: string | undefined;
}

/**
 * Reads `booking`, `walk_in`, `booking,<arrival>,<departure>,<room>` as the chart writes it, or `guest,<guest>` as the
 * page of a guest does.
 */
export function startValues(parameter: string): StartValues {
  const [kind, ...parts] = parameter.split(",");
  const nothing = { isWalkIn: false, arrival: undefined, departure: undefined, roomId: undefined };
  if (kind === "guest") return { ...nothing, guestId: parts[0] };
  const [arrival, departure, roomId] = parts;
  return { isWalkIn: kind === "walk_in", arrival, departure, roomId, guestId: undefined };
}
