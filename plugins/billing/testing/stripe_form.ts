/** `application/x-www-form-urlencoded` with brackets, as Stripe's SDKs send it: `line_items[0][price]=price_1`. */
export type FormValue = string | FormObject;
export interface FormObject {
  [name: string]: FormValue;
}

/** Parses a query or a body. Lists become objects with the keys 0, 1, …; also for `types[]=a&types[]=b`. */
export function readForm(text: string): FormObject {
  const form: FormObject = Object.create(null) as FormObject;
  for (const [key, value] of new URLSearchParams(text)) {
    const path = key.split(/[[\]]+/).filter((part, at, all) => part !== "" || at < all.length - 1);
    if (key.endsWith("[]")) path.push("");
    let place = form;
    for (const part of path.slice(0, -1)) {
      const next = (place[part] ??= Object.create(null) as FormObject);
      if (typeof next === "string") break;
      place = next;
    }
    const last = path.at(-1) ?? key;
    place[last === "" ? String(Object.keys(place).length) : last] = value;
  }
  return form;
}

/** Returns a parameter that is text. */
export const textIn = (form: FormObject, name: string): string | undefined => {
  const value = form[name];
  return typeof value === "string" ? value : undefined;
};

/** The values of a list, or of an object. */
export function valuesIn(form: FormObject, name: string): FormValue[] {
  const value = form[name];
  return value === undefined || typeof value === "string" ? [] : Object.values(value);
}
