#!/usr/bin/env node
// The package's command `keyrack`. Loads tsx from this checkout, not from the caller's folder, and runs the TypeScript.
import { register } from "tsx/esm/api";

register();
await import("./cli.ts");
