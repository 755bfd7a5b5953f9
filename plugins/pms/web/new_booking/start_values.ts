/** The first values of a new booking, from its parameter in the address. */
export interface StartValues {
  readonly isWalkIn: boolean;
  readonly arrival: string | undefined;
  readonly departure: string | undefined;
  readonly roomId: string | undefined;
}

/** Reads `booking`, `walk_in`, or `booking,<arrival>,<departure>,<room>` as the chart writes it. */
export function startValues(parameter: string): StartValues {
  const [kind, arrival, departure, roomId] = parameter.split(",");
  return { isWalkIn: kind === "walk_in", arrival, departure, roomId };
}
