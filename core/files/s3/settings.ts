/**
 * Where an S3 store is and with what it is opened. The names of the variables are those that the AWS tools read, so an
 * operator knows them, whoever makes the store. A plugin reads none of them.
 */
import type { CoreEnv } from "../../config/env.ts";

export interface S3Settings {
  /** Without a slash at its end. */
  readonly endpoint: string;
  readonly bucket: string;
  /** Empty, or with a slash at its end. */
  readonly prefix: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

type S3Variables = Pick<
  CoreEnv,
  "AWS_ENDPOINT_URL_S3" | "AWS_REGION" | "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" | "AWS_SESSION_TOKEN"
>;

export function isInS3(location: string): boolean {
  return location.startsWith("s3://");
}

/** The address that all requests go to: the bucket is in the path and not in the host's name, so it is one host. */
export function s3Endpoint(variables: {
  readonly AWS_ENDPOINT_URL_S3?: string | undefined;
  readonly AWS_REGION?: string | undefined;
}): string {
  const { AWS_ENDPOINT_URL_S3: given, AWS_REGION: region } = variables;
  return (given ?? `https://s3.${region ?? "us-east-1"}.amazonaws.com`).replace(/\/+$/, "");
}

/**
 * @param name of the variable that holds the location
 * @returns undefined where something is wrong, which goes into `faults`
 */
export function readS3Settings(
  name: string,
  location: string,
  env: S3Variables,
  faults: string[],
): S3Settings | undefined {
  const before = faults.length;
  // What a URL would take for something else ("..", "?", "%") is refused and not escaped.
  const [, bucket, prefix] = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])((?:\/[\w.-]+)*)\/?$/.exec(location) ?? [];
  if (bucket === undefined || prefix === undefined || /\/\.{1,2}(\/|$)/.test(prefix)) {
    faults.push(
      `${name} does not name a place in S3. Remedy: s3://bucket or s3://bucket/prefix, of letters, digits and . _ - only.`,
    );
  }
  const need = (variable: keyof S3Variables, what: string): string => {
    const value = env[variable];
    if (value === undefined) faults.push(`${variable} is missing, and ${name} is in S3. Remedy: set it to ${what}.`);
    return value ?? "";
  };
  const region = need("AWS_REGION", "the store's region (us-east-1 for one that knows none)");
  const accessKeyId = need("AWS_ACCESS_KEY_ID", "the id of a key that may read and write there");
  const secretAccessKey = need("AWS_SECRET_ACCESS_KEY", "the secret of that key");
  if (env.AWS_SESSION_TOKEN !== undefined) {
    faults.push(
      `AWS_SESSION_TOKEN is set, and ${name} is in S3: keys that run out are not supported. Remedy: a key of its own for Keyrack, and unset it.`,
    );
  }
  if (faults.length > before) return undefined;
  return {
    endpoint: s3Endpoint(env),
    bucket: bucket as string,
    prefix: prefix === "" ? "" : `${(prefix as string).slice(1)}/`,
    region,
    accessKeyId,
    secretAccessKey,
  };
}
