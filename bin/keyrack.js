#!/usr/bin/env node
// The package's command `keyrack`: loads what runs TypeScript, from this checkout and not from the folder of the call.
import { register } from "tsx/esm/api";

register();
await import("./cli.ts");
