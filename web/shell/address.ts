import { useLocation } from "preact-iso";

export interface Address {
  /** Below `/app`, such as `/today`. */
  readonly path: string;
  readonly parameters: Readonly<Record<string, string>>;
  /** Goes to a page. */
  readonly go: (path: string, parameters?: Readonly<Record<string, string>>) => void;
  /** Sets a parameter of the address, or removes it with undefined. The page stays. */
  readonly set: (name: string, value: string | undefined) => void;
}

let current: Address | undefined;

/** The address of the app, and ways to change it. */
export function useAddress(): Address {
  const { path, query, route } = useLocation();
  const parameters: Readonly<Record<string, string>> = query;
  const address: Address = {
    path: path.replace(/^\/app/, "") || "/",
    parameters,
    go: (to, next = {}) => route(`/app${to}${searchOf(next)}`),
    set: (name, value) => {
      const { [name]: _old, ...rest } = parameters;
      route(`${path}${searchOf(value === undefined ? rest : { ...rest, [name]: value })}`);
    },
  };
  current = address;
  return address;
}

/** The address where there is no component, such as in a command. */
export function currentAddress(): Address {
  if (current === undefined) throw new Error("The frame is not shown yet.");
  return current;
}

function searchOf(parameters: Readonly<Record<string, string>>): string {
  const search = new URLSearchParams(parameters).toString();
  return search === "" ? "" : `?${search}`;
}
