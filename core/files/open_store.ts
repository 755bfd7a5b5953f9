/**
 * Opens the store of a plugin's files, at the place that its manifest and its variables name. The boot checks the same
 * variables.
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

/** Returns the faults of the variables of a plugin's store. */
export function faultsOfStore({ permissions }: Manifest, slice: Slice, env: CoreEnv): readonly string[] {
  const name = permissions?.files?.location;
  const location = name === undefined ? undefined : slice[name];
  if (name === undefined || typeof location !== "string" || !isInS3(location)) return [];
  const reading = readS3Settings(name, location, env);
  return "faults" in reading ? reading.faults : [];
}

/** Opens the store of a plugin. @returns undefined if its manifest asks for none */
export function openStore({ id, permissions }: Manifest, slice: Slice, env: CoreEnv): FileStore | S3Store | undefined {
  if (permissions?.files === undefined) return undefined;
  const name = permissions.files.location;
  const location = name === undefined ? undefined : slice[name];
  if (name === undefined || typeof location !== "string") return folderStore(path.join(env.DATA_DIR, id));
  if (!isInS3(location)) return folderStore(path.resolve(location));
  const reading = readS3Settings(name, location, env);
  return "settings" in reading ? s3Store(reading.settings) : undefined;
}

/**
 * Asks a store on another machine for access.
 * @returns a fault if the store refuses access, because another attempt can't succeed
 * @throws the store's error if another attempt can succeed
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
    return (
      `The store of ${permissions?.files?.location} refuses access: ${error.message} ` +
      "Remedy: correct it, AWS_ENDPOINT_URL_S3, AWS_REGION, AWS_ACCESS_KEY_ID or AWS_SECRET_ACCESS_KEY."
    );
  }
}
