/** The way back of a change: the member `undo` of its answer. */
import type { Answer, Route, Undo } from "./route.ts";

/**
 * Makes the member `undo`. Undefined if the route declares none.
 * @throws Error if the handler names no way back, or one that its declaration does not have
 */
export function undoOf(
  route: Route,
  { undo }: Pick<Answer<unknown>, "undo">,
  operations: ReadonlyMap<string, Route>,
): Undo | undefined {
  if (route.undo === undefined) return undefined;
  if ("none" in route.undo) return { none: route.undo.none };
  if (undo === undefined) throw new Error(`${route.id} must answer with its way back, or say why it has none.`);
  if ("none" in undo) return undo;
  const back = operations.get(undo.operation);
  if (back === undefined || !route.undo.includes(undo.operation))
    throw new Error(`${route.id} names ${undo.operation} as its way back, which its declaration does not have.`);
  const search = new URLSearchParams(undo.query).toString();
  const path = back.path.replaceAll(/\{(\w+)\}/g, (_whole, name: string) => {
    const value = undo.params?.[name];
    if (value === undefined) throw new Error(`The way back of ${route.id} needs the parameter ${name}.`);
    return encodeURIComponent(value);
  });
  return {
    operation: undo.operation,
    method: back.method,
    path: search === "" ? path : `${path}?${search}`,
    ...(undo.body === undefined ? {} : { body: undo.body }),
  };
}

/** The JSON schema of the member. */
export const undoSchema = {
  description: "The request that takes this change back, or why there is none.",
  oneOf: [
    {
      type: "object",
      required: ["operation", "method", "path"],
      properties: {
        operation: { type: "string", description: "The id of the operation." },
        method: { type: "string" },
        path: { type: "string", description: "With its query." },
        body: { description: "The body to send. Absent: none." },
      },
    },
    { type: "object", required: ["none"], properties: { none: { type: "string", description: "The reason." } } },
  ],
};
