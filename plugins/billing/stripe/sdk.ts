let loaded: Promise<typeof import("stripe")> | undefined;

/** The SDK takes 170 ms to load, which only those wait for who need it. Kept here: a loader's hooks run at each `import()`. */
export async function loadStripe() {
  loaded ??= import("stripe");
  return (await loaded).default;
}
