let loaded: Promise<typeof import("stripe")> | undefined;

/**
 * Loads the SDK when it is first needed, because that takes 170 ms. Keeps the module itself, because a loader's hooks
 * run at each `import()`.
 */
export async function loadStripe() {
  loaded ??= import("stripe");
  return (await loaded).default;
}
