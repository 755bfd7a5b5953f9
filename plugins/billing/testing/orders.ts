/** Returns all permutations of the items. */
export function permutationsOf<T>(items: readonly T[]): T[][] {
  if (items.length < 2) return [[...items]];
  return items.flatMap((item, at) =>
    permutationsOf(items.filter((_, other) => other !== at)).map((rest) => [item, ...rest]),
  );
}
