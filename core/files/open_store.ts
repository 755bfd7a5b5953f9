/**
 * Where a plugin's files are: what its manifest and the variables say, read once for the boot's checks and for its
 * context.
 */
import path from "node:path";

import type { CoreEnv } from "../config/env.ts";
import type { Manifest } from "../plugin/manifest.ts";
import { folderStore } from "./folder_store.ts";
import { S3Fault } from "./s3/client.ts";
import { isInS3, readS3Settings } from "./s3/settings.ts";
import { type S3Store, s3Store } from "./s3/store.ts";
import type { FileStore } from "./store.ts";

type Slice = Readonly<Record<string, unknown>>;

/** What is wrong with the variables of a plugin's store. */
export function faultsOfStore({ permissions }: Manifest, slice: Slice, env: CoreEnv): string[] {
  const name = permissions?.files?.location;
  const location = name === undefined ? undefined : slice[name];
  if (name === undefined || typeof location !== "string" || !isInS3(location)) return [];
  const faults: string[] = [];
  readS3Settings(name, location, env, faults);
  return faults;
}

/** The store of a plugin, or undefined where its manifest asks for none. */
export function openStore({ id, permissions }: Manifest, slice: Slice, env: CoreEnv): FileStore | S3Store | undefined {
  if (permissions?.files === undefined) return undefined;
  const name = permissions.files.location;
  const location = name === undefined ? undefined : slice[name];
  if (name === undefined || typeof location !== "string") return folderStore(path.join(env.DATA_DIR, id));
  if (!isInS3(location)) return folderStore(path.resolve(location));
  const settings = readS3Settings(name, location, env, []);
  return settings && s3Store(settings);
}

/**
 * Asks a store that is not on this machine whether it lets us in.
 * @returns a fault where it does not, for that will not pass
 * @throws what may pass
 */
export async function refusalOf(
  { permissions }: Manifest,
  store: FileStore | S3Store | undefined,
): Promise<string | undefined> {
  if (store === undefined || !("check" in store)) return undefined;
  try {
    await store.check();
    return undefined;
  } catch (error) {
    if (!(error instanceof S3Fault) || error.retryable) throw error;
    return `${permissions?.files?.location} is in a store that does not let us in: ${error.message} Remedy: correct it, AWS_ENDPOINT_URL_S3, AWS_REGION, AWS_ACCESS_KEY_ID or AWS_SECRET_ACCESS_KEY.`;
  }
}
