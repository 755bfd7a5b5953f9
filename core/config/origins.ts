import * as z from "zod";

/**
 * Parses a list of origins of web pages, as browsers send them in `Origin`. An entry in another spelling would never
 * be equal to that header, so it is a fault that names the right spelling.
 * @see https://fetch.spec.whatwg.org/#origin-header
 */
export const originsSchema = z
  .string()
  .transform((list) =>
    list
      .split(",")
      .map((origin) => origin.trim())
      .filter((origin) => origin !== ""),
  )
  .superRefine((origins, context) => {
    const [fault] = origins.flatMap((origin, at) => originFault(origin, at + 1) ?? []);
    if (fault !== undefined) context.addIssue({ code: "custom", message: fault });
  });

/** Names an entry by its position, because a wrong one can contain a password. */
function originFault(origin: string, position: number): string | undefined {
  const url = URL.canParse(origin) ? new URL(origin) : undefined;
  const isPage = url !== undefined && /^https?:$/.test(url.protocol) && !url.hostname.includes("*");
  if (isPage && url.origin === origin) return undefined;
  const remedy = isPage
    ? `write ${url.origin}`
    : "it must be http or https, a host and perhaps a port, without a wildcard";
  return `has an entry that is not an exact origin, such as https://app.example.com (entry ${position}): ${remedy}`;
}
