type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** The same object without its undefined fields: a change says nothing about a field that was not sent. */
export function defined<T extends object>(fields: T): Defined<T> {
  // TypeScript does not follow which fields the filter removes.
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Defined<T>;
}

/** The same object with the named fields only. Names that it does not have are left out. */
export function pick(fields: object, names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => names.includes(name)));
}
