/**
 * Reads the address and the key of a store in S3. The variables have the names that the AWS tools read, because
 * operators know these. A plugin reads none of them.
 */
import type { CoreEnv } from "../../config/env.ts";

export interface S3Settings {
  /** Ends without a slash. */
  readonly endpoint: string;
  readonly bucket: string;
  /** Is empty, or ends with a slash. */
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

/** Returns the address of all requests. The bucket is in the path, so that all buckets have the same host. */
export function s3Endpoint(variables: {
  readonly AWS_ENDPOINT_URL_S3?: string | undefined;
  readonly AWS_REGION?: string | undefined;
}): string {
  const { AWS_ENDPOINT_URL_S3: given, AWS_REGION: region } = variables;
  return (given ?? `https://s3.${region ?? "us-east-1"}.amazonaws.com`).replace(/\/+$/, "");
}

/** The settings, or the faults of the variables. */
type S3Reading = { readonly settings: S3Settings } | { readonly faults: readonly string[] };

/** Reads the settings. @param name the variable that contains the location */
export function readS3Settings(name: string, location: string, env: S3Variables): S3Reading {
  const faults: string[] = [];
  // Refuses characters that a URL interprets ("..", "?", "%") instead of escaping them.
  const [, bucket, prefix] = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])((?:\/[\w.-]+)*)\/?$/.exec(location) ?? [];
  if (bucket === undefined || prefix === undefined || /\/\.{1,2}(\/|$)/.test(prefix)) {
    faults.push(
      `${name} must name a place in S3. ` +
        "Remedy: write s3://bucket or s3://bucket/prefix, with letters, digits and . _ - only.",
    );
  }
  const need = (variable: keyof S3Variables, what: string): string => {
    const value = env[variable];
    if (value === undefined) faults.push(`${variable} is missing, and ${name} is in S3. Remedy: set it to ${what}.`);
    return value ?? "";
  };
  const region = need("AWS_REGION", "the region of the store, or to us-east-1 if it has none");
  const accessKeyId = need("AWS_ACCESS_KEY_ID", "the id of a key that can read and write there");
  const secretAccessKey = need("AWS_SECRET_ACCESS_KEY", "the secret of that key");
  if (env.AWS_SESSION_TOKEN !== undefined) {
    faults.push(
      `AWS_SESSION_TOKEN is set, and ${name} is in S3. Keys that expire are not supported. ` +
        "Remedy: unset it, and create a key for Keyrack alone.",
    );
  }
  if (faults.length > 0 || bucket === undefined || prefix === undefined) return { faults };
  return {
    settings: {
      endpoint: s3Endpoint(env),
      bucket,
      prefix: prefix === "" ? "" : `${prefix.slice(1)}/`,
      region,
      accessKeyId,
      secretAccessKey,
    },
  };
}
