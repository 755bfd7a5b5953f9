/**
 * Files and folders whose texts keep docs/style.md. `prose_test.ts` checks all files at and below these paths.
 * Add a path, in its group, once `npm run -s prose -- <path>` prints nothing.
 */
export const checkedPaths: readonly string[] = [
  // bin, knexfile

  // core

  // embedded, testing
  "testing/rules/dependencies.ts",
  "testing/rules/dependencies_test.ts",
  "testing/rules/page_links.ts",
  "testing/rules/prose.ts",
  "testing/rules/prose_paths.ts",
  "testing/rules/prose_sentences.ts",
  "testing/rules/prose_test.ts",
  "testing/rules/prose_texts.ts",
  "testing/rules/prose_words.ts",
  "testing/rules/settings.ts",
  "testing/rules/settings_test.ts",
  "testing/rules/unused_exports.ts",
  "testing/rules/unused_exports_test.ts",

  // workers

  // plugins/billing
  "plugins/billing/README.md",

  // plugins/identity
  "plugins/identity/README.md",

  // plugins/pms
  "plugins/pms/README.md",

  // plugins/reporting
  "plugins/reporting/README.md",

  // bench, faults, examples
  "examples",

  // pages and configuration
  "AGENTS.md",
  "CHANGELOG.md",
  "CONTRIBUTING.md",
  "README.md",
  "SECURITY.md",
  ".ci/run",
  "Dockerfile",
  "Procfile",
  "docker-compose.yml",
  "nginx.conf",
  "docs/four-services",
  "docs/s3",
  "docs/architecture.md",
  "docs/decisions",
  "docs/deno.md",
  "docs/front-desk.md",
  "docs/glossary.md",
  "docs/plugins.md",
  "docs/production.md",
  "docs/style.md",
];
