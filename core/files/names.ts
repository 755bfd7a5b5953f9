/** Checks a file name. @throws Error for a name that could lead out of a store */
export function checkName(name: string): void {
  if (!isFileName(name)) throw new Error(`The file name ${JSON.stringify(name)} is invalid.`);
}

export function isFileName(name: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9._-]{0,200}$/.test(name);
}
