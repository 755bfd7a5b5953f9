/** The SDK takes 170 ms to load, which only those wait for who need it; `import()` remembers it. */
export async function loadStripe() {
  const { default: Stripe } = await import("stripe");
  return Stripe;
}
